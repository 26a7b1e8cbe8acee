"""Takes out of what was read whatever is random: references, ids and moments get names that stay the same.

A refugee is named by the settlement that made them public, a pair by its two people, a round by the command
that asked for it or its pool, a dead letter by its record's place, an event by its topic, key and revision.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.equality.compare import Line
from tests.equality.events import Record
from tests.equality.fleet import PREFIX
from tests.equality.letters import KnownLetter
from tests.equality.pairing import KnownPair
from tests.equality.pools import FATES
from tests.equality.topics import Came, Place

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TOKEN = re.compile(
    rf"round-{_UUID}|{_UUID}|(?:refugee|volunteer|household|pair)-[a-z2-7]{{16,40}}"
    # A record that carries no id is named by its place when it causes others.
    rf"|{re.escape(PREFIX)}[a-z0-9.-]+/[0-9]+/[0-9]+"
)
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T[0-9:.]+Z")
_STAND_IN = re.compile(rb"case:[A-Za-z0-9._:/-]+")
_BY_SUBJECT = frozenset({"proposals", "unmatched_receiving", "unmatched_giving"})
"""Lists in replies that are sorted by random references."""
_BY_COUNT = frozenset({"unmatched"})
"""Counts in the order in which random references brought their reasons up."""
STATES = ("refugees.v1", "volunteers.v1", "pairs.v1", "contact-cards.v1")
FROM_OUTSIDE = ("settlements.", "commands.", "operators.", "programmes.")

Event = tuple[Came, dict[str, Any]]
"""A record and the event in it."""


def topic_of(came: Came) -> str:
    """The record's topic without the prefix."""
    return str(came.topic).removeprefix(PREFIX)


def parsed(came: Came) -> dict[str, Any] | None:
    """The event in a record, if it is one; what a dead letter carries is only bytes."""
    if ".dlq." in came.topic:
        return None
    try:
        document = json.loads(came.value or b"")
    except ValueError:
        return None
    return document if isinstance(document, dict) and {"id", "data"} <= set(document) else None


