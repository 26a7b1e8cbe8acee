"""What a refused settlement still says of somebody's safety, read as leniently as can be.

A record is refused whole for one fault, and the rest of it may say that somebody must not be known any more.
Whoever sent it takes that for said. So whatever can be read of it is, wherever in the record it stands, and
in doubt it says protection.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.intake.hearing import Event, events
from services.intake.lenient import Several, Words, read
from shared.clock import ZONES
from shared.contracts.fields import CASE_PATTERN, parse_instant
from shared.contracts.municipalities import municipalities_heard
from shared.messaging.reading.records import Raw
from shared.values import value


class Says(StrEnum):
    """What a record says of somebody."""

    PROTECTED = "protected"
    MINOR = "minor"
    WITHDRAWN = "withdrawn"


@value
class Statement:
    """What is said of a case. It may be any of `references`, which are (municipality, case); `time` is the
    record's own, the newest where it gives several, None where one of them can't be read. `former` ones are
    those that somebody is said to have left: what their own municipalities said later does not answer it.
    """

    says: Says
    references: tuple[tuple[str, str], ...]
    time: datetime | None
    former: tuple[tuple[str, str], ...] = ()


LARGEST = 1024 * 1024
"""Characters of a record that are read as JSON; of a longer one the words alone are looked for."""
_AROUND = " \t\r\n\"'"
_CASE = re.compile(CASE_PATTERN.strip("^$"), re.ASCII)
_MUNICIPALITY = re.compile(r"[a-z0-9-]{2,40}", re.ASCII)


def statements(raw: Raw, municipality: str) -> list[Statement]:
    """What a refused record on a municipality's topic says; nothing of somebody who may go on being known."""
    found = []
    by_key = _cases((municipality, case) for case in _keys(raw))
    for event in events(_content(raw)):
        says = _said(event)
        if says is None:
            continue
        references = _cases((municipality, case) for case in event.subjects)
        if event.parent is None or not references:
            # One of several that has a subject is no other's, whose key the record may have.
            references = tuple(dict.fromkeys(by_key + references))
        is_settled = says is not Says.WITHDRAWN
        former = _cases(
            (where, item.get("case"))
            for item in event.former
            for where in municipalities_heard(item.get("municipality"), municipality)
        )
        if references or former:
            found.append(Statement(says, references, _time(event), former if is_settled else ()))
    return found


def in_doubt(raw: Raw, municipality: str) -> Statement:
    """What a record says of its own case, where reading it failed."""
    key = (raw.key or b"").decode(errors="replace")
    return Statement(Says.PROTECTED, _cases([(municipality, key)]), None)


def _content(raw: Raw) -> Any:
    """All of a record, in structured, binary or batch mode: what headers say is around the value."""
    text = (raw.value or b"").replace(b"\0", b"").decode(errors="replace")
    content = text if len(text) <= LARGEST else Words(text)
    attributes: dict[str, Any] = {}
    for name, header in raw.headers:
        if name.lower().startswith(("ce_", "ce-", "cloudevents")):
            attribute = name.lower().partition("_" if "_" in name else "-")[2]
            attributes.setdefault(attribute, Several()).append((header or b"").decode(errors="replace"))
    if not attributes:
        return content
    return {**attributes, "data": Several([*attributes.get("data", []), content])}


def _said(event: Event) -> Says | None:
    # Absent means strictly confidential, as in a sound settlement.
    is_open = event.data == event.opens if event.data else event.opens_in_text
    if event.is_protected or (event.is_settled and not is_open):
        return Says.PROTECTED
    if event.is_withdrawn or (event.tells_of_withdrawal and not event.has_type):
        return Says.WITHDRAWN
    return Says.MINOR if event.is_minor else None


def _keys(raw: Raw) -> Iterator[Any]:
    """The case that the key names; where it is JSON, whatever it names."""
    waiting = read((raw.key or b"").decode(errors="replace"))
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            waiting += [content for name, content in item.items() if name != "schema"]
        elif isinstance(item, list):
            waiting += item
        else:
            yield item


def _cases(named: Iterable[tuple[Any, Any]]) -> tuple[tuple[str, str], ...]:
    """The references among these that can be one: no other is kept anywhere."""
    found = {
        (where, case): None
        for named_place, named_case in named
        if _MUNICIPALITY.fullmatch(where := _plain(named_place).casefold())
        and where[:2] in ZONES
        and _CASE.fullmatch(case := _plain(named_case))
    }
    return tuple(found)


def _plain(name: Any) -> str:
    return str(name).strip(_AROUND) if isinstance(name, str | int) and not isinstance(name, bool) else ""


def _time(event: Event) -> datetime | None:
    try:
        times = [one.strip(_AROUND) if isinstance(one, str) else one for one in event.times]
        return max(map(parse_instant, times), default=None)
    except ValueError:
        return None
