"""Settlements: one receipt for each record, one file for each person."""

from collections import Counter
from collections.abc import Callable, Sequence

from services.intake import wire
from services.intake.domain import refugee
from services.intake.domain.refugee import Case, Change, Refugee
from services.intake.due import look_again
from services.intake.filing import Filing
from services.intake.notes import notes
from services.intake.publish import Publisher
from services.intake.receipts import readable_case, receipt, refused
from services.intake.safeguard import Safeguard
from services.intake.store import Entry, Files
from services.intake.vocabulary import Vocabulary
from services.intake.wire import CaseKey
from shared.clock import local_day
from shared.contracts import municipal
from shared.contracts.intake.receipts import SETTLEMENT_RECEIPT
from shared.ids import new_subject
from shared.messaging.reading.outcome import Applied, Outcome, Stale
from shared.messaging.reading.records import Handled, Readable, Received
from shared.messaging.work import Revision, Work

Vocabularies = Callable[[str], Vocabulary]
"""Municipality → what its programmes list."""


class Settlements:
    """Applies what municipalities send and answers each record."""

    def __init__(
        self, files: Files[Refugee], publisher: Publisher, case_key: CaseKey, vocabulary: Vocabularies
    ) -> None:
        self._vocabulary = vocabulary
        self._files = files
        self._publisher = publisher
        self._case_key = case_key
        self._safeguard = Safeguard(files, publisher, case_key)

    async def apply(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Opens and corrects files, in offset order, with one query and one bulk write."""
        received = [(record, self._cases(record)) for record in records if isinstance(record, Received)]
        wanted = {case for _, cases in received for case in cases}
        filing = await Filing.load(self._files, self._publisher, wanted, work)
        outcomes = [self._settled(record, cases, filing) for record, cases in received]
        await filing.save()
        return outcomes

    def _cases(self, record: Received) -> list[str]:
        cases = [self._case_key(record.owner or "", record.key)]
        if isinstance(record.data, municipal.PersonSettled) and (former := record.data.former) is not None:
            cases.append(self._case_key(former.municipality, former.case))
        return cases

    def _settled(self, record: Received, cases: Sequence[str], filing: Filing) -> Outcome:
        if (dead := refused(record)) is not None:
            return dead
        own = cases[0]
        found = filing.of(cases)
        entry: Entry[Refugee] = found[0] if found else Entry(None, None)
        known = entry.file.person if entry.file is not None else None
        newer = refugee.is_stale(known, own, record.envelope.time)
        if newer is not None:
            return Stale(newer)
        former = found[-1].file if found and found[-1] is not entry else None
        if known is not None and former is not None:
            known = filing.merge(known, found[-1], record.cause)
        change, outcome = self._decide(record, cases, known, former and former.person, filing.work)
        filing.change(entry, change, record.cause)
        if change.refugee.participations and _born(change.refugee) != _born(known):
            look_again(change.refugee, local_day(filing.work.now, record.owner), filing.work)
        return outcome

    def _decide(
        self,
        record: Received,
        cases: Sequence[str],
        known: Refugee | None,
        former: Refugee | None,
        work: Work,
    ) -> tuple[Change, Applied]:
        today, subject = local_day(work.now, record.owner), new_subject("refugee")
        case = Case(cases[0], record.envelope.time)
        municipality = record.owner or ""
        match record.data:
            case municipal.PersonSettled() as settled:
                said = wire.settlement(record, settled, cases, self._vocabulary(municipality))
                if former is not None and said.secrecy == "none" and refugee.is_hidden_since(former, said):
                    said = refugee.hidden(said)
                change = refugee.settle(known, said, subject, today)
                if change.refugee.status == "referred":
                    return change, Applied("referred")
                listed = self._vocabulary(municipality)
                return change, Applied("accepted", tuple(notes(settled, said, change.refugee, today, listed)))
            case municipal.SettlementWithdrawn():
                return refugee.withdraw(known, case, municipality, subject, today), Applied()
            case municipal.PersonMoved():
                return refugee.move(known, case, municipality, subject, today), Applied()
            case _:
                raise TypeError(record.message.name)

    async def report(self, handled: Sequence[Handled], work: Work) -> None:
        """Heeds what refused records say of protection, and answers each on its municipality's topic."""
        await self._safeguard.heed(handled, work)
        order = Revision().next(work.now).order
        answers: Counter[tuple[str, str | None]] = Counter()
        for item in handled:
            record = item.record
            owner = getattr(record, "owner", None)
            if owner is None:
                continue
            case = readable_case(record.raw.key)
            # One receipt a record, in the order of the records: their offset numbers them.
            revision = Revision(record.raw.offset + 1, order + answers[owner, case])
            answers[owner, case] += 1
            work.emit(
                SETTLEMENT_RECEIPT,
                subject=case or "unreadable",
                key=case or "",
                data=receipt(item),
                cause=record.cause,
                owner=owner,
                revision=revision,
            )


def _born(person: Refugee | None) -> str | None:
    return None if person is None or person.details is None else person.details.born