@dataclass(slots=True)
class Names:
    """Names by what they stand for, learned from all that has been read so far."""

    sent: Mapping[Place, Record]
    _names: dict[str, str] = field(default_factory=dict)
    _subjects: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By `case:<municipality>/<case>`: the refugee whom it made public last, and by which settlement."""
    _pairs: dict[str, KnownPair] = field(default_factory=dict)
    _letters: dict[str, KnownLetter] = field(default_factory=dict)

    def learn(self, came: Sequence[Came]) -> None:
        """Learns from all records of the topics, ordered as `topics.read` orders them."""
        events = [(record, document) for record in came if (document := parsed(record)) is not None]
        self._learn_causes(events)
        for record in came:
            self._learn_letter(record)
        self._learn_refugees(events)
        self._learn_pairs(events)
        self._learn_rounds(events)
        for record, document in events:
            key = self.named((record.key or b"").decode(errors="replace"))
            self._names.setdefault(
                document["id"], f"event:{topic_of(record)}:{key}:{document.get('revision')}"
            )
        for record in came:
            if record.value is None and record.key is not None:
                place = f"{record.topic}/{record.partition}/{record.offset}"
                self._names[place] = f"erased:{topic_of(record)}:{self.named(record.key.decode())}"

    def named(self, text: str) -> str:
        """The text with names in the place of what is random."""
        return _TOKEN.sub(lambda found: self._names.get(found[0], found[0]), text)

    def resolved(self, record: Record) -> Record:
        """A record to send with the references in it that stand-ins stand for, as far as they are known."""

        def stood_for(found: re.Match[bytes]) -> bytes:
            _, subject = self._subjects.get(found[0].decode(), (0, found[0].decode()))
            return subject.encode()

        def resolve(content: bytes | None) -> bytes | None:
            return content and _STAND_IN.sub(stood_for, content)

        return Record(record.topic, resolve(record.key), resolve(record.value), record.headers)

    def is_known(self, record: Record) -> bool:
        """Whether a record's key is no stand-in for a reference that is not known."""
        found = _STAND_IN.fullmatch(record.key or b"")
        return found is None or found[0].decode() in self._subjects

    @property
    def pairs(self) -> list[KnownPair]:
        """All pairs, by name."""
        return sorted(self._pairs.values(), key=lambda pair: pair.name)

    @property
    def letters(self) -> list[KnownLetter]:
        """All dead letters, by service and place."""
        return sorted(self._letters.values(), key=lambda letter: (letter.service, letter.place))

    def unnamed(self, lines: Sequence[Line]) -> Counter[str]:
        """What still looks random in the lines, and is not what was sent."""
        known = self._known_tokens()
        found: Counter[str] = Counter()
        for line in lines:
            for token in _TOKEN.findall(json.dumps(line)):
                if token not in known and not token.removeprefix(PREFIX).startswith(FROM_OUTSIDE):
                    found[token] += 1
        return found

    def _known_tokens(self) -> set[str]:
        """Ids and references that were sent, which are the same every time."""
        known: set[str] = set()
        for record in self.sent.values():
            parts = (record.key, record.value, *(content for _, content in record.headers))
            for part in parts:
                known.update(_TOKEN.findall((part or b"").decode(errors="replace")))
        return known - set(self._names)

    def _learn_causes(self, events: Sequence[Event]) -> None:
        """Foreign ids are passed on only under random ones: receipts and replies tell which is whose."""
        known = self._known_tokens()
        for record, document in events:
            kind, owner, *_ = topic_of(record).split(".")
            if kind == "receipts":
                place = f"{owner}/{document['data']['offset']}"
            elif kind == "replies":
                place = f"{owner}/{document['subject']}"
            else:
                continue
            for attribute, word in (("causationid", "cause"), ("correlationid", "chain")):
                found = _TOKEN.fullmatch(document[attribute])
                if found and found[0] not in known and not found[0].startswith(PREFIX):
                    self._names.setdefault(found[0], f"{word}:{place}")

    def _learn_letter(self, record: Came) -> None:
        headers = {name: (content or b"").decode() for name, content in record.headers}
        if "dlq-id" not in headers:
            return
        topic = headers["dlq-topic"].removeprefix(PREFIX)
        service = headers["dlq-service"]
        letter = KnownLetter(service, topic, f"{topic}/{headers['dlq-offset']}", headers["dlq-id"])
        # Each of several services refuses a record for itself, under the same id.
        self._letters[f"{service} {letter.place}"] = letter
        self._names[letter.reference] = f"letter:{letter.place}"

    def _learn_refugees(self, events: Sequence[Event]) -> None:
        cases = self._cases_by_id()
        for record, document in events:
            if topic_of(record) != "refugees.v1":
                continue
            cause = document["causationid"]
            if document["type"].split(".")[-2] in {"RefugeeReferred", "RefugeeWithdrawn"}:
                # Random: nothing tells whose settlement it was.
                self._names.setdefault(cause, "cause:of its own")
            if document.get("revision") != 1:
                continue
            case, place = cases.get(cause, ("", ""))
            self._names.setdefault(document["subject"], f"refugee:{case or self.named(cause)}#{place}")
            made = int(place or -1), document["subject"]
            # Records come by partition: only the settlements' own order tells which subject is the newer.
            self._subjects[f"case:{case}"] = max(made, self._subjects.get(f"case:{case}", made))

    def _cases_by_id(self) -> dict[str, tuple[str, str]]:
        """By a settlement's id, as it is passed on: its municipality and case, and its first offset."""
        names = {name: random for random, name in self._names.items()}
        found: dict[str, tuple[str, str]] = {}
        for (topic, offset), record in self.sent.items():
            if not topic.startswith("settlements."):
                continue
            municipality = topic.split(".")[1]
            case = f"{municipality}/{(record.key or b'').decode(errors='replace')}"
            id_ = names.get(f"cause:{municipality}/{offset}") or _id_of(record)
            found.setdefault(id_, (case, str(offset)))
        return found

    def _learn_pairs(self, events: Sequence[Event]) -> None:
        for record, document in events:
            if topic_of(record) != "pairs.v1" or document.get("revision") != 1:
                continue
            data, reference = document["data"], document["subject"]
            if reference in self._pairs:
                continue
            receiving = self._names.get(data["receiving"], data["receiving"])
            name = f"pair:{receiving}+{data['giving']}"
            last = receiving.rpartition("#")[0].rpartition("-")[2]
            fate = last if last in FATES else "signed"
            self._names[reference] = name
            self._pairs[reference] = KnownPair(name, reference, data["municipality"], fate, data["giving"])

    def _learn_rounds(self, events: Sequence[Event]) -> None:
        rounds: Counter[str] = Counter()
        for record, document in events:
            data = document["data"]
            if topic_of(record).startswith("replies.") and isinstance(data.get("result"), dict):
                if (round_ := data["result"].get("round")) is not None:
                    self._names.setdefault(round_, f"round:{document['subject']}")
            elif topic_of(record) == "rounds.v1":
                rounds[document["subject"]] += 1
                self._names.setdefault(
                    data["round"], f"round:{document['subject']}#{rounds[document['subject']]}"
                )


