"""Nobody stays known since the record that protects them was refused."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.intake.domain import refugee
from services.intake.domain.refugee import Case, Change, Refugee, Settlement
from services.intake.filing import Filing
from services.intake.publish import Publisher
from services.intake.statements import Says, Statement, in_doubt, statements
from services.intake.store import Entry, Files
from services.intake.wire import CaseKey
from shared.clock import local_day
from shared.ids import new_subject
from shared.logging import describe_error, get_logger
from shared.messaging.reading.outcome import Dead
from shared.messaging.reading.records import Erased, Handled, Raw, Received, Unreadable
from shared.messaging.work import Work

log = get_logger(__name__)


class Safeguard:
    """Heeds what refused settlements say of protection, of minors and of cases withdrawn."""

    def __init__(self, files: Files[Refugee], publisher: Publisher, case_key: CaseKey) -> None:
        self._files = files
        self._publisher = publisher
        self._case_key = case_key

    async def heed(self, handled: Sequence[Handled], work: Work) -> None:
        """Takes back those who must not be known any more: one query, and writes only where it is so.

        What a newer record of the same case has said stands.
        """
        said = [
            (record, statement)
            for record, outcome in handled
            if isinstance(outcome, Dead) and not isinstance(record, Erased) and record.owner is not None
            for statement in _statements(record.raw, record.owner)
        ]
        if not said:
            return
        keys = {
            reference: self._case_key(*reference)
            for _, heard in said
            for reference in (*heard.references, *heard.former)
        }
        filing = await Filing.load(self._files, self._publisher, keys.values(), work)
        for record, statement in said:
            for reference in statement.references:
                _heed(keys[reference], reference[0], record, statement, filing)
            for reference in statement.former:
                if filing.of([keys[reference]]):
                    _heed(keys[reference], reference[0], record, replace(statement, time=None), filing)
        await filing.save()


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


def _heed(
    case: str, municipality: str, record: Received | Unreadable, statement: Statement, filing: Filing
) -> None:
    found = filing.of([case])
    entry: Entry[Refugee] = found[0] if found else Entry(None, None)
    known = entry.file.person if entry.file is not None else None
    change = _change(known, case, municipality, record, statement, filing.work)
    if change is not None:
        filing.change(entry, change, record.cause)


def _change(
    known: Refugee | None,
    case: str,
    municipality: str,
    record: Received | Unreadable,
    statement: Statement,
    work: Work,
) -> Change | None:
    """What becomes of a file; None where it stays as it is. A case that isn't known is remembered, so that an
    older settlement of it has no effect; without a time it would be the newest for good.
    """
    found = known.case(case) if known is not None else None
    if found is None and (statement.time is None or statement.time > record.raw.broker_time):
        return None
    if statement.time is not None and refugee.is_stale(known, case, statement.time) is not None:
        return None
    time = _time(statement, found, record.raw)
    where = known.municipality if known is not None else municipality
    subject, today = new_subject("refugee"), local_day(work.now, where)
    if statement.says is Says.WITHDRAWN:
        return refugee.withdraw(known, Case(case, time), where, subject, today)
    if statement.says is Says.MINOR and (known is None or not known.is_public):
        return None
    settlement = Settlement(
        case=case,
        municipality=where,
        time=time,
        secrecy="protected" if statement.says is Says.PROTECTED else "minor",
    )
    return refugee.settle(known, settlement, subject, today)


def _time(statement: Statement, case: Case | None, raw: Raw) -> datetime:
    """When the case was heard of last: a time that can't be right must not make what is sound stale."""
    if case is not None and (statement.time is None or statement.time > raw.broker_time):
        return case.newest
    return statement.time or raw.broker_time
