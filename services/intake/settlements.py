"""Settlements: one receipt for each record, one file for each person."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from services.intake import wire
from services.intake.codes import CaseKeys, Codes
from services.intake.domain import refugee
from services.intake.domain.refugee import Case, Change, Refugee
from services.intake.due import look_again
from services.intake.filing import Filing
from services.intake.notes import notes
from services.intake.publish import Publisher
from services.intake.receipts import readable_case, receipt, refused
from services.intake.safeguard import Heard, hear, heed, whoever
from services.intake.store import Entry, People
from services.intake.vocabulary import Vocabulary
from shared.clock import local_day
from shared.contracts import municipal
from shared.contracts.intake.receipts import SETTLEMENT_RECEIPT
from shared.contracts.municipalities import municipality_named
from shared.messaging.reading.outcome import Applied, Outcome, Stale
from shared.messaging.reading.records import Erased, Handled, Readable, Received
from shared.messaging.subscription import HandledBefore
from shared.messaging.work import Revision, Work

Vocabularies = Callable[[str], Vocabulary]
"""Municipality → what its programmes list."""


class _Taken(NamedTuple):
    """A settlement to decide on, with the keys of its case and of its former one, if it has one."""

    record: Received
    keys: Sequence[CaseKeys]

    @property
    def cases(self) -> Iterator[str]:
        return (key for keys in self.keys for key in keys.every)


class _Dismissed(NamedTuple):
    """A refused record: its outcome, what it says, and the keys of all cases that it may be of."""

    outcome: Outcome
    heard: Sequence[Heard]

    @property
    def cases(self) -> Iterator[str]:
        return (key for one in self.heard for place in (*one.own, *one.former) for key in place.keys.every)


class Settlements:
    """Applies what municipalities send and answers each record."""

    def __init__(self, people: People, publisher: Publisher, codes: Codes, vocabulary: Vocabularies) -> None:
        self._vocabulary = vocabulary
        self._people = people
        self._publisher = publisher
        self._codes = codes

    async def apply(
        self, records: Sequence[Readable | Handled], work: Work, handled_before: HandledBefore
    ) -> list[Outcome]:
        """Opens and corrects files, in offset order, with one query and one bulk write; heeds at its place
        what a refused record says of protection, unless that was heard before.
        """
        items = [self._item(item, handled_before) for item in records if not isinstance(item, Erased)]
        wanted = {case for item in items for case in item.cases}
        filing = await Filing.load(self._people, self._publisher, self._codes, wanted, work)
        outcomes: list[Outcome] = []
        for item in items:
            if isinstance(item, _Taken):
                outcomes.append(self._settled(item.record, item.keys, filing))
            else:
                outcomes.append(item.outcome)
                for heard in item.heard:
                    heed(heard, filing)
        await filing.save()
        return outcomes

    def _item(self, item: Received | Handled, handled_before: HandledBefore) -> "_Taken | _Dismissed":
        if isinstance(item, Received):
            dead = refused(item)
            if dead is None:
                return _Taken(item, self._keys(item))
            item = Handled(item, dead)
        record, outcome = item
        heard = () if handled_before(record.raw) else tuple(hear(record, self._codes))
        return _Dismissed(outcome, heard)

    def _keys(self, record: Received) -> list[CaseKeys]:
        keys = [self._codes.keys(record.owner or "", record.key)]
        if isinstance(record.data, municipal.PersonSettled) and (former := record.data.former) is not None:
            name = municipality_named(former.municipality, record.owner or "")
            if name is not None:
                keys.append(self._codes.keys(name, former.case))
        return keys

    def _settled(self, record: Received, keys: Sequence[CaseKeys], filing: Filing) -> Outcome:
        if self._is_no_move(record):
            return Applied()
        doubtful = filing.doubtful(keys[0])
        cases = [filing.on_file(one) for one in keys]
        own = cases[0]
        found = filing.of(cases)
        entry: Entry[Refugee] = found[0] if found else Entry(None, None)
        known = entry.file.person if entry.file is not None else None
        newer = refugee.is_stale(known, own, record.envelope.time)
        if newer is not None:
            return Stale(newer)
        former = found[-1].file if found and found[-1] is not entry else None
        if known is not None and former is not None:
            known = filing.merge(known, found[-1])
        change, outcome = self._decide(record, cases, known, former and former.person, filing.work)
        filing.change(entry, change, record.cause)
        if doubtful and change.refugee.status == "protected":
            municipality = change.refugee.municipality
            heed(whoever(doubtful, municipality, record), filing)
        if change.refugee.participations and _born(change.refugee) != _born(known):
            look_again(change.refugee, local_day(filing.work.now, record.owner), filing.work)
        return outcome

    def _is_no_move(self, record: Received) -> bool:
        """Whether somebody is said to move to their own municipality under its new code: old systems close
        all of their cases so.
        """
        if not isinstance(record.data, municipal.PersonMoved):
            return False
        own, to = record.owner or "", record.data.to_municipality
        return own != to and self._codes.current(own) == self._codes.current(to)

    def _decide(
        self,
        record: Received,
        cases: Sequence[str],
        known: Refugee | None,
        former: Refugee | None,
        work: Work,
    ) -> tuple[Change, Applied]:
        today = local_day(work.now, record.owner)
        envelope = record.envelope
        subject = self._codes.subject_of("refugee", record.raw.topic, envelope.source, envelope.id)
        municipality, data = self._codes.current(record.owner or ""), record.data
        if isinstance(data, municipal.PersonSettled):
            listed = self._vocabulary(municipality)
            said = wire.settlement(record, data, cases, listed)
            if said.municipality != municipality:
                said = replace(said, municipality=municipality)
            change = refugee.settle(known, said, subject, today, former)
            if said.secrecy == "minor":
                return change, Applied("referred")
            return change, Applied("accepted", notes(data, said, change.refugee, today, listed))
        case = Case(cases[0], record.envelope.time)
        match data:
            case municipal.SettlementWithdrawn():
                return refugee.withdraw(known, case, municipality, subject, today), Applied()
            case municipal.PersonMoved():
                return refugee.move(known, case, municipality, subject, today), Applied()
            case _:
                raise TypeError(record.message.name)

    async def report(self, handled: Sequence[Handled], work: Work) -> None:
        """Answers each record on its municipality's topic."""
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
