"""Two years of one programme under several policies, with the same people arriving on the same days.

Whoever is proposed is paired. Half of the guides come back once a pair has had its ten months. Waiting counts
to the proposal, or to the end for who never got one; the gap is that of those who arrived after the first
half year, when what there was at the start has passed.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from statistics import fmean
from typing import Any

import numpy as np

from services.matching.domain.cohorts import OLDEST, YOUNGEST, Arrival, Cohorts, advance, favoured
from services.matching.domain.columns import columns_of
from services.matching.domain.party import Giving, Pool, Receiving, Rules
from services.matching.domain.priority import priorities
from services.matching.domain.rounds import market_of
from services.matching.domain.rules import compatibility
from services.matching.domain.score import score_matrix
from services.matching.domain.solve import components, solve
from tests.bench.matching import people
from tests.unit.matching.pools import BERGEN, rules

START = date(2026, 1, 1)
DAYS = 730
SETTLED_AFTER = 180
ARRIVALS, GUIDES = 0.62, 0.66
"""People a day on either side of the smaller programme: with the guides who come back somewhat fewer than
wait."""
LASTS = 300
COMES_BACK = 0.5

Found = list[tuple[Receiving, Giving, int]]
"""Pairs with their scores."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many wait at the start, and how many times as many arrive as in the smaller programme."""

    waiting: int
    times: float


SMALL, LARGE = Size(63, 1), Size(350, 7.1)
"""The two of the simulation in docs/domain.md: 456 and 3,234 pairs in two years, first come, first served."""


@dataclass(frozen=True, slots=True)
class World:
    """Who arrives on which day of two years, and which guides come back."""

    receiving: list[Receiving]
    giving: list[Giving]
    returning: frozenset[str]


def world(seed: int, size: Size) -> World:
    """One programme's two years: those who wait at the start have waited up to two hundred days."""
    chance = random.Random(seed)  # noqa: S311 - repeatable years, no secret
    since = [START - timedelta(days=chance.randrange(200)) for _ in range(size.waiting)]
    since += _arrivals(chance, ARRIVALS * size.times)
    receiving = [people.refugee(chance, number, day, BERGEN) for number, day in enumerate(since)]
    guides = enumerate(_arrivals(chance, GUIDES * size.times))
    giving = [people.guide(chance, number, day, BERGEN) for number, day in guides]
    returning = frozenset(guide.subject for guide in giving if chance.random() < COMES_BACK)
    return World(receiving, giving, returning)


def _arrivals(chance: random.Random, a_day: float) -> list[date]:
    """Days of arrivals at a rate, as chance has them."""
    days, moment = [], chance.expovariate(a_day)
    while moment < DAYS:
        days.append(START + timedelta(days=int(moment)))
        moment += chance.expovariate(a_day)
    return days


@dataclass(slots=True)
class Policy:
    """How a day's pairs are found. With `cohorts` the controller favours who waits longer."""

    name: str
    find: Callable[[Pool], Found]
    rules: Rules
    cohorts: Cohorts | None = None


@dataclass(slots=True)
class Outcome:
    """Of two years: scores of pairs, and how long each group waited."""

    scores: list[int] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    late: dict[str | None, list[int]] = field(default_factory=lambda: {"male": [], "female": []})

    def figures(self) -> dict[str, float]:
        """What is compared."""
        return {
            "score": sum(self.scores),
            "pairs": len(self.scores),
            "p95_days": float(np.percentile(self.waits, 95)),
            "gap_days": fmean(self.late["male"]) - fmean(self.late["female"]),
        }