def _id_of(record: Record) -> str:
    """A sent event's id, from the value or, in binary mode, the header."""
    for name, content in record.headers:
        if name == "ce_id":
            return (content or b"").decode(errors="replace")
    try:
        document = json.loads(record.value or b"")
    except ValueError:
        return ""
    return str(document.get("id")) if isinstance(document, dict) else ""


def line_of(came: Came, names: Names, topic: str) -> Line:
    """A record as it is compared."""
    text = came.value.decode(errors="backslashreplace") if came.value is not None else None
    document = parsed(came)
    line: Line = {
        "topic": topic,
        "key": names.named(came.key.decode(errors="backslashreplace")) if came.key is not None else None,
        "revision": document.get("revision") if document else None,
        "headers": [
            [name, _settled_moment(name, names.named((content or b"").decode(errors="backslashreplace")))]
            for name, content in came.headers
        ],
    }
    if document is None:
        return line | {"bytes": names.named(text) if text is not None else None}
    if _compact(document) != text:
        # Then the value's own bytes are compared as well: order and spacing are not all that can differ.
        line["bytes"] = _MOMENT.sub(r"\1T-", names.named(text or ""))
    value = json.loads(names.named(_compact(document)))
    return line | {"value": _settled(value)}


def _compact(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _settled_moment(name: str, text: str) -> str:
    return _MOMENT.sub(r"\1T-", text) if name == "dlq-time" else text


def _settled(value: dict[str, Any]) -> dict[str, Any]:
    """An event without its own id and what clocks and ciphers make of it; of moments the day stays."""
    value["id"] = "-"
    value["time"] = _MOMENT.sub(r"\1T-", value["time"])
    return {name: _settled_field(name, content) for name, content in value.items()}


def _settled_field(name: str, content: Any) -> Any:
    match content:
        case dict() if name in {"card", "sealed"}:
            return "sealed"
        case dict():
            fields = {inner: _settled_field(inner, value) for inner, value in content.items()}
            return dict(sorted(fields.items())) if name in _BY_COUNT else fields
        case list():
            items = [_settled_field("", item) for item in content]
            return sorted(items, key=_compact) if name in _BY_SUBJECT else items
        case _:
            return _settled_text_or_number(name, content)


def _settled_text_or_number(name: str, content: Any) -> Any:
    match content:
        case str() if name == "respond_by":
            return _MOMENT.sub(r"\1T-", content)
        case int() if name == "duration_ms":
            return 0
        case float() if content.is_integer():
            # Whether a whole number of hours has a fraction depends on whether its file was read again.
            return int(content)
        case _:
            return content
