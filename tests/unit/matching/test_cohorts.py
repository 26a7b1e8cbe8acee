"""The controller that evens out how long two groups wait."""

from datetime import timedelta

import pytest

from services.matching.domain.cohorts import Arrival, Cohorts, advance, favoured
from tests.unit.matching.pools import TODAY

MEN_WAIT_LONGER = [Arrival("male", 60)] * 5 + [Arrival("female", 30)] * 5
WOMEN_WAIT_LONGER = [Arrival("male", 30)] * 5 + [Arrival("female", 60)] * 5


def after(days: int, arrivals: list[Arrival]) -> Cohorts:
    cohorts = Cohorts()
    for day in range(days):
        cohorts = advance(cohorts, "gender", arrivals, TODAY + timedelta(days=day))
    return cohorts


def test_thirty_days_longer_add_three_tenths_of_a_point_a_day() -> None:
    assert after(1, MEN_WAIT_LONGER) == Cohorts(0.3, 30.0, TODAY)
    assert after(10, MEN_WAIT_LONGER).points == 3.0
    assert favoured("gender", after(10, MEN_WAIT_LONGER)) == {"male": 3}
    assert favoured("gender", after(3, MEN_WAIT_LONGER)) == {}


def test_it_is_the_same_for_either_group() -> None:
    men, women = after(12, MEN_WAIT_LONGER), after(12, WOMEN_WAIT_LONGER)
    assert women.points == -men.points
    assert favoured("gender", women) == {"female": favoured("gender", men)["male"]}


def test_it_never_gives_more_than_twenty_points_and_comes_back() -> None:
    most = after(100, MEN_WAIT_LONGER)
    assert (most.points, favoured("gender", most)) == (20.0, {"male": 20})
    assert favoured("gender", after(100, WOMEN_WAIT_LONGER)) == {"female": 20}
    back = advance(most, "gender", WOMEN_WAIT_LONGER, TODAY + timedelta(days=100))
    assert back.points == pytest.approx(19.7)


def test_a_day_has_one_step_however_many_rounds_it_has() -> None:
    first = advance(Cohorts(), "gender", MEN_WAIT_LONGER, TODAY)
    assert advance(first, "gender", WOMEN_WAIT_LONGER, TODAY) == first
    assert advance(first, "gender", WOMEN_WAIT_LONGER, TODAY - timedelta(days=1)) == first


@pytest.mark.parametrize(("days", "points"), [(2, 0.9), (7, 2.4), (60, 2.4)])
def test_days_without_a_round_are_made_up_for_a_week_at_most(days: int, points: float) -> None:
    first = advance(Cohorts(), "gender", MEN_WAIT_LONGER, TODAY)
    assert advance(first, "gender", MEN_WAIT_LONGER, TODAY + timedelta(days=days)).points == pytest.approx(
        points
    )


@pytest.mark.parametrize(
    "arrivals", [[], MEN_WAIT_LONGER[:9], MEN_WAIT_LONGER[1:], [Arrival(None, 90), Arrival("other", 90)] * 9]
)
def test_fewer_than_five_of_a_group_change_nothing_and_tell_nothing(arrivals: list[Arrival]) -> None:
    known = Cohorts(4.0, 12.0, TODAY - timedelta(days=1))
    assert advance(known, "gender", arrivals, TODAY) == Cohorts(4.0, None, TODAY)
