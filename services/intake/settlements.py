"""Settlements: one receipt for each record, one file for each person."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from services.intake import wire
from services.intake.domain import refugee
from services.intake.domain.refugee import Case, Change, Refugee
from services.intake.due import readiness_id
from services.intake.publish import Publisher
from services.intake.store import Entry, File, Files
from services.intake.wire import CaseKey
from shared.clock import local_day
from shared.contracts import municipal
from shared.contracts.fields import format_instant
from shared.contracts.intake.events import SETTLEMENT_RECEIPT
from shared.ids import new_subject
from shared.messaging.commands import replies
from shared.messaging.reading.outcome import Applied, Dead, Duplicate, Outcome, Stale
from shared.messaging.reading.records import Handled, Readable, Received
from shared.messaging.work import Revision, Work
from shared.mongo import Document
from shared.personal_numbers import reads_as_personal_number
from shared.published import refusal

_CASE = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)


@dataclass(slots=True)
class _Batch:
    """The files of a batch by the keys of their cases, those merged into others, and the subjects that must
    not be known any more."""

    entries: dict[str, Entry[Refugee]]
    merged: list[Entry[Refugee]] = field(default_factory=list)
    taken_back: list[str] = field(default_factory=list)

    def changes(self) -> list[tuple[File[Refugee] | None, File[Refugee] | None]]:
        """What to store: merged files go first, since their cases belong to others from now on."""
        changed = {id(entry): entry for entry in self.entries.values() if entry.changed}
        return [(entry.before, entry.file) for entry in (*self.merged, *changed.values())]


class Settlements:
    """Applies what municipalities send and answers each record."""

    def __init__(self, files: Files[Refugee], publisher: Publisher, case_key: CaseKey) -> None:
        self._files = files
        self._publisher = publisher
        self._case_key = case_key

    async def apply(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Opens and corrects files, in offset order, with one query and one bulk write."""
        received = [(record, self._cases(record)) for record in records if isinstance(record, Received)]
        wanted = {case for _, cases in received for case in cases}
        loaded = await self._files.by_case(wanted, work.session)
        by_subject = {file.person.subject: Entry[Refugee](file, file) for file in loaded.values()}
        batch = _Batch({case: by_subject[file.person.subject] for case, file in loaded.items()})
        outcomes = [self._settled(record, cases, batch, work) for record, cases in received]
        await self._files.save(batch.changes(), work.session)
        await replies.forget(work, batch.taken_back)
        return outcomes

    def _cases(self, record: Received) -> list[str]:
        cases = [self._case_key(record.owner or "", record.key)]
        if isinstance(record.data, municipal.PersonSettled) and (former := record.data.former) is not None:
            cases.append(self._case_key(former.municipality, former.case))
        return cases

    def _settled(self, record: Received, cases: Sequence[str], batch: _Batch, work: Work) -> Outcome:
        if (refused := self._refusal(record)) is not None:
            return refused
        own = cases[0]
        found = [batch.entries[case] for case in cases if case in batch.entries]
        entry = found[0] if found else Entry[Refugee](None, None)
        known = entry.file.person if entry.file is not None else None
        newer = refugee.is_stale(known, own, record.envelope.time)
        if newer is not None:
            return Stale(newer)
        if known is not None and found[-1] is not entry:
            known = self._merged(known, found[-1], record, batch, work)
        change = self._decide(record, cases, known, work)
        entry.file = self._published(entry.file, change, record, batch, work)
        entry.changed = True
        batch.entries.update({case.key: entry for case in change.refugee.cases})
        return self._accepted(record, change)

    def _merged(
        self, known: Refugee, former: Entry[Refugee], record: Received, batch: _Batch, work: Work
    ) -> Refugee:
        """The known file with the cases of a former one, which was opened before they proved to be one."""
        if former.file is None:
            return known
        together = refugee.merge(known, former.file.person)
        self._take_back(former.file, record, batch, work)
        former.file = None
        batch.merged.append(former)
        return together

    def _take_back(self, file: File[Refugee], record: Received, batch: _Batch, work: Work) -> None:
        """Leaves nothing of a subject outside, nor in the replies that are kept."""
        batch.taken_back.append(file.person.subject)
        work.cancel(readiness_id(file.person.subject))
        if file.state.number:
            self._publisher.take_back(file, record.cause, work)

    @staticmethod
    def _refusal(record: Received) -> Dead | None:
        if not _CASE.fullmatch(record.key):
            return Dead("case_invalid", "subject")
        if reads_as_personal_number(record.key):
            return Dead("personal_number", "subject")
        if (refused := refusal(record.data)) is not None:
            return Dead(refused.code, refused.field)
        if isinstance(record.data, municipal.PersonSettled | municipal.PersonMoved):
            return wire.date_in_future(record.data, local_day(record.raw.broker_time, record.owner))
        return None

    def _decide(self, record: Received, cases: Sequence[str], known: Refugee | None, work: Work) -> Change:
        today, subject = local_day(work.now, record.owner), new_subject("refugee")
        case = Case(cases[0], record.envelope.time)
        municipality = record.owner or ""
        match record.data:
            case municipal.PersonSettled() as settled:
                return refugee.settle(known, wire.settlement(record, settled, cases), subject, today)
            case municipal.SettlementWithdrawn():
                return refugee.withdraw(known, case, municipality, subject, today)
            case municipal.PersonMoved():
                return refugee.move(known, case, municipality, subject, today)
            case _:
                raise TypeError(record.message.name)

    def _published(
        self, before: File[Refugee] | None, change: Change, record: Received, batch: _Batch, work: Work
    ) -> File[Refugee]:
        person = change.refugee
        if before is not None and before.person.subject == person.subject:
            file = before._replace(person=person)
        else:
            file = File(person)
        if before is not None and before.person.subject != person.subject:
            self._take_back(before, record, batch, work)
        if change.fact is not None:
            file = self._publisher.changed(before, file, change.fact, record.cause, work)
        return file

    @staticmethod
    def _accepted(record: Received, change: Change) -> Applied:
        data = record.data
        if not isinstance(data, municipal.PersonSettled):
            return Applied("accepted")
        if change.refugee.status == "referred":
            return Applied("referred")
        if "protection" not in data.model_fields_set:
            return Applied("accepted", "protection_unstated", "protection")
        return Applied("accepted")

    async def report(self, handled: Sequence[Handled], work: Work) -> None:
        """Answers each record on its municipality's receipts topic."""
        order = Revision().next(work.now).order
        answers: Counter[tuple[str, str | None]] = Counter()
        for item in handled:
            record = item.record
            owner = getattr(record, "owner", None)
            if owner is None:
                continue
            case = _readable_case(record.raw.key)
            # One receipt a record, in the order of the records: their offset numbers them.
            revision = Revision(record.raw.offset + 1, order + answers[owner, case])
            answers[owner, case] += 1
            work.emit(
                SETTLEMENT_RECEIPT,
                subject=case or "unreadable",
                key=case or "",
                data=_receipt(item),
                cause=record.cause,
                owner=owner,
                revision=revision,
            )


def _readable_case(key: bytes | None) -> str | None:
    """The case reference to answer under; None where it is none, or must not be repeated."""
    try:
        case = (key or b"").decode()
    except UnicodeDecodeError:
        return None
    return case if _CASE.fullmatch(case) and not reads_as_personal_number(case) else None


def _receipt(item: Handled) -> Document:
    """The JSON of a `SettlementReceipt`."""
    receipt: Document
    match item.outcome:
        case Applied(outcome, code, field):
            receipt = {"outcome": outcome, "code": code, "field": field}
        case Duplicate():
            receipt = {"outcome": "duplicate"}
        case Stale(newer):
            receipt = {"outcome": "stale", "newer": None if newer is None else format_instant(newer)}
        case Dead(code, field):
            receipt = {"outcome": "rejected", "code": code, "field": field}
        case _ as never:
            assert_never(never)
    raw = item.record.raw
    receipt |= {"partition": raw.partition, "offset": raw.offset}
    return {name: value for name, value in receipt.items() if value is not None}
