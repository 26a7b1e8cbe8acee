"""From bytes to a validated record, outside any transaction: a bad record is data, not an exception."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import ValidationError, create_model

from shared.contracts.catalogue import BY_TYPE, MESSAGES
from shared.contracts.envelope import CONTENT_TYPE, HEADERS, Envelope, media_type
from shared.contracts.fields import Contract
from shared.contracts.message import Message
from shared.contracts.topics import COMMANDS, Topic
from shared.messaging.reading.records import (
    Cause,
    Erased,
    Parsed,
    Raw,
    Received,
    Tick,
    Unreadable,
    inner_id,
    public_id,
)
from shared.messaging.reading.strict_json import MAX_BYTES, JsonRefused, loads

FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far past the broker's timestamp an event's time may lie: clocks differ, typing errors differ more."""

SAFE_NAME = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
"""A field's name is shown only if it looks like one: names of fields can hold names of people."""

_BINARY_INTEGERS = frozenset({"revision", "expectedrevision"})
_VERSIONED = re.compile(r"(?P<stem>no\.kobling\.(?:command\.)?[A-Za-z]+)\.v(?P<version>\d{1,4})", re.ASCII)
_CONTENT, _EVENTS = "content-type", "application/cloudevents"
_PLACE = re.compile(r"(?:^|[/:])(no-\d{4}|dk-\d{3})(?=$|[/:])", re.ASCII)
"""A municipality in a `source`: country and official number. Others may be names of hosts."""


