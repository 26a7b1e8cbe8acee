"""What comes first whoever the guide is: each day of waiting, scarcity, a group that waits longer."""

from datetime import date, timedelta

import pytest

from services.matching.domain.columns import columns_of
from services.matching.domain.party import Pool
from services.matching.domain.priority import priorities, scarcity_bonus, suiting_shares, waiting_units
from services.matching.domain.rounds import run_round
from tests.unit.matching.pools import TODAY, guide, pool, random_pool, refugee, rules


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("a_day", "days", "points"),
    [(0.2, 0, 0), (0.2, 4, 0), (0.2, 5, 1), (0.2, 350, 70), (0.29, 100, 29), (1.0, 700, 700), (0, 99, 0)],
)
def test_waiting_shows_whole_points_rounded_down_and_uncapped(a_day: float, days: int, points: int) -> None:
    given = pool([refugee(ready_since=ago(days))], rules=rules(waiting_points_per_day=a_day))
    assert priorities(columns_of(given)).waiting.tolist() == [points]


@pytest.mark.parametrize(
    ("a_day", "unit"), [(0.2, 5), (0.25, 4), (1.0, 1), (0, 1), (0.123, 1000), (1e-5, 1000)]
)
def test_each_day_counts_below_a_whole_point(a_day: float, unit: int) -> None:
    given = pool(
        [refugee(day, ready_since=ago(day)) for day in range(30)], rules=rules(waiting_points_per_day=a_day)
    )
    found = priorities(columns_of(given))
    assert found.unit == unit
    assert found.exact.tolist() == [int(round(a_day * unit, 6) * day) for day in range(30)]


def test_nobody_loses_points_by_being_ready_only_later() -> None:
    assert waiting_units(rules(), date(2027, 1, 1), TODAY) == 0


@pytest.mark.parametrize("number", range(20))
def test_of_two_equals_who_waited_one_day_longer_comes_first(number: int) -> None:
    """Whatever their references: a day in the tie-breaking hash would be lost every other time."""
    came, waited = refugee(2 * number, ready_since=ago(2)), refugee(2 * number + 1, ready_since=ago(3))
    (proposal,) = run_round(pool([came, waited], [guide(number)]), "round-1").proposals
    assert (proposal.receiving, proposal.receipt.waiting_bonus) == (waited.subject, 0)


@pytest.mark.parametrize(
    ("share", "points"),
    [(1.0, 0), (0.5, 0), (0.25, 0), (0.24, 0), (0.2, 3), (0.17, 5), (0.16, 6), (0.01, 6), (0.0, 6)],
)
def test_scarcity_is_ten_points_for_each_halving_below_a_quarter_six_at_most(
    share: float, points: int
) -> None:
    assert scarcity_bonus(share) == points


def scarce(*, switched: bool = True) -> Pool:
    """Ten guides, two of them men; one refugee wishes a man."""
    guides = [guide(number, gender="male" if number < 2 else "female") for number in range(10)]
    waiting = [refugee(1, wished_gender="male"), refugee(2)]
    return pool(waiting, guides, rules=rules(scarcity=switched))


def test_whom_few_guides_suit_comes_first_where_the_pack_says_so() -> None:
    found = priorities(columns_of(scarce()))
    assert found.scarcity.tolist() == [3, 0]
    assert found.exact.tolist() == [3 * found.unit, 0]
    assert priorities(columns_of(scarce(switched=False))).scarcity.tolist() == [0, 0]


def test_a_receipt_keeps_scarcity_apart_and_the_total_counts_it() -> None:
    result = run_round(scarce(), "round-1")
    assert [proposal.receipt.scarcity_bonus for proposal in result.proposals] == [3, 0]
    assert result.total == 3 + sum(proposal.receipt.score for proposal in result.proposals)


def test_guides_count_while_they_are_full_or_excluded_but_not_from_long_ago() -> None:
    full = guide(1, ready_since=ago(180))
    old = guide(2, gender="male", ready_since=ago(181))
    free = guide(3, ready_since=ago(500))
    given = pool(
        [refugee(wished_gender="female")],
        [full, old, free],
        taken={full.subject: frozenset({0}), old.subject: frozenset({0})},
        excluded=frozenset({(refugee().subject, free.subject)}),
    )
    assert suiting_shares(columns_of(given)) == [1.0]


def test_without_guides_nobody_is_scarcer_than_others() -> None:
    given = pool([refugee()], [], rules=rules(scarcity=True))
    assert priorities(columns_of(given)).scarcity.tolist() == [0]


def test_shares_are_the_same_block_by_block() -> None:
    given = random_pool(1, 150, 40)
    columns = columns_of(given)
    whole = suiting_shares(columns)
    alone = [
        suiting_shares(columns_of(pool([party], given.giving, taken=given.taken)))[0]
        for party in columns.receiving
    ]
    assert whole == pytest.approx(alone)


def test_a_favoured_group_gets_its_points_and_others_none() -> None:
    given = pool(
        [refugee(1, gender="male"), refugee(2), refugee(3, gender=None)],
        rules=rules(cohort_attribute="gender"),
        favoured={"male": 7},
    )
    assert priorities(columns_of(given)).cohort.tolist() == [7, 0, 0]
    (proposal,) = run_round(given, "round-1").proposals
    assert (proposal.receiving, proposal.receipt.cohort_bonus) == (refugee(1).subject, 7)
