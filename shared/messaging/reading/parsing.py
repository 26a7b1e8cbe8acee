"""From bytes to a validated record, outside any transaction: a bad record is data, not an exception."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from pydantic import ValidationError, create_model

from shared.clock import FUTURE_TOLERANCE
from shared.contracts.catalogue import BY_TYPE, MESSAGES
from shared.contracts.envelope import FOR_COMMANDS, HEADERS, Envelope
from shared.contracts.faults import MOST_FAULTS, Where
from shared.contracts.fields import Contract, parse_instant
from shared.contracts.message import Message
from shared.contracts.topics import COMMANDS, MUNICIPALITY, Topic
from shared.messaging.reading.faults import Refused, faults_of, with_types
from shared.messaging.reading.mending import mended
from shared.messaging.reading.modes import document_of
from shared.messaging.reading.outcome import Fault
from shared.messaging.reading.records import (
    Cause,
    Erased,
    Parsed,
    Raw,
    Received,
    Tick,
    Unreadable,
    ids_of,
    public_id,
    public_trace,
)
from shared.messaging.reading.strict_json import MAX_BYTES, MAX_KEYS, MAX_KEYS_OF_COMMANDS

M = TypeVar("M", bound=Contract)

_VERSIONED = re.compile(r"(?P<stem>no\.kobling\.(?:command\.)?[A-Za-z]+)\.v(?P<version>\d{1,4})", re.ASCII)
_PLACE = re.compile(r"(?:^|[/:])(no-\d{4}|dk-\d{3})(?=$|[/:])", re.ASCII)
"""A municipality in a `source`: country and official number. Others may be names of hosts."""


class Parser:
    """Parses the records of one topic or family of topics.

    A `reader` has the fields that are needed of a topic's states. What else a state holds may be as it will:
    it is neither looked at nor a reason to refuse it.
    """

    def __init__(self, topic: Topic, prefix: str = "", reader: type[Contract] | None = None) -> None:
        self._topic = topic
        self._prefix = prefix
        self._types = {message.type: message for message in MESSAGES if message.topic == topic}
        self._inbound = any(message.inbound for message in self._types.values())
        self._stems = {name.rpartition(".v")[0] for name in BY_TYPE}
        self._most_keys = MAX_KEYS_OF_COMMANDS if topic in COMMANDS.values() else MAX_KEYS
        self._owners: dict[str, str | None] = {}
        self._of_state = next(iter(self._types.values())) if topic.state else None
        self._reader = reader
        self._whole = None if reader is None else create_model("Read", __base__=Envelope, data=(reader, ...))

    def parse(self, raw: Raw) -> Parsed:
        """What the record says, or why it can't be read."""
        if raw.key is not None and raw.key.startswith(b"_") and self._topic.cleanup == "compact":
            return Tick(raw)
        if (read := self._read(raw)) is not None:
            return read
        owner = self._owner(raw.topic) if self._topic.is_family else None
        fault = "municipality_unknown" if owner is None and self._topic.is_family else raw.fault
        if fault is not None:
            return Unreadable(raw, fault, None, owner)
        document: dict[str, Any] | None = None
        try:
            if raw.value is None:
                return self._erased(raw)
            document = document_of(raw, raw.value, self._most_keys)
            return self._received(raw, owner, document)
        except (Refused, ValidationError) as refused:
            return self._unreadable(raw, owner, document, refused)

    def _read(self, raw: Raw) -> Received | None:
        """A state as Kobling sends it, from its bytes in one step; None for all that must be looked into."""
        if self._whole is None or raw.value is None or raw.headers != HEADERS or raw.fault is not None:
            return None
        if len(raw.value) > MAX_BYTES:
            return None
        try:
            envelope = self._whole.model_validate_json(raw.value, extra="ignore")
        except ValidationError:
            return None
        message = self._types.get(envelope.type)
        if message is None or not self._is_state(message) or raw.key != envelope.subject.encode():
            return None
        data: Any = envelope.data
        return Received(
            raw, envelope.subject, None, message, envelope, data, *_origin(raw, envelope, inbound=False)
        )

    def _owner(self, topic: str) -> str | None:
        """Whose topic it is; None where there can be no such municipality."""
        if topic not in self._owners:
            owner = self._topic.owner(topic, self._prefix)
            is_none = self._topic.is_municipal and MUNICIPALITY.fullmatch(owner) is None
            self._owners[topic] = None if is_none else owner
        return self._owners[topic]

    def _is_state(self, message: Message) -> bool:
        return self._of_state is not None and message.model is self._of_state.model

    def _erased(self, raw: Raw) -> Erased:
        if self._topic.cleanup != "compact":
            raise Refused("null_value")
        return Erased(raw, _key(raw))

    def _received(self, raw: Raw, owner: str | None, document: dict[str, Any]) -> Received:
        envelope = self._valid(Envelope, document, strictly=self._inbound)
        key = _key(raw)
        if key != envelope.subject:
            raise Refused("key_mismatch", "subject", "envelope")
        message = self._message(envelope.type)
        _no_attribute_of_commands(message, document)
        data = self._valid(self._model(message), envelope.data, strictly=message.inbound)
        # A replica of Kobling's own whose clock is ahead writes states that must not be lost.
        if message.inbound and envelope.time - raw.broker_time > FUTURE_TOLERANCE:
            raise Refused("time_in_future", "time", "envelope")
        if owner is not None and self._names_another(owner, envelope.source):
            raise Refused("municipality_mismatch", "source", "envelope")
        inbox_id, cause = _origin(raw, envelope, inbound=message.inbound)
        return Received(raw, key, owner, message, envelope, data, inbox_id, cause)

    def _model(self, message: Message) -> type[Contract]:
        return self._reader if self._reader is not None and self._is_state(message) else message.model

    def _names_another(self, owner: str, source: str) -> bool:
        return self._topic.is_municipal and _place(source) not in {None, owner}

    @staticmethod
    def _valid(model: type[M], value: dict[str, Any], *, strictly: bool) -> M:
        """The value as its model has it; what comes from outside is mended where it would be refused."""
        if not strictly:
            return model.model_validate(value, extra="ignore")
        try:
            return model.model_validate(value, extra="forbid")
        except ValidationError as error:
            again = mended(value, error, is_envelope=model is Envelope)
        return model.model_validate(again, extra="forbid")

    def _unreadable(
        self, raw: Raw, owner: str | None, document: dict[str, Any] | None, first: Refused | ValidationError
    ) -> Unreadable:
        found = () if document is None else tuple(islice(self._faults(raw, owner, document), MOST_FAULTS))
        if not found:
            if not isinstance(first, Refused):
                raise first
            found = (first.fault,)
        return Unreadable(raw, found[0].code, found[0].field, owner, document, found)

    def _faults(self, raw: Raw, owner: str | None, document: dict[str, Any]) -> Iterator[Fault]:
        """All that `_received` would refuse, one thing after the other, in its order."""
        yield from self._invalid(Envelope, document, "envelope", strictly=self._inbound)
        text = {name: value for name, value in document.items() if isinstance(value, str)}
        try:
            if _key(raw) != text.get("subject", _key(raw)):
                yield Fault("key_mismatch", "subject", "envelope")
        except Refused as refused:
            yield refused.fault
        message = None
        try:
            if "type" in text:
                message = self._message(text["type"])
                _no_attribute_of_commands(message, document)
        except Refused as refused:
            yield with_types(refused.fault, text["type"], self._topic, self._types)
        if message is not None and isinstance(data := document.get("data"), dict):
            yield from self._invalid(self._model(message), data, "data", strictly=message.inbound)
        if self._inbound and _lies_ahead(raw, text.get("time")):
            yield Fault("time_in_future", "time", "envelope")
        if owner is not None and self._names_another(owner, text.get("source", "")):
            yield Fault("municipality_mismatch", "source", "envelope")

    def _invalid(
        self, model: type[Contract], value: dict[str, Any], where: Where, *, strictly: bool
    ) -> Iterator[Fault]:
        try:
            self._valid(model, value, strictly=strictly)
        except ValidationError as error:
            yield from faults_of(error, model, where)

    def _message(self, type_: str) -> Message:
        known = self._types.get(type_)
        if known is not None:
            return known
        versioned = _VERSIONED.fullmatch(type_)
        if versioned is None:
            raise Refused("unknown_type", "type", "envelope")
        # A state record carries the whole state whatever it is called, so a newer writer's name is no reason
        # to lose it.
        if self._of_state is not None and versioned["version"] == "1":
            return self._of_state
        if versioned["stem"] in self._stems and type_ not in BY_TYPE:
            raise Refused("unknown_version", "type", "envelope")
        raise Refused("unknown_type", "type", "envelope")


