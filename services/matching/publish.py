"""Publishes what happened to a pair, and keeps its due rows in step."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.matching import wire
from services.matching.domain.pair import Fact, Pair
from services.matching.rows import COMPLETE, EXPIRE, PAIR_KINDS, RESUME
from services.matching.store import Pairs, StoredPair
from shared.clock import local_midnight
from shared.contracts import topics
from shared.messaging.commands import replies
from shared.messaging.reading.records import Cause
from shared.messaging.work import DueRow, Work


def publish(changed: StoredPair, facts: Sequence[Fact], cause: Cause, work: Work) -> StoredPair:
    """Publishes each fact with the pair's state; returns the pair at its new place in the topic."""
    pair = changed.pair
    for fact in facts:
        changed = replace(changed, state=changed.state.next(work.now))
        state = wire.pair_state(pair)
        work.emit(wire.EVENTS[fact], subject=pair.subject, data=state, cause=cause, revision=changed.state)
    quiet = {Fact.ANSWER_RECORDED, Fact.AGREEMENT_SIGNED, Fact.MEETING_LOGGED, Fact.PAIR_UPDATED}
    if not quiet.issuperset(facts):
        keep_due(pair, cause, work)
    return changed


def keep_due(pair: Pair, cause: Cause, work: Work) -> None:
    """Schedules what passing time will do to a pair, and takes back what it won't do any more."""
    times = _due(pair)
    for kind in PAIR_KINDS:
        row = _row_id(kind, pair.subject)
        if kind in times:
            data = {"correlation": cause.correlation}
            work.schedule(DueRow(row, kind, times[kind], pair.subject, data=data))
        else:
            work.cancel(row)


def _due(pair: Pair) -> dict[str, datetime]:
    """When something happens to a pair by itself, by kind of row."""
    if not pair.is_open:
        return {}
    if pair.status == "proposed":
        # A moment after the deadline: until then either side may still answer.
        return {EXPIRE: pair.respond_by + timedelta(milliseconds=1)}
    ends = [hold.until for hold in pair.holds if hold.until is not None]
    days = {COMPLETE: pair.ends_on, RESUME: min(ends, default=None)}
    return {kind: local_midnight(day, pair.municipality) for kind, day in days.items() if day is not None}


async def forget(pairs: Pairs, parties: Collection[str], work: Work) -> None:
    """Leaves nothing of the pairs of people who must not be known any more: a null on the topic, and here
    neither pair nor reply.
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
    await replies.forget(work, [*parties, *subjects])


def _row_id(kind: str, subject: str) -> str:
    return f"{kind}/{subject}"
