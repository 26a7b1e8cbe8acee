"""Five hundred pools of many shapes: the optimum is an independent solver's, proven, whatever the order of
input.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from services.matching.domain.columns import columns_of
from services.matching.domain.party import Pool
from services.matching.domain.priority import priorities
from services.matching.domain.rounds import RoundResult, run_round
from services.matching.domain.rules import compatibility
from services.matching.domain.score import score_matrix
from tests.unit.matching.flow import most_pairs_and_points
from tests.unit.matching.pools import TODAY, guide, pool, random_pool, refugee, rules

POOLS = 500
AT_ONCE = 25


def sparse(seed: int, chance: random.Random) -> Pool:
    return random_pool(seed, chance.randint(1, 50), chance.randint(1, 50), chance.randint(1, 4))


def dense(seed: int, chance: random.Random) -> Pool:
    asked = rules(language=None, hours=0, without=("gender_wish", "municipality"), scarcity=True)
    return random_pool(seed, chance.randint(1, 40), chance.randint(1, 40), rules=asked)


def lopsided(seed: int, chance: random.Random) -> Pool:
    few, many = chance.randint(1, 4), chance.randint(30, 90)
    n, m = chance.choice([(few, many), (many, few)])
    return random_pool(seed, n, m, rules=rules(hours=0.5))


def equals(_: int, chance: random.Random) -> Pool:
    """Few kinds of people, so nearly all is a tie; guides with room for many, some of it taken."""
    places = [BERGEN_OR_TROMSO[chance.randrange(2)] for _ in range(80)]
    waiting = [
        refugee(number, municipality=places[number], ready_since=TODAY - timedelta(days=chance.randrange(3)))
        for number in range(chance.randint(1, 40))
    ]
    guides = [
        guide(
            number,
            municipality=places[number],
            capacity=chance.randint(0, 6),
            ready_since=chance.choice([None, TODAY, TODAY - timedelta(days=chance.randrange(200))]),
        )
        for number in range(chance.randint(1, 30))
    ]
    taken = {one.subject: frozenset(range(chance.randint(0, 2))) for one in guides if chance.random() < 0.4}
    return pool(waiting, guides, taken=taken)


def chained(_: int, chance: random.Random) -> Pool:
    """Each speaks two languages of a row, so that one more pair may move everybody."""
    size = chance.randint(2, 30)
    waiting = [
        refugee(number, languages=((f"l{number}", "native"), (f"l{number + 1}", "basic")))
        for number in range(size)
    ]
    guides = [guide(number, languages=((f"l{number}", "native"),)) for number in range(1, size + 1)]
    return pool(
        chance.sample(waiting, chance.randint(1, size)), chance.sample(guides, chance.randint(1, size))
    )


def favoured(seed: int, chance: random.Random) -> Pool:
    asked = rules(
        hours=0,
        scarcity=True,
        cohort_attribute="gender",
        waiting_points_per_day=chance.choice([0, 0.2, 0.33, 2]),
    )
    given = random_pool(seed, chance.randint(1, 40), chance.randint(1, 25), rules=asked)
    return replace(given, favoured={chance.choice(["male", "female"]): chance.randint(1, 20)})


BERGEN_OR_TROMSO = ("no-4601", "no-5501")
SHAPES: tuple[Callable[[int, random.Random], Pool], ...] = (
    sparse,
    dense,
    lopsided,
    equals,
    chained,
    favoured,
)


def made(seed: int) -> Pool:
    return SHAPES[seed % len(SHAPES)](seed, random.Random(seed))  # noqa: S311 - repeatable, no secret


def best(given: Pool) -> tuple[int, int]:
    """The most pairs and points, by the oracle."""
    columns = columns_of(given)
    first = priorities(columns)
    score = score_matrix(columns, slice(None), slice(None)).astype(np.int64)
    return most_pairs_and_points(
        score * first.unit + first.exact[:, None], compatibility(columns).allowed, columns.right.free
    )


def reached(given: Pool, result: RoundResult) -> tuple[int, int]:
    """The pairs and points of a round, in units."""
    first = priorities(columns_of(given))
    exact = dict(zip(sorted(party.subject for party in given.receiving), first.exact.tolist(), strict=True))
    points = sum(
        proposal.receipt.score * first.unit + exact[proposal.receiving] for proposal in result.proposals
    )
    return len(result.proposals), points


def shuffled(given: Pool, chance: random.Random) -> Pool:
    receiving, giving = list(given.receiving), list(given.giving)
    chance.shuffle(receiving)
    chance.shuffle(giving)
    return replace(given, receiving=tuple(receiving), giving=tuple(giving))


@pytest.mark.parametrize("start", range(0, POOLS, AT_ONCE))
def test_the_optimum_is_the_oracles_and_certified_in_any_order(start: int) -> None:
    pairs = 0
    for seed in range(start, start + AT_ONCE):
        given = made(seed)
        result = run_round(given, "round-1", timer=lambda: 0.0)
        assert reached(given, result) == best(given), seed
        assert result.optimum_proven, seed
        again = shuffled(given, random.Random(-seed))  # noqa: S311 - a repeatable order, no secret
        assert run_round(again, "round-1", timer=lambda: 0.0) == result, seed
        pairs += len(result.proposals)
    assert pairs > AT_ONCE


def test_a_large_pool_too() -> None:
    given = random_pool(7, 400, 300, municipalities=2, rules=rules(hours=0.5, scarcity=True))
    result = run_round(given, "round-1")
    assert reached(given, result) == best(given)
    assert result.optimum_proven
