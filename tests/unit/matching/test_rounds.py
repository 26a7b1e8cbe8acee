"""Whole rounds: proposals with receipts, and a reason for everybody who is left."""

import pickle
import random
from dataclasses import replace
from typing import Any

import pytest
from scipy.optimize import linear_sum_assignment

from services.matching.domain import solve
from services.matching.domain.columns import columns_of
from services.matching.domain.party import Pool
from services.matching.domain.proposal import Reason
from services.matching.domain.rounds import RoundResult, run_round
from tests.unit.matching import naive
from tests.unit.matching.pools import guide, pool, random_pool, refugee


def ticking() -> "Ticks":
    return Ticks()


class Ticks:
    """A timer that passes a quarter of a second each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.25
        return self.now


def couples(result: RoundResult) -> set[tuple[str, str, int]]:
    return {(proposal.receiving, proposal.giving, proposal.slot) for proposal in result.proposals}


def shuffled(given: Pool, seed: int) -> Pool:
    chance = random.Random(seed)  # noqa: S311 - a repeatable order, no secret
    receiving, giving = list(given.receiving), list(given.giving)
    chance.shuffle(receiving)
    chance.shuffle(giving)
    return replace(given, receiving=tuple(receiving), giving=tuple(giving))


def test_bergen_in_june_2016_every_refugee_gets_a_guide_and_thirty_guides_are_left() -> None:
    result = run_round(pool(map(refugee, range(25)), map(guide, range(55))), "round-1")
    assert len(result.proposals) == 25
    assert result.unmatched_receiving == ()
    assert len(result.unmatched_giving) == 30
    assert {party.reason for party in result.unmatched_giving} == {Reason.SURPLUS}
    assert (result.receiving, result.giving, result.optimum_proven) == (25, 55, True)
    assert len({proposal.giving for proposal in result.proposals}) == 25


@pytest.mark.parametrize(("waiting", "guides"), [(0, 0), (0, 3), (3, 0)])
def test_an_empty_side_leaves_the_other_without_candidates(waiting: int, guides: int) -> None:
    result = run_round(pool(map(refugee, range(waiting)), map(guide, range(guides))), "round-1")
    assert result.proposals == ()
    assert (result.total, result.optimum_proven) == (0, True)
    left = (*result.unmatched_receiving, *result.unmatched_giving)
    assert len(left) == waiting + guides
    assert {party.reason for party in left} <= {Reason.NO_CANDIDATE}


def test_a_solver_that_errs_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def worst(cost: Any) -> Any:
        return linear_sum_assignment(-cost)

    given = random_pool(4, 30, 30)
    assert run_round(given, "round-1").optimum_proven
    monkeypatch.setattr(solve, "prepare", lambda: worst)
    assert not run_round(given, "round-1").optimum_proven


def test_a_guides_free_slots_go_lowest_first_in_the_order_of_subjects() -> None:
    busy = guide(1, capacity=4)
    result = run_round(
        pool([refugee(2), refugee(1)], [busy], taken={busy.subject: frozenset({1})}), "round-1"
    )
    assert [(proposal.receiving, proposal.slot) for proposal in result.proposals] == [
        (refugee(1).subject, 0),
        (refugee(2).subject, 2),
    ]
    assert result.unmatched_giving == ()


def test_a_guide_whose_slots_are_taken_does_not_wait() -> None:
    busy = guide(1)
    result = run_round(pool([refugee()], [busy], taken={busy.subject: frozenset({0})}), "round-1")
    assert (result.proposals, result.unmatched_giving, result.giving) == ((), (), 0)
    assert result.unmatched_receiving[0].vetoes == {"capacity": 1}


@pytest.mark.parametrize("seed", range(3))
def test_a_random_round_keeps_every_rule_and_accounts_for_everybody(seed: int) -> None:
    given = random_pool(seed, 120, 100, municipalities=2)
    result = run_round(given, "round-1")
    receiving = {party.subject: party for party in given.receiving}
    giving = {party.subject: party for party in given.giving}
    assert len(result.proposals) > 10
    assert result.optimum_proven
    for proposal in result.proposals:
        a, b = receiving[proposal.receiving], giving[proposal.giving]
        assert naive.forbidden(given, a, b) == set()
        assert proposal.receipt.parts == naive.parts(given, a, b)
        candidates = [guide for guide in given.giving if not naive.forbidden(given, a, guide)]
        scores = [sum(naive.parts(given, a, guide).values()) for guide in candidates]
        assert proposal.receipt.candidates == len(candidates)
        assert proposal.receipt.rank == 1 + sum(score > proposal.receipt.score for score in scores)
        assert (proposal.receipt.alternative is None) == (proposal.receipt.rank == 1)
        if proposal.receipt.alternative:
            assert proposal.receipt.score + proposal.receipt.alternative.score_more == max(scores)
    held = {(proposal.giving, proposal.slot) for proposal in result.proposals}
    taken = {(subject, slot) for subject, slots in given.taken.items() for slot in slots}
    assert len(held) == len(result.proposals)
    assert not held & taken
    assert all(0 <= slot < giving[subject].capacity for subject, slot in held)
    seen = [proposal.receiving for proposal in result.proposals] + [
        party.subject for party in result.unmatched_receiving
    ]
    assert sorted(seen) == sorted(receiving)
    columns = columns_of(given)
    free = {party.subject for party, slots in zip(columns.giving, columns.slots, strict=True) if slots}
    assert {proposal.giving for proposal in result.proposals} | {
        party.subject for party in result.unmatched_giving
    } == free
    assert result.total == sum(
        proposal.receipt.score + proposal.receipt.waiting_bonus for proposal in result.proposals
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_input_changes_no_pair(seed: int) -> None:
    given = random_pool(seed, 100, 80)
    assert run_round(shuffled(given, seed), "r", ticking()) == run_round(given, "r", ticking())


def test_a_pool_of_equals_is_paired_the_same_in_any_order() -> None:
    given = pool(map(refugee, range(20)), map(guide, range(30)))
    first = couples(run_round(given, "round-1"))
    assert all(couples(run_round(shuffled(given, seed), "round-1")) == first for seed in range(5))


def test_a_round_can_run_in_a_worker_process() -> None:
    given = random_pool(1, 20, 20)
    run, copy = pickle.loads(pickle.dumps((run_round, given)))  # noqa: S301 - our own bytes
    result = run(copy, "round-1", ticking())
    assert pickle.loads(pickle.dumps(result)) == run_round(given, "round-1", ticking())  # noqa: S301 (our own bytes)


def test_the_duration_is_the_timers_in_milliseconds() -> None:
    assert run_round(pool(), "round-1", ticking()).duration_ms == 250
