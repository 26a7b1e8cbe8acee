"""Publishes what happened to a pair, and keeps its due rows in step."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from services.matching import wire
from services.matching.domain.pair import Fact, Pair
from services.matching.rows import EXPIRE
from services.matching.store import Pairs, StoredPair
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
    if pair.status != "proposed" or Fact.PAIR_PROPOSED in facts:
        keep_due(pair, cause, work)
    return changed


def keep_due(pair: Pair, cause: Cause, work: Work) -> None:
    """Schedules a proposal's expiry, and takes it back once it is answered."""
    if pair.status != "proposed":
        work.cancel(_expiry_id(pair.subject))
        return
    # A moment after the deadline: until then either side may still answer.
    after = pair.respond_by + timedelta(milliseconds=1)
    data = {"correlation": cause.correlation}
    work.schedule(DueRow(_expiry_id(pair.subject), EXPIRE, after, pair.subject, data=data))


async def forget(pairs: Pairs, parties: Collection[str], work: Work) -> None:
    """Leaves nothing of the pairs of people who must not be known any more: a null on the topic, and here
    neither pair nor reply.
    """
    if not parties:
        return
    theirs = await pairs.of_parties(parties, work.session)
    for stored in theirs:
        work.cancel(_expiry_id(stored.pair.subject))
        work.erase(topics.PAIRS, stored.pair.subject, stored.state.next(work.now))
    subjects = [stored.pair.subject for stored in theirs]
    await pairs.remove(subjects, work.session)
    await replies.forget(work, [*parties, *subjects])


def _expiry_id(subject: str) -> str:
    return f"{EXPIRE}/{subject}"
