"""Nobody stays known since the record that protects them was refused."""

from collections.abc import Sequence
from datetime import datetime

from services.intake.domain import refugee
from services.intake.domain.refugee import Case, Change, Refugee, Settlement
from services.intake.filing import Filing
from services.intake.publish import Publisher
from services.intake.statements import Says, Statement, statements
from services.intake.store import Files
from services.intake.wire import CaseKey
from shared.clock import local_day
from shared.ids import new_subject
from shared.messaging.reading.outcome import Dead
from shared.messaging.reading.records import Erased, Handled, Raw, Received, Unreadable
from shared.messaging.work import Work


class Safeguard:
    """Heeds what refused settlements say of protection, of minors and of cases withdrawn."""

    def __init__(self, files: Files[Refugee], publisher: Publisher, case_key: CaseKey) -> None:
        self._files = files
        self._publisher = publisher
        self._case_key = case_key

    async def heed(self, handled: Sequence[Handled], work: Work) -> None:
        """Takes back those who must not be known any more: one query, and writes only where it is so.

        What a newer record of the same case has said stands; of a case that isn't known nothing is out.
        """
        said = [
            (record, statement)
            for record, outcome in handled
            if isinstance(outcome, Dead) and not isinstance(record, Erased) and record.owner is not None
            for statement in statements(record.raw, record.owner)
        ]
        if not said:
            return
        keys = {reference: self._case_key(*reference) for _, heard in said for reference in heard.references}
        filing = await Filing.load(self._files, self._publisher, keys.values(), work)
        for record, statement in said:
            for reference in statement.references:
                for entry in filing.of([keys[reference]]):
                    known = entry.file.person if entry.file is not None else None
                    change = _change(known, keys[reference], record, statement, work)
                    if change is not None:
                        filing.change(entry, change, record.cause)
        await filing.save()


def _change(
    known: Refugee | None, case: str, record: Received | Unreadable, statement: Statement, work: Work
) -> Change | None:
    """What becomes of a file; None where it stays as it is."""
    found = known.case(case) if known is not None else None
    if known is None or found is None:
        return None
    if statement.time is not None and refugee.is_stale(known, case, statement.time) is not None:
        return None
    time = _time(statement, found, record.raw)
    subject, today = new_subject("refugee"), local_day(work.now, known.municipality)
    if statement.says is Says.WITHDRAWN:
        return refugee.withdraw(known, Case(case, time), known.municipality, subject, today)
    if statement.says is Says.MINOR and not known.is_public:
        return None
    settlement = Settlement(
        case=case,
        municipality=known.municipality,
        time=time,
        secrecy="protected" if statement.says is Says.PROTECTED else "minor",
    )
    return refugee.settle(known, settlement, subject, today)


def _time(statement: Statement, case: Case, raw: Raw) -> datetime:
    """When the case was heard of last: a time that can't be right must not make what is sound stale."""
    if statement.time is None or statement.time > raw.broker_time:
        return case.newest
    return statement.time
