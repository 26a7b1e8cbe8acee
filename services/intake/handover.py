"""Hands an operator's people to another, a batch at a time: thousands fit into no one transaction."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from services.intake import transfers
from services.intake.codes import Codes
from services.intake.domain import refugee, volunteer
from services.intake.domain.caseload import Transfer
from services.intake.domain.person import Person
from services.intake.domain.refugee import Refugee
from services.intake.publish import Publisher
from services.intake.rows import HANDOVER_KIND
from services.intake.store import Change, File, People
from shared.clock import local_day
from shared.contracts.notices import Notice
from shared.messaging.due import DueHandler, Task
from shared.messaging.reading.records import Cause
from shared.messaging.work import DueRow, Work
from shared.mongo import Document
from shared.notices import tell
from shared.operators import Operators

P = TypeVar("P", bound=Person)

BATCH = 200
"""People handed over in one transaction."""


def of_giver(transfer: Transfer, codes: Codes) -> Document:
    """Who is yet to be handed over, under whichever code of the municipality they still are. Whoever was is
    the other's, so that no batch takes them twice.
    """
    there = codes.known_as(transfer.municipality)
    return {"person.coordinator": transfer.giver, "person.municipality": {"$in": there}}


def begin(transfer: Transfer, cause: Cause, work: Work) -> None:
    """Has the people of an accepted transfer handed over."""
    work.schedule(
        DueRow(
            f"{HANDOVER_KIND}/{transfer.subject}",
            HANDOVER_KIND,
            work.now,
            transfer.subject,
            data={"cause": cause.id, "correlation": cause.correlation},
        )
    )


def tell_both(code: str, transfer: Transfer, operators: Operators, cause: Cause, work: Work) -> None:
    """Tells those of the two who may look after people there now."""
    there = operators.coordinators(transfer.municipality, work.now)
    notice = Notice(
        code=code,
        municipality=transfer.municipality,
        about=[],
        on=local_day(work.now, transfer.municipality),
    )
    both = [name for name in (transfer.giver, transfer.to) if name in there]
    tell(notice, transfer.subject, both, operators, cause, work)


class Handover:
    """The handler of accepted transfers."""

    def __init__(self, people: People, publisher: Publisher, operators: Operators, codes: Codes) -> None:
        self._people = people
        self._publisher = publisher
        self._operators = operators
        self._codes = codes

    @property
    def handlers(self) -> Mapping[str, DueHandler]:
        """The handler of each kind of row."""
        return {HANDOVER_KIND: self.hand_over}

    async def hand_over(self, task: Task) -> None:
        """Hands people over in batches, and says so to both when all are."""

        async def batch(work: Work) -> bool:
            transfer = await transfers.find(task.row.subject, self._codes, work)
            return transfer is not None and await self._batch(transfer, task.row.cause, work)

        async def end(work: Work) -> None:
            transfer = await transfers.find(task.row.subject, self._codes, work)
            if transfer is None:
                return
            # Somebody may have become theirs since the last batch.
            if await self._batch(transfer, task.row.cause, work):
                begin(transfer, task.row.cause, work)
                return
            await transfers.keep(replace(transfer, status="taken"), work)
            tell_both("caseload_taken", transfer, self._operators, task.row.cause, work)

        while await task.step(batch):
            await task.keep()
        await task.finish(end)

    async def _batch(self, transfer: Transfer, cause: Cause, work: Work) -> bool:
        """Hands over the next people; whether there may be more."""
        changes: list[Change] = []
        for files in (self._people.refugees, self._people.volunteers):
            room = BATCH - len(changes)
            found = await files.find(of_giver(transfer, self._codes), work.session, room) if room else []
            changes += [self._handed_over(file, transfer.to, cause, work) for file in found]
        await self._people.save(changes, work.session)
        return len(changes) == BATCH

    def _handed_over(self, file: File[P], to: str, cause: Cause, work: Work) -> Change:
        changed = file._replace(person=replace(file.person, coordinator=to))
        return file, self._publisher.changed(file, changed, _fact(file.person), cause, work)


def _fact(who: Person) -> StrEnum:
    return refugee.Fact.CORRECTED if isinstance(who, Refugee) else volunteer.Fact.UPDATED
