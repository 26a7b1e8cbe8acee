"""What a municipality is told of each of its records."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import assert_never

from services.intake import wire
from services.intake.languages import unknown_languages
from services.intake.statements import Says, statements
from shared.clock import local_day_of
from shared.contracts.faults import MOST_FAULTS
from shared.contracts.fields import CASE_PATTERN, format_instant
from shared.contracts.municipal import PersonMoved, PersonSettled
from shared.contracts.municipalities import municipality_named
from shared.messaging.reading.outcome import Applied, Dead, Duplicate, Fault, Stale
from shared.messaging.reading.records import Erased, Handled, Received, Unreadable, repeatable_id
from shared.messaging.reading.sentences import told
from shared.mongo import Document
from shared.personal_numbers import reads_as_personal_number
from shared.published import refusal, refusals

_CASE = re.compile(CASE_PATTERN.strip("^$"), re.ASCII)
_DATED = (PersonSettled, PersonMoved)


def refused(record: Received) -> Dead | None:
    """Why a settlement that was read is not taken; with all that is wrong with it, looked for only then."""
    if (
        readable_case(record.raw.key) is not None
        and refusal(record.data) is None
        and not _days_ahead(record)
        and not _unknown(record)
    ):
        return None
    return Dead.of(tuple(islice(_faults(record), MOST_FAULTS)))


def _faults(record: Received) -> Iterator[Fault]:
    if _CASE.fullmatch(record.key) is None:
        yield Fault("case_invalid", "subject", "envelope")
    elif reads_as_personal_number(record.key):
        yield Fault("personal_number", "subject", "envelope")
    if refusal(record.data) is not None:
        yield from (Fault(one.code, one.field, "data") for one in refusals(record.data))
    yield from (Fault("date_in_future", field, "data") for field in _days_ahead(record))
    yield from _unknown(record)


def _days_ahead(record: Received) -> Sequence[str]:
    """The fields of days that lie ahead of the broker's."""
    if not isinstance(record.data, _DATED):
        return ()
    return wire.days_in_future(record.data, local_day_of(record.raw.timestamp, record.owner))


def _unknown(record: Received) -> Sequence[Fault]:
    """Municipalities and languages that there are not; of whom nothing goes out no language is looked for."""
    if not isinstance(record.data, PersonSettled):
        return ()
    found = unknown_languages(record.data) if record.data.goes_out() else []
    former = record.data.former
    if former is not None and municipality_named(former.municipality, record.owner or "") is None:
        found.insert(0, Fault("municipality_invalid", "from.municipality", "data"))
    return found


# Each settlement asks twice.
@lru_cache(maxsize=8192)
def readable_case(key: bytes | None) -> str | None:
    """The case reference to answer under; None where it is none, or must not be repeated."""
    try:
        case = (key or b"").decode()
    except UnicodeDecodeError:
        return None
    return case if _CASE.fullmatch(case) and not reads_as_personal_number(case) else None


def receipt(item: Handled) -> Document:
    """The JSON of a `SettlementReceipt`."""
    document: Document
    match item.outcome:
        case Applied(outcome, ()):
            document = {"outcome": outcome}
        case Applied(outcome, notes):
            document = {"outcome": outcome, **_noted(notes)}
        case Duplicate():
            document = {"outcome": "duplicate"}
        case Stale(newer):
            document = {"outcome": "stale"}
            if newer is not None:
                document["newer"] = format_instant(newer)
        case Dead() as dead:
            faults = told(dead.told)
            document = {"outcome": "rejected", **_first(faults, "code", "field", "message"), "faults": faults}
            if in_doubt := tuple(_in_doubt(item.record)):
                document["notes"] = told(in_doubt)
        case _ as never:
            assert_never(never)
    if (event_id := _event_id(item.record)) is not None:
        document["event_id"] = event_id
    raw = item.record.raw
    document["partition"], document["offset"] = raw.partition, raw.offset
    return document


_IN_DOUBT = {
    Says.PROTECTED: "protected_in_doubt",
    Says.MINOR: "minor_in_doubt",
    Says.WITHDRAWN: "withdrawn_in_doubt",
}


def _in_doubt(record: Received | Erased | Unreadable) -> Iterator[Fault]:
    """What a refused record says all the same of who must not be known any more, once each."""
    if isinstance(record, Erased) or record.owner is None:
        return
    try:
        said = {statement.says for statement in statements(record.raw, record.owner)}
    except Exception:  # noqa: BLE001 (as the safeguard, which says so in the log)
        said = {Says.PROTECTED}
    yield from (Fault(code) for says, code in _IN_DOUBT.items() if says in said)


# Most records of a municipality have the same, which are not to be changed.
@lru_cache(maxsize=1024)
def _noted(notes: tuple[Fault, ...]) -> Document:
    """All notes, and which the first of them is."""
    all_ = told(notes)
    return {**_first(all_, "code", "field"), "notes": all_}


def _first(faults: Sequence[Document], *names: str) -> Document:
    """What readers of one fault look for."""
    return {name: faults[0][name] for name in names if name in faults[0]}


def _event_id(record: Received | Erased | Unreadable) -> str | None:
    match record:
        case Received() if record.cause.id == record.envelope.id:
            # Passed on as it is, so there is nothing more to find out.
            return record.cause.id
        case Received():
            return repeatable_id(record.envelope.id)
        case Unreadable(envelope=dict() as envelope):
            return repeatable_id(envelope.get("id"))
        case _:
            return None