# Each municipality's records name a source or a few.
@lru_cache(maxsize=4096)
def _place(source: str) -> str | None:
    """The municipality that a source names."""
    named = _PLACE.search(source)
    return None if named is None else named[1]


def _no_attribute_of_commands(message: Message, document: dict[str, Any]) -> None:
    """Refuses to do what was asked for as a trial, or on a condition, where only commands can be."""
    if message.inbound and not message.command:
        for name in FOR_COMMANDS:
            if document.get(name) is not None:
                raise Refused("unknown_field", name, "envelope")


def _lies_ahead(raw: Raw, time: str | None) -> bool:
    try:
        return time is not None and parse_instant(time) - raw.broker_time > FUTURE_TOLERANCE
    except ValueError:
        return False


def _origin(raw: Raw, envelope: Envelope, *, inbound: bool) -> tuple[str, Cause]:
    """The record's id as it is stored, and the record as the cause of others, as it may be passed on."""
    id_, chain = envelope.id, envelope.correlationid
    if not inbound:
        return f"{raw.topic} {id_}", Cause(id_, chain or id_, envelope.traceparent)
    inner, public = ids_of(id_, raw)
    chain_shown = public if chain is None else public_id(chain, raw)
    cause = Cause(public, chain_shown, public_trace(envelope.traceparent))
    return f"{raw.topic} {inner}", cause


def _key(raw: Raw) -> str:
    if raw.key is None:
        raise Refused("key_missing")
    try:
        return raw.key.decode()
    except UnicodeDecodeError:
        raise Refused("key_not_utf8") from None
