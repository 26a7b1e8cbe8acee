"""Equal guides share equally, and the longer one has waited the sooner one's turn comes."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from services.matching.domain.party import Pool
from services.matching.domain.rounds import run_round
from services.matching.domain.solve import solve
from tests.unit.matching.pools import TODAY, guide, pool, random_pool, refugee
from tests.unit.matching.test_solve import market


def shares(given: Pool) -> Counter[str]:
    result = run_round(given, "round-1")
    assert result.optimum_proven
    return Counter(proposal.giving for proposal in result.proposals)


@pytest.mark.parametrize("capacity", [2, 3])
def test_nobody_gets_a_second_person_while_an_equal_guide_waits(capacity: int) -> None:
    guides = [guide(number, capacity=capacity) for number in range(26)]
    assert shares(pool(map(refugee, range(26)), guides)) == {equal.subject: 1 for equal in guides}
    most = shares(pool(map(refugee, range(40)), guides))
    assert sorted(most.values()) == [1] * 12 + [2] * 14


def test_who_has_a_person_already_waits_for_those_who_have_none() -> None:
    guides = [guide(number, capacity=3) for number in range(6)]
    taken = {guides[number].subject: frozenset(range(1 + number)) for number in range(2)}
    found = shares(pool(map(refugee, range(5)), guides, taken=taken))
    assert set(found) == {guides[number].subject for number in (0, 2, 3, 4, 5)}


def test_of_equal_guides_the_one_who_has_waited_longer_comes_first() -> None:
    days = [(number * 137) % 400 for number in range(20)]
    guides = [guide(number, ready_since=TODAY - timedelta(days=waited)) for number, waited in enumerate(days)]
    longest = sorted(guides, key=lambda one: one.ready_since or TODAY)
    for count in (1, 7, 19):
        assert set(shares(pool(map(refugee, range(count)), guides))) == {
            one.subject for one in longest[:count]
        }


def test_fewer_people_come_before_longer_waiting_and_points_before_both() -> None:
    old = guide(1, capacity=2, ready_since=TODAY - timedelta(days=900))
    new, better = guide(2), guide(3, interests=frozenset({"cooking", "football"}))
    held = {old.subject: frozenset({0})}
    assert set(shares(pool([refugee()], [old, new], taken=held))) == {new.subject}
    suits = replace(old, interests=better.interests)
    assert set(shares(pool([refugee()], [suits, new], taken=held))) == {suits.subject}


@pytest.mark.parametrize("seed", range(10))
def test_the_optimum_in_points_is_the_same_with_turns_and_without(seed: int) -> None:
    chance = np.random.default_rng(seed)
    slots = chance.integers(0, 4, 30, dtype=np.int32)
    plain = market(
        seed, 40, 30, share=0.3, slots=slots, score=chance.integers(0, 4, (40, 30), dtype=np.int16)
    )
    fair = replace(
        plain,
        unit=5,
        bonus=plain.bonus * 5,
        open_pairs=chance.integers(0, 3, 30, dtype=np.int32),
        waited=chance.integers(0, 500, 30, dtype=np.int32),
    )
    first, second = solve(plain), solve(fair)
    assert (len(second.rows), second.total) == (len(first.rows), first.total * 5)
    assert second.proven


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_input_changes_nobodys_share(seed: int) -> None:
    given = random_pool(seed, 60, 25)
    chance = random.Random(seed)  # noqa: S311 - a repeatable order, no secret
    receiving, giving = list(given.receiving), list(given.giving)
    chance.shuffle(receiving)
    chance.shuffle(giving)
    assert shares(replace(given, receiving=tuple(receiving), giving=tuple(giving))) == shares(given)