class _Refused(Exception):
    def __init__(self, code: str, field: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.field = field


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
        self._of_commands = topic in COMMANDS.values()
        self._of_state = next(iter(self._types.values())) if topic.state else None
        self._reader = reader
        self._whole = None if reader is None else create_model("Read", __base__=Envelope, data=(reader, ...))

    def parse(self, raw: Raw) -> Parsed:
        """What the record says, or why it can't be read."""
        if raw.key is not None and raw.key.startswith(b"_") and self._topic.cleanup == "compact":
            return Tick(raw)
        if (read := self._read(raw)) is not None:
            return read
        owner = self._topic.owner(raw.topic, self._prefix) if self._topic.is_family else None
        if raw.fault is not None:
            return Unreadable(raw, raw.fault, None, owner, is_stray=self._of_commands)
        document: dict[str, Any] | None = None
        try:
            if raw.value is None:
                return self._erased(raw)
            document = self._document(raw, raw.value)
            return self._received(raw, owner, document)
        except _Refused as refused:
            stray = self._of_commands and not self._names_own_type(document)
            return Unreadable(raw, refused.code, refused.field, owner, document, stray)

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

    def _is_state(self, message: Message) -> bool:
        return self._of_state is not None and message.model is self._of_state.model

    def _names_own_type(self, document: dict[str, Any] | None) -> bool:
        return document is not None and str(document.get("type")) in self._types

    def _erased(self, raw: Raw) -> Erased:
        if self._topic.cleanup != "compact":
            raise _Refused("null_value")
        return Erased(raw, _key(raw))

    def _document(self, raw: Raw, value: bytes) -> dict[str, Any]:
        """The envelope as a dictionary, from structured or binary mode."""
        try:
            body = loads(value)
        except JsonRefused as refused:
            raise _Refused(refused.code) from None
        if raw.headers == HEADERS and isinstance(body, dict):
            return body
        headers = [(name.lower(), content) for name, content in raw.headers if content is not None]
        formats = {
            media_type(content.decode(errors="replace")) for name, content in headers if name == _CONTENT
        }
        if any(format_.startswith(_EVENTS) for format_ in formats - {CONTENT_TYPE}):
            raise _Refused("content_type_unknown")
        if formats != {CONTENT_TYPE} and any(name == "ce_specversion" for name, _ in headers):
            return {**_binary_attributes(headers), "data": body}
        if not isinstance(body, dict):
            raise _Refused("not_an_object")
        return body

    def _received(self, raw: Raw, owner: str | None, document: dict[str, Any]) -> Received:
        try:
            envelope = Envelope.model_validate(document, extra="forbid" if self._inbound else "ignore")
        except ValidationError as error:
            raise _refusal(error, ()) from None
        key = _key(raw)
        if key != envelope.subject:
            raise _Refused("key_mismatch", "subject")
        message = self._message(envelope.type)
        try:
            model = self._reader if self._reader is not None and self._is_state(message) else message.model
            data = model.model_validate(envelope.data, extra="forbid" if message.inbound else "ignore")
        except ValidationError as error:
            raise _refusal(error, ("data",)) from None
        # A replica of Kobling's own whose clock is ahead writes states that must not be lost.
        if message.inbound and envelope.time - raw.broker_time > FUTURE_TOLERANCE:
            raise _Refused("time_in_future", "time")
        if owner is not None and "<municipality>" in self._topic.name:
            named = _PLACE.search(envelope.source)
            if named and named[1] != owner:
                raise _Refused("municipality_mismatch", "source")
        inbox_id, cause = _origin(raw, envelope, inbound=message.inbound)
        return Received(raw, key, owner, message, envelope, data, inbox_id, cause)

    def _message(self, type_: str) -> Message:
        known = self._types.get(type_)
        if known is not None:
            return known
        versioned = _VERSIONED.fullmatch(type_)
        if versioned is None:
            raise _Refused("unknown_type", "type")
        # A state record carries the whole state whatever it is called, so a newer writer's name is no reason
        # to lose it.
        if self._of_state is not None and versioned["version"] == "1":
            return self._of_state
        if versioned["stem"] in self._stems and type_ not in BY_TYPE:
            raise _Refused("unknown_version", "type")
        raise _Refused("unknown_type", "type")


def _origin(raw: Raw, envelope: Envelope, *, inbound: bool) -> tuple[str, Cause]:
    """The record's id as it is stored, and the record as the cause of others, as it may be passed on."""
    id_, chain = envelope.id, envelope.correlationid
    if not inbound:
        return f"{raw.topic} {id_}", Cause(id_, chain or id_, envelope.traceparent)
    public = public_id(id_, raw)
    cause = Cause(public, public if chain is None else public_id(chain, raw), envelope.traceparent)
    return f"{raw.topic} {inner_id(id_)}", cause


def _key(raw: Raw) -> str:
    if raw.key is None:
        raise _Refused("key_missing")
    try:
        return raw.key.decode()
    except UnicodeDecodeError:
        raise _Refused("key_not_utf8") from None


def _binary_attributes(headers: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """CloudEvents' Kafka binding, binary mode: attributes are headers that begin with `ce_`."""
    found: dict[str, Any] = {}
    for name, content in headers:
        if name != _CONTENT and not name.startswith("ce_"):
            continue
        shown = name if SAFE_NAME.fullmatch(name) else None
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise _Refused("header_not_utf8", shown) from None
        attribute = "datacontenttype" if name == _CONTENT else name.removeprefix("ce_")
        if attribute in found:
            # Which of them is meant nobody can tell.
            raise _Refused("duplicate_header", shown)
        if attribute in _BINARY_INTEGERS and re.fullmatch(r"\d{1,18}", text, re.ASCII):
            found[attribute] = int(text)
        # The specification writes true; its Python SDK writes True.
        elif attribute == "dryrun" and text.lower() in {"true", "false"}:
            found[attribute] = text.lower() == "true"
        else:
            found[attribute] = text
    return found


def _refusal(error: ValidationError, parent: tuple[str, ...]) -> _Refused:
    """The first fault of a validation as a code and a field's path; nothing of the input."""
    # Errors' inputs and messages may quote the record: neither is asked for.
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = [*parent, *(str(part) for part in fault["loc"])]
    match fault["type"]:
        case "missing":
            code = "field_missing"
        case "extra_forbidden":
            code = "unknown_field"
            if not SAFE_NAME.fullmatch(path[-1]):
                path.pop()
        case type_ if type_.startswith(("date_", "time_", "person_", "language_")) and type_ in _OWN_CODES:
            code = type_
        case _:
            code = "field_invalid"
    shown = path[1:] if path[:1] == ["data"] and len(path) > 1 else path
    safe = [part for part in shown if part.isdigit() or SAFE_NAME.fullmatch(part)]
    return _Refused(code, ".".join(safe)[:80] or None)


_OWN_CODES = frozenset({
    "date_invalid",
    "date_out_of_range",
    "date_missing",
    "time_invalid",
    "time_without_zone",
    "person_missing",
    "language_unknown",
})  # fmt: skip