def two_years(given: World, policy: Policy) -> Outcome:
    """Plays a policy through."""
    paired: dict[str, date] = {}
    free: dict[str, Giving] = {}
    guiding: dict[str, Giving] = {}
    ends: dict[date, list[Giving]] = {}
    outcome, cohorts, known = Outcome(), policy.cohorts, 0
    for day in (START + timedelta(days=number) for number in range(DAYS)):
        free |= {guide.subject: guide for guide in given.giving if guide.ready_since == day}
        over = {guide.subject: guide for guide in ends.pop(day, ())}
        guiding = {subject: guide for subject, guide in guiding.items() if subject not in over}
        free |= {
            subject: replace(guide, ready_since=day)
            for subject, guide in over.items()
            if subject in given.returning
        }
        here = [one for one in given.receiving if one.ready_since <= day]
        waiting = tuple(one for one in here if one.subject not in paired)
        points: dict[str, int] = {}
        if cohorts is not None:
            cohorts = advance(cohorts, "gender", _arrived(here, paired, day), day)
            points = favoured("gender", cohorts)
        # Who has a pair still says which guides there are, where scarcity counts.
        taken = guiding if policy.rules.scarcity else {}
        pool = Pool(
            rules=policy.rules,
            receiving=waiting,
            giving=(*free.values(), *taken.values()),
            today=day,
            taken=dict.fromkeys(taken, frozenset({0})),
            favoured=points,
        )
        # Whom yesterday's round left has nobody, until somebody comes.
        came = len(here) + len(free) > known
        for party, guide, score in policy.find(pool) if came and waiting and free else []:
            paired[party.subject] = day
            outcome.scores.append(score)
            guiding[guide.subject] = free.pop(guide.subject)
            ends.setdefault(day + timedelta(days=LASTS), []).append(guide)
        known = len(here) + len(free)
    end, settled = START + timedelta(days=DAYS), START + timedelta(days=SETTLED_AFTER)
    for one in given.receiving:
        waited = (paired.get(one.subject, end) - one.ready_since).days
        outcome.waits.append(waited)
        if one.ready_since >= settled:
            outcome.late[one.gender].append(waited)
    return outcome


def _arrived(here: list[Receiving], paired: dict[str, date], day: date) -> list[Arrival]:
    return [
        Arrival(one.gender, (paired.get(one.subject, day) - one.ready_since).days)
        for one in here
        if YOUNGEST <= day - one.ready_since <= OLDEST
    ]


def in_turn(pool: Pool) -> Found:
    """First come, first served: who has waited longest takes the guide who has waited longest and suits."""
    columns = columns_of(pool)
    allowed = compatibility(columns).allowed
    free = np.ones(len(columns.giving), dtype=np.bool_)
    turns = [guide.ready_since or pool.today for guide in columns.giving]
    found: Found = []
    for row in sorted(range(len(columns.receiving)), key=lambda row: columns.receiving[row].ready_since):
        open_guides = np.flatnonzero(allowed[row] & free).tolist()
        if open_guides:
            guide = min(open_guides, key=lambda place: turns[place])
            free[guide] = False
            score = int(score_matrix(columns, np.array([row]), np.array([guide]))[0, 0])
            found.append((columns.receiving[row], columns.giving[guide], score))
    return found


def in_rounds(pool: Pool) -> Found:
    """A round as the service has it, without its explanations."""
    columns = columns_of(pool)
    compatible = compatibility(columns)
    first = priorities(columns)
    found: Found = []
    for rows, guides in components(compatible.allowed):
        market = market_of(columns, compatible, first, rows, guides)
        best = solve(market)
        found += [
            (columns.receiving[rows[row]], columns.giving[guides[guide]], int(market.score[row, guide]))
            for row, guide in zip(best.rows.tolist(), best.guides.tolist(), strict=True)
        ]
    return found


def policies() -> list[Policy]:
    """From the plainest to all that a pack may have."""
    asked: dict[str, Any] = {"hours": 1.0}
    return [
        Policy("first come, first served", in_turn, rules(**asked)),
        Policy("daily optimal", in_rounds, rules(**asked, waiting_points_per_day=0)),
        Policy("daily optimal, 0.2 point a day", in_rounds, rules(**asked)),
        Policy("the same, 0.4 point", in_rounds, rules(**asked, waiting_points_per_day=0.4)),
        Policy("0.2 point, scarcity", in_rounds, rules(**asked, scarcity=True)),
        Policy(
            "0.2 point, scarcity, cohorts",
            in_rounds,
            rules(**asked, scarcity=True, cohort_attribute="gender"),
            Cohorts(),
        ),
    ]


def compared(seeds: range, size: Size) -> dict[str, dict[str, float]]:
    """Each policy's figures, the mean of some worlds' two years."""
    worlds = [world(seed, size) for seed in seeds]
    found = {}
    for policy in policies():
        figures = [two_years(one, policy).figures() for one in worlds]
        found[policy.name] = {name: fmean(one[name] for one in figures) for name in figures[0]}
    return found
