"""What one transaction does besides the service's own writes: records to send, rows to run later, replies.

Everything goes in with the transaction or not at all. The body of a transaction may run several times, so a
`Work` belongs to one run of it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from pymongo import DeleteOne, ReplaceOne

from shared.contracts.envelope import HEADERS
from shared.contracts.fields import Contract, format_instant
from shared.contracts.message import Message
from shared.contracts.topics import Topic
from shared.ids import new_event_id
from shared.messaging.reading.records import TRACEPARENT, Cause
from shared.messaging.refused import Refusal
from shared.messaging.sending.outbox import Headers, Row, bundled, slot_of
from shared.messaging.tracing.spans import Attributes, Span, Tracer, same_trace
from shared.mongo import Database, Document, Session

KEPT = timedelta(days=90)
"""How long it is remembered what was done: ids of records, replies, and that somebody was erased."""
HEADROOM = 2048
"""Bytes kept free under a topic's message limit for headers and the record's own frame."""


class OutgoingTooLarge(ValueError):
    """A record to send is over its topic's limit: sent, it would block its partition's producer."""


# Nearly all records have the same.
@lru_cache(maxsize=64)
def _size_of(headers: Headers) -> int:
    return sum(len(name) + len(content) for name, content in headers)


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970."""
    return int(moment.timestamp() * 1_000_000)


class Revision(NamedTuple):
    """A subject's place in its topic: the revision last published and the `order` of its outbox row.

    `order` (microseconds) never falls, whatever a replica's clock says, so the relay can't send revision 6
    before 5.
    """

    number: int = 0
    order: int = 0

    def next(self, now: datetime) -> "Revision":
        """The place of the next record."""
        return Revision(self.number + 1, max(microseconds(now), self.order + 1))


@dataclass(frozen=True, slots=True)
class DueRow:
    """Something to do at or after `due_at`. Scheduling the same `id` again replaces the row."""

    id: str
    kind: str
    due_at: datetime
    subject: str
    expected_revision: int | None = None
    data: dict[str, Any] = field(default_factory=dict)

    def document(self) -> Document:
        """The row as it is stored, unclaimed."""
        return {
            "_id": self.id,
            "kind": self.kind,
            "due_at": self.due_at,
            "subject": self.subject,
            "expected_revision": self.expected_revision,
            "data": self.data,
        }

    @classmethod
    def of(cls, document: Document) -> "DueRow":
        """The row that a document holds."""
        return cls(
            document["_id"],
            document["kind"],
            document["due_at"],
            document["subject"],
            document["expected_revision"],
            document["data"],
        )

    @property
    def cause(self) -> Cause:
        """The cause of what it brings about: this row, or, where its id holds an outside system's, the record
        that `data.cause` names; `data.correlation` carries the chain on where there is one, and
        `data.traceparent` the trace, which is there only if it is recorded.
        """
        data, id_ = self.data, self.id
        trace = data.get(TRACEPARENT)
        return Cause(data.get("cause", id_), data.get("correlation", id_), trace, trace is not None)


