"""What stands in each event of a refused record under the names that matter, wherever it stands.

Letters and digits alone count of a name. In doubt something is said.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from services.intake.lenient import Several, Words, read

_NO = frozenset({"none", "false", "null"})
"""Words for no protection under a name that is not `protection` itself, where only `none` is one."""
_NO_MINOR = frozenset({"false", "null"})
_FORMER = frozenset({"from", "former", "formercase"})
_DATA = frozenset({"data", "database64"})
# What stands before is looked at afterwards: looked for, it would take a long text for each of its letters.
_IN_TEXT = re.compile(r"(protect|unaccomp)(\w*)\W*(\w*)")
_DATA_IN_TEXT = re.compile(r"\bdata\b")
_SETTLED = re.compile(r"person[_.-]?settled")
_WITHDRAWN = re.compile(r"settlement[_.-]?withdraw")
_SUBJECT = re.compile(
    r"""subject["']?\s*[:=]\s*(["']?)\s*([a-z0-9._:/-]{1,64})\s*\1(?![a-z0-9._:/-])""",
    re.ASCII | re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\+(?:u([0-9A-Fa-f]{4})|([nrtbf]))?")
_ADDRESS = re.compile(r"[\w.+@-]+")


class Place(Enum):
    """Where something stands: only what `data` itself says of protection can open a settlement. RECORD is
    the whole text, before it is known what it is, or what could not be read of it.
    """

    RECORD = auto()
    OUTSIDE = auto()
    DATA = auto()
    WITHIN = auto()


@dataclass(slots=True)
class Event:
    """What is heard of an event. `parent` is the event in which it stands, in a list with others.

    `data` are the objects under that name, and `opens` those that say of themselves that their protection is
    none; `opens_in_text` says that data which can't be read as an object seem to. `tells_of_withdrawal`: in
    words, which count where there is no type.
    """

    parent: "Event | None" = None
    is_protected: bool = False
    is_minor: bool = False
    is_settled: bool = False
    is_withdrawn: bool = False
    has_type: bool = False
    tells_of_withdrawal: bool = False
    data: int = 0
    opens: int = 0
    opens_in_text: bool = False
    subjects: list[Any] = field(default_factory=list)
    times: list[Any] = field(default_factory=list)
    former: list[Mapping[str, Any]] = field(default_factory=list)

    def take(self, other: "Event") -> None:
        """Takes over what was heard of a part that is no event of its own."""
        self.is_protected |= other.is_protected
        self.is_minor |= other.is_minor
        self.is_settled |= other.is_settled
        self.is_withdrawn |= other.is_withdrawn
        self.has_type |= other.has_type
        self.tells_of_withdrawal |= other.tells_of_withdrawal
        self.opens_in_text |= other.opens_in_text
        self.data += other.data
        self.opens += other.opens
        self.subjects += other.subjects
        self.times += other.times
        self.former += other.former

    def inherit(self, parent: "Event") -> None:
        """What is said around several events is said of each; their type they may say themselves."""
        self.is_protected |= parent.is_protected
        self.is_minor |= parent.is_minor
        self.is_withdrawn |= parent.is_withdrawn and not self.has_type
        self.times = self.times or parent.times

    def hear_member(self, name: str, content: Any, place: Place) -> None:
        """Hears what an object has under a name, of which the letters are given."""
        values = list(content) if isinstance(content, Several) else [content]
        if name == "subject":
            self.subjects += values
        elif name == "time":
            self.times += values
        elif name == "type":
            kinds = [_letters(one) for one in values if isinstance(one, str)]
            self.has_type = True
            self.is_settled |= any("personsettled" in kind for kind in kinds)
            self.is_withdrawn |= any("settlementwithdraw" in kind for kind in kinds)
        elif name == "protection":
            is_open = all(_word(one) == "none" for one in values)
            self.is_protected |= not is_open
            self.opens += is_open and place is Place.DATA
        elif "protect" in name or "confidential" in name:
            self.is_protected |= any(_word(one) not in _NO for one in values)
        elif "unaccomp" in name:
            self.is_minor |= any(_word(one) not in _NO_MINOR for one in values)
        elif name in _FORMER:
            self.former += [item for one in values for item in _objects(one)]

    def hear_text(self, text: str, place: Place) -> None:
        """Hears the words of a text that is no JSON."""
        text = _unescaped(text)
        plain = _without_addresses(text).casefold()
        data = _DATA_IN_TEXT.search(plain) if place is Place.RECORD else None
        self.is_protected |= "confidential" in plain
        self.is_settled |= _SETTLED.search(plain) is not None
        self.tells_of_withdrawal |= _WITHDRAWN.search(plain) is not None
        for found in _IN_TEXT.finditer(plain):
            before = plain[found.start() - 1 : found.start()]
            is_name = found[1] + found[2] == "protection" and not (before.isalnum() or before == "_")
            if found[1] == "unaccomp":
                self.is_minor |= found[3] not in _NO_MINOR
            elif found[3] not in ({"none"} if is_name else _NO):
                self.is_protected = True
            elif is_name:
                is_behind_data = data is not None and data.start() < found.start()
                self.opens_in_text |= place is Place.DATA or is_behind_data
        if "subject" in plain:
            self.subjects += [found[2] for found in _SUBJECT.finditer(text)]


def events(content: Any) -> list[Event]:
    """The events in a record, from the outside in: it itself, and each of several in a list that names a
    subject. Takes time in proportion to its size.
    """
    parts = [Event()]
    waiting: list[tuple[Any, Place, Event, bool]] = [(content, Place.RECORD, parts[0], False)]
    while waiting:
        item, place, event, is_one_of_several = waiting.pop()
        if isinstance(item, Mapping):
            if is_one_of_several:
                event = Event(event)
                parts.append(event)
            waiting += [(inner, where, event, False) for inner, where in _members(item, place, event)]
        elif isinstance(item, list):
            are_several = is_one_of_several or len(item) > 1
            waiting += [(inner, place, event, are_several) for inner in item]
        elif isinstance(item, str):
            documents = [item] if isinstance(item, Words) else read(item)
            if documents == [item]:
                event.hear_text(item, place)
            else:
                inner = documents[0] if len(documents) == 1 else documents
                waiting.append((inner, place, event, is_one_of_several))
    return _joined(parts)


def _members(item: Mapping[str, Any], place: Place, event: Event) -> Iterator[tuple[Any, Place]]:
    """What an object has, each with its place, once it was heard under its name."""
    named = [(_letters(name), content) for name, content in item.items()]
    names = {name for name, _ in named}
    is_in_another = "type" in names or (place is Place.DATA and "protection" not in names)
    if place is Place.RECORD or (names & _DATA and is_in_another):
        # An envelope.
        place = Place.OUTSIDE
    event.data += place is Place.DATA
    for name, content in named:
        if name == "schema" and "payload" in names and _is_schema(content):
            continue
        event.hear_member(name, content, place)
        inner = Place.WITHIN
        if place is Place.OUTSIDE:
            inner = Place.DATA if name in _DATA else place if name else Place.RECORD
        yield (_from_base64(content) if name == "database64" else content), inner


def _joined(parts: list[Event]) -> list[Event]:
    """The parts that are events: those without a subject are joined to what they stand in."""
    events: list[Event] = []
    of: dict[int, Event] = {}
    for part in parts:
        around = None if part.parent is None else of[id(part.parent)]
        if around is None or part.subjects:
            part.parent = around
            events.append(part)
            of[id(part)] = part
        else:
            around.take(part)
            of[id(part)] = around
    for event in events:
        if event.parent is not None:
            event.inherit(event.parent)
    return events


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _word(content: Any) -> str:
    if isinstance(content, Mapping | list):
        return "several"
    return "null" if content is None else str(content).strip().casefold()


def _objects(content: Any) -> list[Mapping[str, Any]]:
    found = read(content) if isinstance(content, str) else content if isinstance(content, list) else [content]
    return [item for item in found if isinstance(item, Mapping)]


def _is_schema(content: Any) -> bool:
    """Whether it is what Kafka Connect puts beside a payload: its fields are names, not values."""
    return isinstance(content, Mapping) and isinstance(content.get("fields"), list) and "type" in content


def _from_base64(content: Any) -> Any:
    if not isinstance(content, str):
        return content
    try:
        url_safe = b"-_" if {"-", "_"} & set(content) else None
        return base64.b64decode(content, altchars=url_safe).decode(errors="replace")
    except (binascii.Error, ValueError):
        return content


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else " " if found[2] else "", text)


def _without_addresses(text: str) -> str:
    """The text without mail addresses: their words are names."""
    if "@" not in text:
        return text
    return _ADDRESS.sub(lambda found: "" if _is_address(found[0]) else found[0], text)


def _is_address(run: str) -> bool:
    name, _, host = run.partition("@")
    return bool(name) and "." in host and "@" not in host
