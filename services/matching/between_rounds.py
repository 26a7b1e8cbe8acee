"""What a pool takes from one round to the next: points for a group that waits longer, and what recruitment
was told.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from services.matching import wire_rounds
from services.matching.domain.cohorts import OLDEST, YOUNGEST, Arrival, Cohorts, advance, favoured
from services.matching.domain.party import Rules
from services.matching.domain.rounds import RoundResult
from services.matching.store import Pairs, Parties, Pools, Told
from shared.clock import local_day
from shared.contracts.matching.events import RECRUITMENT_NEEDED
from shared.contracts.matching.rounds import RecruitmentNeeded, RoundCompleted
from shared.logging import get_logger
from shared.messaging.reading.records import Cause, Readable, Received
from shared.messaging.work import Work

log = get_logger(__name__)


class BetweenRounds:
    """Reads and moves on what pools keep, in the transactions of rounds."""

    def __init__(self, parties: Parties, pairs: Pairs, pools: Pools) -> None:
        self._parties = parties
        self._pairs = pairs
        self._pools = pools

    async def favour(
        self, municipality: str, rules: Rules, today: date, work: Work, *, keep: bool
    ) -> tuple[Mapping[str, int], Cohorts | None]:
        """The points of the group that waits longer, where the pack has it so; the controller moves on once a
        day, and where `keep` says so that is stored.
        """
        attribute = rules.cohort_attribute
        if attribute is None:
            return {}, None
        pool = f"{municipality}/{rules.name}"
        before = await self._pools.cohorts(pool, work.session)
        arrived = await self._parties.arrived(
            municipality, rules.name, attribute, (today - OLDEST, today - YOUNGEST), work.session
        )
        taken = await self._pairs.first_proposed(rules.name, [one.subject for one in arrived], work.session)
        arrivals = [Arrival(one.group, (taken.get(one.subject, today) - one.on).days) for one in arrived]
        cohorts = advance(before, attribute, arrivals, today)
        if keep and cohorts != before:
            await self._pools.keep_cohorts(pool, cohorts, work.session)
        points = favoured(attribute, cohorts)
        log.info("cohort_controller", pool=pool, attribute=attribute, favoured=points, gap=cohorts.gap_days)
        return points, cohorts

    async def tell_needs(self, municipality: str, solved: RoundResult, cause: Cause, work: Work) -> None:
        """Says which guides are lacking: once a day at most, unless it has changed."""
        pool = f"{municipality}/{solved.programme}"
        told = Told(solved.needs, local_day(work.now, municipality))
        if not told.needs or await self._pools.told(pool, work.session) == told:
            return
        needed = wire_rounds.recruitment(municipality, solved, told.on)
        work.emit(RECRUITMENT_NEEDED, subject=pool, data=needed, cause=cause)
        await self._pools.keep_told(pool, told, work.session)

    async def take(self, records: Sequence[Readable], work: Work) -> None:
        """Puts back what was published, when a database is built anew; of a pool the latest holds."""
        for record in records:
            match record:
                case Received(data=RoundCompleted(cohorts=evened)) if evened is not None:
                    await self._pools.keep_cohorts(record.key, wire_rounds.cohorts_of(evened), work.session)
                case Received(data=RecruitmentNeeded() as needed):
                    await self._pools.keep_told(
                        record.key, Told(wire_rounds.needs_of(needed), needed.on), work.session
                    )
                case _:
                    pass
