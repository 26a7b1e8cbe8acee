"""The envelope of every record: CloudEvents 1.0 with Kobling's extension attributes.

`revision` counts 1, 2, 3 … per (topic, subject) on state topics, so `(topic, subject, revision)` orders and
dedupes. `causationid` is the id of what caused this record, `correlationid` the first of the chain.
"""

from itertools import combinations
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from shared.contracts.fields import Contract, Instant

CONTENT_TYPE = "application/cloudevents+json"
HEADERS = (("content-type", CONTENT_TYPE.encode()),)
"""What Kobling sends with every event; a dead letter has others, an erasure none."""
TYPE_PREFIX = "no.kobling."
COMMAND_PREFIX = "no.kobling.command."

Attribute = Annotated[str, StringConstraints(min_length=1, max_length=200)]
TraceState = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
"""W3C asks everybody to hand on 512 characters at least."""
TraceParent = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
]


def media_type(text: str) -> str:
    """A content type's type and subtype, in lower case: case and room around `;` mean nothing (RFC 9110)."""
    return text.partition(";")[0].strip(" \t").lower()


def _tidied(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    _, semicolon, parameters = value.partition(";")
    return media_type(value) + semicolon + parameters


class Envelope(Contract):
    """A record's attributes and its still unvalidated `data`.

    `expectedrevision` (commands): refuse when the subject has moved on. `dryrun` (commands): say what would
    happen, change nothing. `tracestate` and `partitionkey` are CloudEvents' documented extensions, accepted
    and not used; of others see EXTENSION.
    """

    specversion: Annotated[str, StringConstraints(pattern=r"^1\.0$")]
    id: Attribute
    source: Attribute
    type: Attribute
    subject: Attribute
    time: Instant
    datacontenttype: Annotated[
        str, StringConstraints(pattern=r"^application/json(;.*)?$"), BeforeValidator(_tidied)
    ] = "application/json"
    dataschema: Attribute | None = None
    revision: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    correlationid: Attribute | None = None
    causationid: Attribute | None = None
    traceparent: TraceParent | None = None
    tracestate: TraceState | None = None
    partitionkey: Attribute | None = None
    expectedrevision: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    dryrun: bool = False
    data: dict[str, Any]


def _in_order(letters: str) -> str:
    return ".*".join(letters)


_DRY_RUN = (
    # Four letters of it in their order, in as many signs as two edits leave; and what begins so, or holds it.
    "(?=.{4,8}$).*(?:"
    + "|".join(dict.fromkeys(_in_order("".join(four)) for four in combinations("dryrun", 4)))
    + ")|dry|.*dry.*run"
)
_EXPECTED_REVISION = r"exp?ect|.*xpec|.*ectedr|.*edrev|(?=.{13,19}$)e.*vision"
"""One edit leaves one of the four parts whole that come first, and two leave these or both ends."""
EXTENSION = rf"^(?!data$|{_DRY_RUN}|{_EXPECTED_REVISION}|.*protect|unaccomp)[a-z0-9]{{1,60}}$"
"""Names of other extensions, which brokers and tracing add on the way: let through and not kept, in what
outside systems send. `data` is none, nor is what may be a misspelt `dryrun` or `expectedrevision`: without
these a command would be carried out that wasn't meant to be. Nor is what says of somebody that they are
protected or a minor, and stands in the wrong place.
"""
TRACING = ("traceparent", "tracestate")
"""W3C Trace Context's: a text of an outside system's that is none is let through and not kept."""
MAY_BE_EMPTY = ("datacontenttype", "dataschema", "correlationid", "causationid", "partitionkey")
"""Attributes that may be absent: an outside system's empty text, as Dapr writes, says as much."""
FOR_COMMANDS = ("dryrun", "expectedrevision")
"""Attributes of commands alone."""


def type_name(name: str, version: int = 1) -> str:
    """`PairCreated`, 1 → `no.kobling.PairCreated.v1`."""
    return f"{TYPE_PREFIX}{name}.v{version}"


def command_type(name: str, version: int = 1) -> str:
    """`RunRound`, 1 → `no.kobling.command.RunRound.v1`."""
    return f"{COMMAND_PREFIX}{name}.v{version}"


def schema_urn(name: str, version: int = 1) -> str:
    """`PairCreated`, 1 → `urn:kobling:schema:PairCreated:1`."""
    return f"urn:kobling:schema:{name}:{version}"
