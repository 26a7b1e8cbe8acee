"""Records as they arrive, before and after parsing."""

import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import orjson

from shared.contracts.envelope import Envelope
from shared.contracts.fields import Contract
from shared.contracts.message import Message
from shared.messaging.reading.outcome import Fault, Outcome
from shared.messaging.tracing.spans import Span
from shared.personal_numbers import id_holds_personal_number, is_chosen_as_personal_number

FETCH_BYTES = 8 * 1024 * 1024
"""What a consumer takes of the broker at once."""
PARTITION_BYTES = 512 * 1024
"""Hundreds of municipalities' topics at aiokafka's 1 MiB each would burst the memory."""

Headers = tuple[tuple[str, bytes | None], ...]
TRACEPARENT = "traceparent"
"""The field of a due row's data that names the span which called for it."""


class KafkaRecord(Protocol):
    """The part of aiokafka's ConsumerRecord that Kobling uses."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    checksum: Any
    """A code where the record could not be had; aiokafka has nothing there since Kafka 0.11."""


class Raw(NamedTuple):
    """A record's bytes and place. `timestamp` is the broker's, in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    fault: str | None = None
    """Why even the bytes could not be had, as a code; key and value are absent then."""

    @classmethod
    def of(cls, record: KafkaRecord) -> "Raw":
        """Takes over a consumer's record."""
        return cls(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp,
            record.key,
            record.value,
            tuple(record.headers),
            record.checksum if isinstance(record.checksum, str) else None,
        )

    @property
    def size(self) -> int:
        """Bytes of key, value and headers, with what each header costs where it is kept sealed."""
        carried = sum(len(name) + len(content or b"") + _HEADER for name, content in self.headers)
        return len(self.key or b"") + len(self.value or b"") + carried

    @property
    def broker_time(self) -> datetime:
        """When the broker appended it."""
        return datetime.fromtimestamp(self.timestamp / 1000, UTC)


@dataclass(frozen=True, slots=True)
class FaultyRecord:
    """Stands in a batch for a record that the client library can't decode."""

    topic: str
    partition: int
    offset: int
    checksum: str
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: Headers = ()


_HEADER = 150
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_FOREIGN_IDS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:kobling:foreign-id")
_PLACES = uuid.uuid5(uuid.NAMESPACE_URL, "urn:kobling:place")


def ids_of(foreign: str, raw: Raw) -> tuple[str, str]:
    """An outside system's id as it is stored, and as it may be passed on (`public_id`).

    Stored it is the same for the same: itself if it is a UUID that nobody made of a personal number, else one
    made from it. That must not leave: a name or number that was the id could be found by trying.
    """
    if _UUID.fullmatch(foreign) and not id_holds_personal_number(foreign):
        return foreign, foreign
    return _inner_id(foreign), _id_of_place(raw)


def _inner_id(foreign: str) -> str:
    if _UUID.fullmatch(foreign) and not is_chosen_as_personal_number(foreign):
        return foreign
    return str(uuid.uuid5(_FOREIGN_IDS, foreign))


def public_id(foreign: str, raw: Raw) -> str:
    """An outside system's id as it may be passed on: itself if it is a UUID and seems to hold no personal
    number, else one made from the place of the record, so that nothing leads back to what some put into ids,
    such as names and case numbers.
    """
    if _UUID.fullmatch(foreign) and not id_holds_personal_number(foreign):
        return foreign
    return _id_of_place(raw)


def _id_of_place(raw: Raw) -> str:
    return str(uuid.uuid5(_PLACES, f"{raw.topic}/{raw.partition}/{raw.offset}/{raw.timestamp}"))


def shown_id(foreign: str, raw: Raw) -> tuple[str, tuple[int, int] | None]:
    """A command's id as replies repeat it: as its operator chose it, who knows the reply by it. Where that is
    a personal number it is one made from the record's place, and its partition and offset stand beside it.
    """
    if is_chosen_as_personal_number(foreign):
        return _id_of_place(raw), (raw.partition, raw.offset)
    return foreign, None


