"""Publishes what happened to a pair, tells its coordinators, and keeps its due rows in step."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from services.matching import wire
from services.matching.domain.evaluation import next_day
from services.matching.domain.guides import forget
from services.matching.domain.notices import Told, notices
from services.matching.domain.pair import Fact, Pair
from services.matching.rows import COMPLETE, EXPIRE, MILESTONE, PAIR_KINDS, RESUME
from services.matching.store import Pairs, Parties, StoredPair
from shared.clock import local_midnight, local_time
from shared.contracts import topics
from shared.messaging.commands import replies
from shared.messaging.reading.records import Cause
from shared.messaging.work import DueRow, Work
from shared.notices import tell
from shared.operators import Operators

BEING_MADE = frozenset({"proposed", "accepted"})


class _OfPair(NamedTuple):
    """A notice of a pair, whose coordinators are yet to be found."""

    pair: Pair
    told: Told
    cause: Cause


class Publisher:
    """Turns what happened to pairs into records."""

    def __init__(self, parties: Parties, operators: Operators) -> None:
        self._parties = parties
        self._operators = operators

    def publish(
        self, stored: StoredPair, pair: Pair, facts: Sequence[Fact], cause: Cause, work: Work
    ) -> StoredPair:
        """Publishes each fact with the state of the pair that the stored one has become, or is where it is
        new; returns it at its new place in the topic. Until it is created its people's trace goes on in it,
        whoever acts.
        """
        changed = replace(stored, pair=pair)
        if facts:
            cause = work.follow(stored.trace, facts[-1], cause)
            being_made = stored.trace is not None and pair.status in BEING_MADE
            changed = replace(changed, trace=cause.kept if being_made else None)
        for fact in facts:
            changed = replace(changed, state=changed.state.next(work.now))
            state = wire.pair_state(pair)
            work.emit(
                wire.EVENTS[fact], subject=pair.subject, data=state, cause=cause, revision=changed.state
            )
        for told in notices(stored.pair, pair, facts, local_time(work.now, pair.municipality)):
            work.gather(_OfPair(pair, told, cause), self._tell)
        if stored.pair.is_open:
            for person in pair.resting:
                work.gather(person, self._move_on)
        quiet = {Fact.ANSWER_RECORDED, Fact.AGREEMENT_SIGNED, Fact.MEETING_LOGGED, Fact.PAIR_UPDATED}
        if not quiet.issuperset(facts):
            keep_due(pair, cause, work, is_new=stored.state.number == 0)
        return changed

    async def _tell(self, items: Sequence[_OfPair], work: Work) -> None:
        """Tells the coordinators of the people of each notice, with one query for all."""
        given = [(wire.notice(pair, told), pair.subject, cause) for pair, told, cause in items]
        people = {person for notice, _, _ in given for person in notice.about}
        coordinators = await self._parties.coordinators(people, work.session)
        for notice, subject, cause in given:
            theirs = [coordinators.get(person) for person in notice.about]
            tell(notice, subject, theirs, self._operators, cause, work)

    async def _move_on(self, people: Sequence[str], work: Work) -> None:
        """Moves on the versions of who rests from now on: a guide may have a place left beside the pair
        that is over, and a round that has read them before would propose somebody to them.
        """
        await self._parties.touch(frozenset(people), work.session)

    async def forget(self, pairs: Pairs, parties: Collection[str], cause: Cause, work: Work) -> None:
        """Leaves nothing of the pairs of people who must not be known any more: a null on the topic, and here
        neither pair nor reply. What names them otherwise, as who guided it before or in its receipt, goes on
        without them.
        """
        if not parties:
            return
        theirs = await pairs.of_parties(parties, work.session)
        for stored in theirs:
            for kind in PAIR_KINDS:
                work.cancel(_row_id(kind, stored.pair.subject))
            work.erase(topics.PAIRS, stored.pair.subject, stored.state.next(work.now))
        subjects = [stored.pair.subject for stored in theirs]
        await pairs.remove(subjects, work.session)
        others = [
            stored
            for stored in await pairs.naming(parties, work.session)
            if stored.pair.subject not in subjects
        ]
        without = []
        for stored in others:
            pair, facts = forget(stored.pair, parties)
            without.append(self.publish(stored, pair, facts, cause, work))
        await pairs.save(without, work.session)
        subjects += [stored.pair.subject for stored in others]
        await replies.forget(work, [*parties, *subjects])


def keep_due(pair: Pair, cause: Cause, work: Work, *, is_new: bool = False) -> None:
    """Schedules what passing time will do to a pair, and takes back what it won't do any more: of one that is
    new there is nothing to take back.
    """
    times = _due(pair)
    for kind in PAIR_KINDS:
        row = _row_id(kind, pair.subject)
        if kind in times:
            # What is due of a pair that runs is nobody's doing any more.
            trace = cause.for_later if kind == EXPIRE else {}
            data = {"correlation": cause.correlation, **trace}
            work.schedule(DueRow(row, kind, times[kind], pair.subject, data=data))
        elif not is_new:
            work.cancel(row)


def _due(pair: Pair) -> dict[str, datetime]:
    """When something happens to a pair by itself, by kind of row."""
    if not pair.is_open:
        return {}
    if pair.status == "proposed":
        # A moment after the deadline: until then either side may still answer.
        return {EXPIRE: pair.respond_by + timedelta(milliseconds=1)}
    ends = [hold.until for hold in pair.holds if hold.until is not None]
    days = {COMPLETE: pair.ends_on, RESUME: min(ends, default=None), MILESTONE: next_day(pair)}
    return {kind: local_midnight(day, pair.municipality) for kind, day in days.items() if day is not None}


def _row_id(kind: str, subject: str) -> str:
    return f"{kind}/{subject}"
