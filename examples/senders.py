"""What senders' libraries make of one settlement, and what becomes of it: rows of docs/compatibility.md.

A row is made as its library makes it; tests read every row as it would come from a broker.
Long because it holds all rows of one table.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.contracts.catalogue import BY_NAME
from shared.contracts.example_record import record

Headers = tuple[tuple[str, bytes | None], ...]

EVENT: Final = record(BY_NAME["PersonSettled"])
KEY = str(EVENT["subject"]).encode()
STRUCTURED: Headers = (("content-type", b"application/cloudevents+json"),)
JSON: Headers = (("content-type", b"application/json"),)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass(frozen=True, slots=True)
class Case:
    """One record of one library's.

    `refused` is the code with which it is refused, and `helps` what to do then; where it is taken, `dropped`
    are the attributes that are let through and not kept. `headers` are shown, but for attributes' own.
    """

    library: str
    sends: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    dropped: tuple[str, ...] = ()
    refused: str | None = None
    helps: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """What differs between libraries, and stands in no record; `codec` is how a batch is compressed."""

    whose: str
    differs: str
    becomes: str
    codec: str | None = None


def structured(library: str, sends: str, added: Mapping[str, Any] | None = None, **others: Any) -> Case:
    """All of the event in the value; `added` are attributes beside or in place of its own."""
    made = {"key": KEY, "headers": STRUCTURED, "value": text({**EVENT, **(added or {})})}
    return Case(library, sends, **{**made, **others})


def binary(library: str, sends: str, added: Headers = (), *, plain: Headers = JSON, **others: Any) -> Case:
    """Attributes in headers, data in the value; `added` are headers beside its own."""
    own = tuple((f"ce_{name}", str(value).encode()) for name, value in ATTRIBUTES.items())
    made = {"key": KEY, "headers": (*own, *plain, *added), "value": text(EVENT["data"])}
    return Case(library, sends, **{**made, **others})


def text(value: Any) -> bytes:
    """JSON with letters as they are."""
    return json.dumps(value, ensure_ascii=False).encode()


def data(**changed: Any) -> dict[str, Any]:
    """The event's data with fields changed, as an attribute to add."""
    return {"data": {**EVENT["data"], **changed}}


ATTRIBUTES = {name: value for name, value in EVENT.items() if name not in {"data", "datacontenttype"}}
_PERSON = EVENT["data"]["person"]
_DAPR = {"topic": "settlements.no-4601.v1", "pubsubname": "kafka-pubsub", "traceid": TRACE}
_DAPR_DROPS = ("topic", "pubsubname", "traceid")
_SPRING = (("__TypeId__", b"java.util.LinkedHashMap"), ("traceparent", TRACE.encode()))