def public_trace(traceparent: str | None) -> str | None:
    """An outside system's `traceparent` as it may be passed on: not at all where it seems to hold a personal
    number. The trace begins anew then, as W3C's Trace Context allows.
    """
    return None if traceparent is None or id_holds_personal_number(traceparent) else traceparent


_MACHINE_MADE = re.compile(
    r"(urn:uuid:)?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
    # A ULID, and a hexadecimal number of 128 bits or more; with a digit and a letter, a word has not both.
    r"|(?=[A-Z]*[0-9])[0-7][0-9A-HJKMNP-TV-Z]{25}|(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{32,64}"
    # Too short for a date of birth.
    r"|[0-9]{1,5}",
    re.ASCII,
)


def repeatable_id(foreign: object) -> str | None:
    """An outside system's id where its sender may be told it again: one that a machine made, or a short
    number. None for all others: some put names, case numbers and personal numbers into ids.
    """
    if not isinstance(foreign, str) or not _MACHINE_MADE.fullmatch(foreign):
        return None
    return None if id_holds_personal_number(foreign) else foreign


class Cause(NamedTuple):
    """What brought something about: its id, the first id of its chain, and the trace it belongs to.

    `recorded`: the trace is recorded here, and `traceparent` names a span of this service's own.
    """

    id: str
    correlation: str
    traceparent: str | None = None
    recorded: bool = False

    def traced_as(self, other: "Cause") -> "Cause":
        """The same, in another's place in its trace."""
        return self._replace(traceparent=other.traceparent, recorded=other.recorded)

    @property
    def kept(self) -> str | None:
        """What may be stored of the trace, for what comes later: nothing where it is passed on alone."""
        return self.traceparent if self.recorded else None

    @property
    def for_later(self) -> dict[str, str]:
        """What a due row's data holds of the trace."""
        return {} if (kept := self.kept) is None else {TRACEPARENT: kept}


class Received(NamedTuple):
    """A record that parsed. `owner` is the municipality or operator whose topic it came on, `inbox_id` its
    topic and event id, as the inbox knows it, `cause` this record as the cause of others, `span` what is
    recorded of its handling, if anything is.
    """

    raw: Raw
    key: str
    owner: str | None
    message: Message
    envelope: Envelope
    data: Contract
    inbox_id: str
    cause: Cause
    span: Span | None = None

    @property
    def fingerprint(self) -> bytes:
        """Tells apart two payloads under one id."""
        envelope = self.envelope
        statement: list[Any] = [envelope.type, envelope.subject, envelope.time, envelope.data]
        if envelope.dryrun or envelope.expectedrevision is not None:
            # The same command, asked for in another way.
            statement += [envelope.dryrun, envelope.expectedrevision]
        return hashlib.blake2b(orjson.dumps(statement, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Erased:
    """A null value on a state topic: the subject was erased."""

    raw: Raw
    key: str

    @property
    def cause(self) -> Cause:
        """This record as the cause of others: named by its place, since it carries no id."""
        place = f"{self.raw.topic}/{self.raw.partition}/{self.raw.offset}"
        return Cause(place, place)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that did not parse. What could be read of it all the same is here, unchecked."""

    raw: Raw
    code: str
    field: str | None = None
    owner: str | None = None
    envelope: dict[str, Any] | None = None
    faults: tuple[Fault, ...] = ()
    """All that is wrong, as far as it was found: `code` and `field` are the first's."""
    span: Span | None = None

    @property
    def cause(self) -> Cause:
        """This record as the cause of its receipt: named after its place, since its id may be anything. It
        looks like any other, so that nobody reads from it that the record was refused.
        """
        made = _id_of_place(self.raw)
        return Cause(made, made)


@dataclass(frozen=True, slots=True)
class Tick:
    """A writer's daily tick, which lets idle partitions compact: nothing to do, nothing to count."""

    raw: Raw


Parsed = Received | Erased | Unreadable | Tick
Readable = Received | Erased


class Handled(NamedTuple):
    """A record and what became of it."""

    record: Received | Erased | Unreadable
    outcome: Outcome
