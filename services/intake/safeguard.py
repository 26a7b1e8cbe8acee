"""Nobody stays known since the record that protects them was refused."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from services.intake.codes import CaseKeys, Codes
from services.intake.domain import refugee
from services.intake.domain.refugee import Case, Change, Refugee, Settlement
from services.intake.filing import Filing
from services.intake.statements import Says, Statement, in_doubt, statements
from services.intake.store import Entry
from shared.clock import FUTURE_TOLERANCE, local_day
from shared.logging import describe_error, get_logger
from shared.messaging.reading.records import Cause, Erased, Raw, Received, Unreadable
from shared.values import value

log = get_logger(__name__)


class Place(NamedTuple):
    """A case by the keys that it may have and, once it was looked for, by the one that it has; and its
    municipality.
    """

    keys: CaseKeys
    municipality: str
    case: str = ""


@value
class Heard:
    """What a refused record says, the cases that it may be of, and those that somebody is said to have left.

    `time` is the record's own, None where it can't be right; `latest` is the broker's.
    """

    says: Says
    own: tuple[Place, ...]
    former: tuple[Place, ...]
    time: datetime | None
    latest: datetime
    cause: Cause


def hear(record: Received | Erased | Unreadable, codes: Codes) -> Iterator[Heard]:
    """What a refused record says. A time that lies further ahead than clocks differ is none."""
    if isinstance(record, Erased) or record.owner is None:
        return
    latest, cause = record.raw.broker_time, record.cause

    def places(references: Iterable[tuple[str, str]]) -> tuple[Place, ...]:
        return tuple(
            Place(codes.keys(municipality, case), codes.current(municipality))
            for municipality, case in references
        )

    for said in _statements(record.raw, record.owner):
        time = said.time if said.time is not None and said.time - latest <= FUTURE_TOLERANCE else None
        yield Heard(said.says, places(said.references), places(said.former), time, latest, cause)


def _statements(raw: Raw, municipality: str) -> list[Statement]:
    """What a record says. Reading on in what can't be taken must not keep the record from being refused, or
    everybody's records would wait behind it.
    """
    try:
        return statements(raw, municipality)
    except Exception as error:  # noqa: BLE001 (whatever it is, in doubt somebody is protected)
        # Its text may quote the record.
        told = {"partition": raw.partition, "offset": raw.offset, **describe_error(error)}
        log.error("refused_record_not_read", **told)  # noqa: TRY400
        return [in_doubt(raw, municipality)]


def whoever(cases: Iterable[str], municipality: str, record: Received) -> Heard:
    """That a record's person is protected, who may be any of these cases' people."""
    places = tuple(Place(CaseKeys(case), municipality) for case in cases)
    return Heard(Says.PROTECTED, places, (), record.envelope.time, record.raw.broker_time, record.cause)


def heed(heard: Heard, filing: Filing) -> None:
    """Takes back those who must not be known any more. What a newer record of the same case has said stands.

    A case that isn't known is remembered, so that an older settlement of it has no effect; without a time it
    would be the newest for good.
    """
    heard = replace(heard, own=_found(heard.own, filing), former=_found(heard.former, filing))
    is_one = len(heard.own) == len(heard.former) == 1
    if is_one and (heard.time is not None or filing.of([heard.own[0].case])):
        _heed((*heard.own, *heard.former), heard.time, heard, filing)
        return
    stand = [_heed([place], heard.time, heard, filing) for place in heard.own]
    if heard.own and not any(stand):
        return
    for place in heard.former:
        # What their own municipality said later is no answer.
        _heed([place], None if filing.of([place.case]) else heard.time, heard, filing)


def _found(places: Iterable[Place], filing: Filing) -> tuple[Place, ...]:
    return tuple(place._replace(case=filing.on_file(place.keys)) for place in places)


def _heed(places: Sequence[Place], time: datetime | None, heard: Heard, filing: Filing) -> bool:
    """Heeds what is said of a case, with the former one behind it if there is one, as a sound record's is;
    False where the case has a newer record.
    """
    own = places[0]
    found = filing.of([place.case for place in places])
    entry: Entry[Refugee] = found[0] if found else Entry(None, None)
    known = entry.file.person if entry.file is not None else None
    case = known.case(own.case) if known is not None else None
    if time is not None and refugee.is_stale(known, own.case, time) is not None:
        return False
    if time is None and case is None:
        return True
    says = _in_doubt(heard, found)
    former = found[-1].file if found and found[-1] is not entry else None
    if known is not None and former is not None:
        known = filing.merge(known, found[-1])
    change = _change(known, former and former.person, places, says, _newest(time, case, heard.latest), filing)
    filing.change(entry, change, heard.cause)
    return True


def _in_doubt(heard: Heard, found: Sequence[Entry[Refugee]]) -> Says:
    """A record that was refused refers nobody who is protected, nor any of several who may be meant."""
    is_protected = any(entry.file is not None and entry.file.person.status == "protected" for entry in found)
    is_one = len(heard.own) <= 1 and len(heard.former) <= 1
    return Says.PROTECTED if heard.says is Says.MINOR and (is_protected or not is_one) else heard.says


def _newest(time: datetime | None, case: Case | None, latest: datetime) -> datetime:
    """When the case was heard of last: never later than the broker's time by what was refused."""
    heard = latest if time is None else min(time, latest)
    if case is None:
        return heard
    return case.newest if time is None else max(heard, case.newest)


def _change(
    known: Refugee | None,
    former: Refugee | None,
    places: Sequence[Place],
    says: Says,
    newest: datetime,
    filing: Filing,
) -> Change:
    own, municipality = places[0].case, places[0].municipality
    subject = filing.codes.subject_of("refugee", own, newest.isoformat())
    today = local_day(filing.work.now, municipality)
    if says is Says.WITHDRAWN:
        return refugee.withdraw(known, Case(own, newest), municipality, subject, today)
    settlement = Settlement(
        case=own,
        municipality=municipality,
        time=newest,
        secrecy="protected" if says is Says.PROTECTED else "minor",
        former_case=places[1].case if len(places) > 1 else None,
    )
    return refugee.settle(known, settlement, subject, today, former)
