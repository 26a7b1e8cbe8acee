"""Rebuilds matching's database from topics: the pairs that it published, and the parties of today.

The history of a topic is no series of states that were true together: a pair that is over may hold a slot for
a while that is another's now, and somebody who left may be back. So pairs open when everything is read: a
departure of the past finds none to end. Of what is read nobody is told again; of ends that come only now
coordinators are.
"""

from collections.abc import Mapping, Sequence

from services.matching import wire
from services.matching.between_rounds import BetweenRounds
from services.matching.domain.course import end_because
from services.matching.domain.pair import EndReason, Pair, Side
from services.matching.domain.presence import follow, look_after
from services.matching.parties import States
from services.matching.publish import Publisher, keep_due
from services.matching.readers import RefugeeRead, VolunteerRead
from services.matching.store import Known, Pairs, Parties, StoredPair
from shared.clock import local_time
from shared.contracts import topics
from shared.contracts.matching.states import PairState
from shared.logging import get_logger
from shared.messaging.reading.records import Cause, Erased, Readable, Received
from shared.messaging.rebuild import CAUSE, Recipe, Source, Steps
from shared.messaging.work import Revision, Work

log = get_logger(__name__)

AT_ONCE = 100


class Rebuilding:
    """What matching takes from topics, and how it puts that together."""

    def __init__(
        self,
        parties: Parties,
        pairs: Pairs,
        states: States,
        publisher: Publisher,
        between: BetweenRounds,
    ) -> None:
        self._parties = parties
        self._pairs = pairs
        self._states = states
        self._publisher = publisher
        self._between = between

    @property
    def recipe(self) -> Recipe:
        """Pairs first; rounds say what pools keep from one to the next."""
        return Recipe(
            (
                Source(topics.PAIRS, self.take_pairs),
                Source(topics.ROUNDS, self._between.take),
                Source(topics.REFUGEES, self._states.refugees, RefugeeRead),
                Source(topics.VOLUNTEERS, self._states.volunteers, VolunteerRead),
            ),
            self.finish,
        )

    async def take_pairs(self, records: Sequence[Readable], work: Work) -> None:
        """Keeps the newest state of each pair, not open yet, with its due row."""
        known = await self._pairs.by_subject((record.key for record in records), work.session)
        newest: dict[str, tuple[StoredPair, Cause]] = {}
        erased: set[str] = set()
        for record in records:
            if isinstance(record, Erased):
                newest.pop(record.key, None)
                erased.add(record.key)
                continue
            revision = record.envelope.revision or 0
            before = newest[record.key][0] if record.key in newest else known.get(record.key)
            if before is None or revision > before.state.number:
                erased.discard(record.key)
                stored = StoredPair(_pair(record), Revision(revision))
                newest[record.key] = stored, record.cause
        for stored, cause in newest.values():
            keep_due(stored.pair, cause, work)
        await self._pairs.stage([stored for stored, _ in newest.values()], work.session)
        await self._pairs.remove(erased, work.session)

    async def finish(self, steps: Steps, _: int) -> None:
        """Opens the pairs, then ends those of people who had left when the database was lost."""
        while await steps.step(self._open_some):
            pass
        after = ""
        while after := await steps.step(lambda work, after=after: self._end_some(after, work)):  # type: ignore[misc]
            pass

    async def _open_some(self, work: Work) -> bool:
        """Opens the newest pairs that aren't; returns whether there were any.

        Where two hold one place, the end of the older had been decided and was not sent: it ends now.
        """
        staged = await self._pairs.staged(AT_ONCE, work.session)
        people = {person for item in staged for person in (item.pair.receiving, item.pair.giving)}
        held = {
            place for item in await self._pairs.open_of(people, work.session) for place in _places(item.pair)
        }
        changed: list[StoredPair] = []
        for item in staged:
            places = _places(item.pair)
            if held.isdisjoint(places):
                held |= places
                changed.append(item)
            else:
                log.warning("pair_ended_by_rebuild", code=EndReason.OTHER)
                changed.append(self._ended(item, EndReason.OTHER, work))
        await self._pairs.save(changed, work.session)
        return bool(staged)

    async def _end_some(self, after: str, work: Work) -> str:
        """Ends pairs of the departed among the next open ones; returns the last that was looked at, or ""."""
        pairs = await self._pairs.open_after(after, AT_ONCE, work.session)
        people = {person for item in pairs for person in (item.pair.receiving, item.pair.giving)}
        known = await self._parties.known(people, work.session)
        followed = [changed for item in pairs if (changed := self._followed(item, known, work)) is not None]
        await self._pairs.save(followed, work.session)
        erased = [person for person, found in known.items() if found.erased]
        await self._publisher.forget(self._pairs, erased, CAUSE, work)
        return pairs[-1].pair.subject if pairs else ""

    def _followed(self, item: StoredPair, known: Mapping[str, Known], work: Work) -> StoredPair | None:
        """The pair as its people's presence has it, published; None where it goes on as it is."""
        now, changed = local_time(work.now, item.pair.municipality), None
        people: tuple[tuple[Side, str], ...] = (
            ("receiving", item.pair.receiving),
            ("giving", item.pair.giving),
        )
        for side, subject in people:
            if subject in known and item.pair.is_open:
                pair, facts = follow(item.pair, side, known[subject].presence, EndReason.WITHDRAWN, now)
                if facts:
                    item = changed = self._publisher.publish(item, pair, facts, CAUSE, work)
        both = [known[subject].coordinator for _, subject in people if subject in known]
        if len(both) < len(people):
            return changed
        pair, facts = look_after(item.pair, *both)
        return self._publisher.publish(item, pair, facts, CAUSE, work) if facts else changed

    def _ended(self, item: StoredPair, reason: EndReason, work: Work) -> StoredPair:
        pair, facts = end_because(item.pair, reason, local_time(work.now, item.pair.municipality))
        return self._publisher.publish(item, pair, facts, CAUSE, work)


def _pair(record: Received) -> Pair:
    if not isinstance(record.data, PairState):
        raise TypeError(f"{record.message.name} is no state of a pair")
    return wire.pair(record.key, record.data)


def _places(pair: Pair) -> set[tuple[str, ...]]:
    """What no two open pairs may share: the receiving party's place in a relation, and the guide's slot."""
    return {(pair.receiving, pair.programme, pair.relation), (pair.giving, str(pair.slot))}