CASES: tuple[Case, ...] = (
    structured("any", "structured mode"),
    binary("any", "binary mode"),
    structured("any", "structured mode, no header at all", headers=()),
    structured("any", "structured mode under the data's own media type", headers=JSON),
    structured(
        "any",
        "`Content-Type` in capitals, with a charset",
        headers=(("Content-Type", b"Application/CloudEvents+JSON; charset=UTF-8"),),
    ),
    structured("any", "a byte order mark before the JSON", value=b"\xef\xbb\xbf" + text(EVENT)),
    structured("any", "letters escaped, as `\\u00c6`", value=json.dumps(EVENT | {"source": "/Æ"}).encode()),
    structured("any", "attributes that are null", {"dataschema": None, "correlationid": None}),
    structured(
        "any",
        "a whole number as `2.0`",
        data(household={**EVENT["data"]["household"], "adults": float(EVENT["data"]["household"]["adults"])}),
    ),
    structured(
        "any",
        "text in Latin-1 or Windows-1252",
        value=text(data(person={**_PERSON, "given_name": "Åse"})).decode().encode("latin-1"),
        refused="not_utf8",
        helps="send UTF-8",
    ),
    structured("any", "several events in a list", value=text([EVENT]), refused="batch_not_read"),
    binary(
        "any",
        "the same header twice, alike",
        (("content-type", b"application/json;charset=utf-8"),),
        plain=(("content-type", b"application/json; charset=UTF-8"),),
    ),
    binary("any", "the same header twice, not alike", (("ce_id", b"2"),), refused="duplicate_header"),
    structured("any", "no key", key=None, refused="key_missing", helps="set it to `subject`"),
    structured("any", "an empty key", key=b"", refused="key_mismatch", helps="set it to `subject`"),
    structured("any", "no value (a tombstone)", value=None, refused="null_value"),
    structured("any", "an empty value", value=b"", refused="empty_value"),
    structured("kcat", "one line through `-P -k`, and `-H` for the header"),
    structured("kcat", "`-Z`, which makes no value of an empty line", value=None, refused="null_value"),
    structured(
        "kcat",
        "an event over several lines, of which each becomes a record",
        value=b"{",
        refused="not_json",
        helps="one line for each event, as `jq -c` writes it",
    ),
    structured(
        "confluent-kafka, Confluent.Kafka",
        "the JSON Schema serializer, which puts five bytes before the JSON",
        value=b"\x00\x00\x00\x00\x07" + text(EVENT),
        refused="not_json",
        helps="send the JSON without a registry's serializer",
    ),
    structured(
        "confluent-kafka, Confluent.Kafka",
        "the JSON Schema serializer with the schema's id in a header",
        headers=(*STRUCTURED, ("__value_schema_id", b"\x01" + bytes(16))),
    ),
    structured(
        "Java client",
        "`JsonSerializer` for the key, which puts quotes around it",
        key=b'"' + KEY + b'"',
        refused="key_mismatch",
        helps="`StringSerializer` for the key",
    ),
    structured(
        "Java client",
        "Jackson's numbers for days",
        data(settled_on=[2026, 11, 1]),
        refused="date_invalid",
        helps="turn `WRITE_DATES_AS_TIMESTAMPS` off",
    ),
    binary(
        "kafkajs", "headers as buffers, some of them null", (("ce_dataschema", None), ("ce_schemaurl", None))
    ),
    structured("kafkajs", "`value: null`", value=None, refused="null_value"),
    binary(
        "CloudEvents SDK for Python", "binary mode, `partitionkey` as the key", (("ce_partitionkey", KEY),)
    ),
    structured(
        "CloudEvents SDK for Python",
        "structured mode, `partitionkey` as the key",
        {"partitionkey": KEY.decode()},
    ),
    binary(
        "CloudEvents SDK for Python",
        "another extension, written as Python spells it",
        (("ce_sampled", b"True"),),
        dropped=("sampled",),
    ),
    structured("CloudEvents SDK for Go", "nanoseconds in `time`", {"time": "2026-11-22T09:00:00.000000000Z"}),
    structured(
        "CloudEvents SDK for Go",
        "`SetData` with bytes, which become Base64",
        value=text(
            {name: value for name, value in EVENT.items() if name != "data"}
            | {"data_base64": b64encode(text(EVENT["data"])).decode()}
        ),
        refused="base64_not_read",
        helps="give `SetData` the structure",
    ),
    binary(
        "CloudEvents SDK for Go",
        "no `partitionkey`, and so no key",
        key=None,
        refused="key_missing",
        helps="set `partitionkey` to `subject`",
    ),
    binary(
        "CloudEvents SDK for JavaScript",
        "binary mode: the media type in two headers, what is undefined as null",
        (("ce_datacontenttype", b"application/json"), ("ce_dataschema", None), ("ce_partitionkey", KEY)),
    ),
    structured(
        "CloudEvents SDK for JavaScript", "milliseconds in `time`", {"time": "2026-11-22T09:00:00.000Z"}
    ),
    binary("CloudEvents SDK for Java", "binary mode", (("ce_partitionkey", KEY),)),
    structured(
        "CloudEvents SDK for Java",
        "the Protobuf format",
        value=b"\n\x0ftest\x12\x03abc\x1a\x031.0",
        headers=(("content-type", b"application/cloudevents+protobuf"),),
        refused="not_json",
        helps="`JsonFormat`, or binary mode",
    ),
    structured(
        "CloudNative.CloudEvents (.NET)",
        "structured mode, with attributes in headers too",
        {"time": "2026-11-22T09:00:00.0000000Z"},
        headers=(("ce_specversion", b"1.0"), ("ce_id", b"1"), *STRUCTURED),
    ),
    binary("CloudNative.CloudEvents (.NET)", "binary mode"),
    structured(
        "CloudNative.CloudEvents (.NET)",
        "`DateTime` for a day",
        data(settled_on="2026-11-01T00:00:00"),
        refused="date_invalid",
        helps="`DateOnly`",
    ),
    structured(
        "CloudNative.CloudEvents (.NET)",
        "a `DateTime` of no kind for `time`",
        {"time": "2026-11-22T09:00:00"},
        refused="time_without_zone",
        helps="`DateTimeOffset`, or `DateTimeKind.Utc`",
    ),
    structured("Spring Kafka", "type and trace headers", headers=(*STRUCTURED, *_SPRING)),
    binary(
        "Spring Cloud Stream",
        "attributes as text",
        (
            ("contentType", b'"application/json"'),
            ("spring_json_header_types", b"{}"),
            ("target-protocol", b"kafka"),
        ),
    ),
    binary(
        "Spring Cloud Stream",
        "`CloudEventMessageBuilder`, whose `URI` and `OffsetDateTime` become JSON",
        headers=(
            *((f"ce_{name}", str(value).encode()) for name, value in ATTRIBUTES.items() if name != "source"),
            ("ce_source", b'"/municipalities/no-4601/case-system"'),
            ("spring_json_header_types", b'{"ce_source":"java.net.URI"}'),
        ),
        refused="header_quoted",
        helps="set these headers as `String`",
    ),
    binary(
        "Spring Cloud Stream",
        "attributes for HTTP",
        headers=(*((f"ce-{name}", str(value).encode()) for name, value in ATTRIBUTES.items()), *JSON),
        refused="header_of_http",
        helps="`build(KAFKA_ATTR_PREFIX)`",
    ),
    binary(
        "Knative",
        "Kafka broker or sink, binary mode, `partitionkey` as the key",
        (("ce_partitionkey", KEY), ("ce_knativearrivaltime", b"2026-11-22T09:00:01Z")),
        dropped=("knativearrivaltime",),
    ),
    binary(
        "Knative",
        "an event that came out of Kafka before",
        (
            ("ce_knativekafkapartition", b"0"),
            ("ce_knativekafkaoffset", b"42"),
            ("ce_knativehistory", b"a; b"),
        ),
        dropped=("knativekafkapartition", "knativekafkaoffset", "knativehistory"),
    ),
    structured(
        "Knative",
        "structured mode, the same as numbers",
        {"knativekafkapartition": 0, "knativekafkaoffset": 42},
        dropped=("knativekafkapartition", "knativekafkaoffset"),
    ),
    structured(
        "Dapr",
        "an event of the sender's, `partitionKey` as the key",
        {**_DAPR, "traceparent": TRACE, "tracestate": "vendor=1"},
        headers=(("partitionKey", KEY),),
        dropped=_DAPR_DROPS,
    ),
    structured(
        "Dapr",
        "the same with tracing off: empty texts",
        {**_DAPR, "traceid": "", "traceparent": "", "tracestate": "", "correlationid": ""},
        headers=(("partitionKey", KEY),),
        dropped=(*_DAPR_DROPS, "traceparent", "tracestate"),
    ),
    structured(
        "Dapr",
        "data that Dapr wraps itself, under its own `type`",
        {**_DAPR, "type": "com.dapr.event.sent"},
        headers=(("partitionKey", KEY),),
        refused="unknown_type",
        helps="publish the whole event as `application/cloudevents+json`",
    ),
    structured(
        "OpenTelemetry, Micrometer, Brave",
        "a trace in headers of its own",
        headers=(*STRUCTURED, ("traceparent", TRACE.encode()), ("b3", b"0"), ("baggage", b"a=b")),
    ),
    structured(
        "OpenTelemetry, Micrometer, Brave",
        "a `traceparent` that can't be read",
        {"traceparent": "ff-zz"},
        dropped=("traceparent",),
    ),
    structured(
        "Kafka Connect",
        "`JsonConverter` with schemas",
        value=text({"schema": None, "payload": EVENT}),
        refused="field_missing",
        helps="set `schemas.enable` to false",
    ),
)

PARTITIONERS = Setting(
    "librdkafka (CRC32), the Java client, kafkajs (murmur2), sarama (FNV-1a)",
    "the partition of a key",
    "nothing: topics that outside systems write have one partition",
)
TIMESTAMPS = Setting(
    "kafkajs, the CloudEvents SDK for JavaScript (`time`), the Java client",
    "the record's timestamp",
    "the broker puts its own in its place: topics have `message.timestamp.type=LogAppendTime`",
)
SETTINGS: tuple[Setting, ...] = (
    Setting("all, unless it is set", "no compression", "taken"),
    Setting("all, where it is set", "`gzip`", "taken", "gzip"),
    Setting("the Java client", "`snappy`, in frames", "taken", "snappy"),
    Setting("librdkafka, sarama", "`snappy`, one bare block", "taken", "snappy, bare"),
    Setting("all, where it is set", "`lz4`", "taken", "lz4"),
    Setting("all, where it is set", "`zstd`", "taken", "zstd"),
    PARTITIONERS,
    TIMESTAMPS,
)