@dataclass(slots=True)
class Work:
    """Collects what a transaction sends and schedules; `flush` writes it in few round trips."""

    session: Session
    database: Database
    service: str
    prefix: str
    now: datetime
    tracer: Tracer | None = None
    rejected: list[Refusal] = field(default_factory=list, init=False)
    """Commands that were read and rejected, for logs and metrics."""
    spans: list[Span] = field(default_factory=list, init=False)
    """To be ended once this is committed."""
    _time: str = field(init=False)
    _order: int = field(init=False)
    _names: dict[tuple[str, str], str] = field(default_factory=dict, init=False)
    _outbox: list[Row] = field(default_factory=list, init=False)
    _due: dict[str, DueRow | None] = field(default_factory=dict, init=False)
    _replies: dict[str, Document] = field(default_factory=dict, init=False)
    _gathered: dict["Together", list[Any]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._time, self._order = format_instant(self.now), microseconds(self.now)

    def emit(
        self,
        message: Message,
        *,
        subject: str,
        data: Contract | Mapping[str, Any],
        cause: Cause,
        owner: str = "",
        key: str | None = None,
        revision: Revision | None = None,
    ) -> None:
        """Sends a record of a message of the catalogue; `owner` picks the topic of a family.

        `data` is its contract, or, on hot paths, the JSON that the contract would give.

        The key is the subject unless `key` says otherwise (`""` is none). Without a `revision` the record
        has none and keeps no order with others. Raises OutgoingTooLarge.
        """
        self.send(
            message.topic,
            owner=owner,
            key=(subject if key is None else key).encode() or None,
            value=orjson.dumps(self._envelope(message, subject, data, cause, revision)),
            headers=HEADERS,
            order=revision.order if revision is not None else None,
        )

    def _envelope(
        self,
        message: Message,
        subject: str,
        data: Contract | Mapping[str, Any],
        cause: Cause,
        revision: Revision | None,
    ) -> dict[str, Any]:
        envelope: dict[str, Any] = {
            "specversion": "1.0",
            "id": new_event_id(),
            "source": f"/kobling/{self.service}",
            "type": message.type,
            "subject": subject,
            "time": self._time,
            "datacontenttype": "application/json",
            "dataschema": message.dataschema,
        }
        if revision is not None:
            envelope["revision"] = revision.number
        envelope["correlationid"] = cause.correlation
        envelope["causationid"] = cause.id
        if cause.traceparent is not None:
            envelope["traceparent"] = cause.traceparent
        envelope["data"] = (
            data.model_dump(mode="json", by_alias=True, exclude_none=True)
            if isinstance(data, Contract)
            else data
        )
        return envelope

    def erase(self, topic: Topic, subject: str, revision: Revision) -> None:
        """Sends a null value: compaction then forgets the subject."""
        self.send(topic, key=subject.encode(), value=None, headers=(), order=revision.order)

    def send(
        self,
        topic: Topic,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        owner: str = "",
        order: int | None = None,
    ) -> None:
        """Puts a finished record into the outbox. Raises OutgoingTooLarge."""
        if key is None and value is None:
            raise ValueError("a record needs a key or a value: aiokafka refuses one with neither")
        size = len(value or b"") + len(key or b"") + _size_of(headers)
        if size > topic.max_message_bytes - HEADROOM:
            raise OutgoingTooLarge(f"a record for {topic.name} has {size} bytes")
        name = self._named(topic, owner)
        place = self._order if order is None else order
        self._outbox.append(Row(name, key, value, headers, place, slot_of(topic, name, key)))

    def _named(self, topic: Topic, owner: str) -> str:
        place = topic.name, owner
        name = self._names.get(place)
        if name is None:
            name = topic.named(owner, self.prefix) if topic.is_family else self.prefix + topic.name
            self._names[place] = name
        return name

    def schedule(self, row: DueRow) -> None:
        """Runs a row later; replaces one with the same id."""
        self._due[row.id] = row

    def cancel(self, row_id: str) -> None:
        """Takes a scheduled row back, if it is there."""
        self._due[row_id] = None

    def remember_reply(self, document: Document) -> None:
        """Keeps a command's latest reply, so that the same command again gets the same answer."""
        self._replies[document["_id"]] = document

    def gather(self, item: Any, together: "Together") -> None:
        """Keeps an item for `together`, which gets all of them once, in order, before anything is written: so
        that what each of them asks of the database is one query.
        """
        self._gathered.setdefault(together, []).append(item)

    def follow(self, trace: str | None, name: str, cause: Cause) -> Cause:
        """The cause of what goes on in a stored trace, by a span there that is linked to the cause's own. The
        cause itself where that is recorded in the trace already, or nothing is.
        """
        if trace is None or (cause.kept is not None and same_trace(trace, cause.kept)):
            return cause
        span = self.span(trace, name, {}, links=() if cause.kept is None else (cause.kept,))
        return cause if span is None else cause._replace(traceparent=span.traceparent, recorded=True)

    def span(self, parent: str, name: str, attributes: Attributes, links: Sequence[str] = ()) -> Span | None:
        """Records something that this transaction does, if it is committed."""
        if self.tracer is None:
            return None
        span = self.tracer.begin(name, parent, attributes, links=links)
        if span is not None:
            self.spans.append(span)
        return span

    @property
    def sends(self) -> bool:
        """Whether there is anything for the relay."""
        return bool(self._outbox)

    @property
    def falls_due(self) -> bool:
        """Whether a row was scheduled whose time has come already."""
        return any(row is not None and row.due_at <= self.now for row in self._due.values())

    async def flush(self) -> None:
        """Does what is done with gathered items; writes outbox, due rows and replies in this transaction."""
        for together, items in self._gathered.items():
            await together(items, self)
        self._gathered.clear()
        if self._outbox:
            await self.database["outbox"].insert_many(
                bundled(self._outbox), ordered=False, session=self.session
            )
        if self._due:
            await self.database["due"].bulk_write(
                [
                    DeleteOne({"_id": row_id})
                    if row is None
                    else ReplaceOne({"_id": row_id}, row.document(), upsert=True)
                    for row_id, row in self._due.items()
                ],
                ordered=False,
                session=self.session,
            )
        if self._replies:
            await self.database["replies"].bulk_write(
                [ReplaceOne({"_id": id_}, document, upsert=True) for id_, document in self._replies.items()],
                ordered=False,
                session=self.session,
            )


Together = Callable[[Sequence[Any], Work], Awaitable[None]]
"""Does something with all items that one transaction has gathered for it; it gathers no more."""
