"""Score parts by hand-computed examples, then against loops over people."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from services.matching.domain.columns import columns_of
from services.matching.domain.party import Availability, Giving, Pool, Receiving, Weights
from services.matching.domain.score import PARTS, score_matrix, score_parts, waiting_bonus
from tests.unit.matching import naive
from tests.unit.matching.pools import TODAY, guide, pool, random_pool, refugee, rules


def parts_of(given: Pool) -> dict[str, int]:
    columns = columns_of(given)
    left, right = columns.left.down(slice(None)), columns.right.across(slice(None))
    return {code: int(points[0, 0]) for code, points in score_parts(left, right, given.rules).items()}


def part(code: str, a: Receiving | None = None, b: Giving | None = None, **changes: Any) -> int:
    return parts_of(pool([a or refugee()], [b or guide()], rules=rules(**changes)))[code]


def test_a_pair_by_hand() -> None:
    assert parts_of(pool()) == {
        "interests": 10,  # cooking: one of three, 30 / 3
        "age": 13,  # five years: 18 * 15 / 20 = 13.5
        "life_situation": 6,  # neither has minors, one lives alone and the other does not
        "occupation": 0,
        "language": 6,  # English, basic for the weaker: 20 / 3 = 6.7
        "distance": 8,
        "availability": 1,  # three common hours, one beyond the minimum of two: 5 / 4
    }


@pytest.mark.parametrize(("shared", "points"), [(0, 0), (1, 10), (2, 20), (3, 30), (5, 30)])
def test_three_shared_interests_are_full(shared: int, points: int) -> None:
    mine = frozenset(f"shared_{number}" for number in range(shared)) | {"mine"}
    theirs = frozenset(f"shared_{number}" for number in range(shared)) | {"theirs"}
    assert part("interests", refugee(interests=mine), guide(interests=theirs)) == points


@pytest.mark.parametrize(
    ("mine", "theirs", "points"),
    [(1990, 1990, 18), (1990, 1980, 9), (1980, 1990, 9), (1990, 1971, 0), (1990, 1940, 0), (None, 1990, 0)],
)
def test_closeness_in_age_falls_to_nothing_at_twenty_years(
    mine: int | None, theirs: int, points: int
) -> None:
    assert part("age", refugee(birth_year=mine), guide(birth_year=theirs)) == points


@pytest.mark.parametrize(
    ("mine", "theirs", "points"),
    [
        ((1, 0), (1, 0), 12),
        ((2, 3), (3, 1), 12),
        ((2, 3), (2, 0), 6),
        ((1, 2), (2, 1), 6),
        ((1, 2), (2, 0), 0),
        ((0, 0), (1, 0), 0),
    ],
)
def test_life_situation_is_minors_and_living_with_adults(
    mine: tuple[int, int], theirs: tuple[int, int], points: int
) -> None:
    a, b = refugee(adults=mine[0], minors=mine[1]), guide(adults=theirs[0], minors=theirs[1])
    assert part("life_situation", a, b) == points


@pytest.mark.parametrize(
    ("mine", "theirs", "points"),
    [
        (("Health", "bachelor"), ("health ", "bachelor"), 7),
        (("Health", None), ("Health", "master"), 3),
        ((None, "bachelor"), (None, "bachelor"), 3),
        ((None, "secondary"), (None, "vocational"), 3),
        ((None, "bachelor"), (None, "master"), 1),
        (("Health", "bachelor"), ("Health", "master"), 5),
        ((None, "none"), (None, "doctorate"), 0),
        ((None, None), (None, None), 0),
    ],
)
def test_occupation_is_field_of_work_and_stage_of_education(
    mine: tuple[Any, Any], theirs: tuple[Any, Any], points: int
) -> None:
    a = refugee(occupation_field=mine[0], education_level=mine[1])
    b = guide(occupation_field=theirs[0], education_level=theirs[1])
    assert part("occupation", a, b) == points


@pytest.mark.parametrize(
    ("mine", "theirs", "points"),
    [("native", "native", 20), ("native", "fluent", 13), ("fluent", "native", 13), ("basic", "native", 6)],
)
def test_a_common_language_counts_as_the_weaker_speaks_it(mine: Any, theirs: Any, points: int) -> None:
    a, b = refugee(languages=(("uk", mine),)), guide(languages=(("uk", theirs),))
    assert part("language", a, b) == points


def test_only_the_best_common_language_counts() -> None:
    both = (("en", "basic"), ("uk", "fluent"))
    assert part("language", refugee(languages=both), guide(languages=both)) == 13


def test_without_a_common_language_or_where_the_rule_is_off_there_are_no_language_points() -> None:
    assert part("language", refugee(languages=(("ti", "native"),)), language_rule="soft") == 0
    assert part("language", language_rule="off") == 0


def test_distance_is_full_within_a_municipality() -> None:
    assert part("distance") == 8
    assert part("distance", b=guide(municipality="no-5501")) == 0


@pytest.mark.parametrize(("hours", "points"), [(1, 0), (2, 0), (2.5, 0), (3, 1), (4, 2), (6, 5), (40, 5)])
def test_four_spare_hours_are_full(hours: float, points: int) -> None:
    free = Availability(weekday_evening=hours)
    assert part("availability", refugee(availability=free), guide(availability=free)) == points


def test_the_packs_weights_are_the_most_points_of_each_part() -> None:
    weights = Weights(1, 2, 3, 4, 5, 6, 1000)
    given = random_pool(3, 60, 60, rules=rules(weights=weights, language_rule="soft"))
    columns = columns_of(given)
    left, right = columns.left.down(slice(None)), columns.right.across(slice(None))
    most = {code: int(points.max()) for code, points in score_parts(left, right, given.rules).items()}
    assert most == {
        "interests": 1,
        "age": 2,
        "life_situation": 3,
        "occupation": 4,
        "language": 5,
        "distance": 6,
        "availability": 1000,
    }


def test_a_weight_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="weight age"):
        Weights(age=1001)


@pytest.mark.parametrize("seed", range(4))
def test_columns_score_what_loops_over_people_score(seed: int) -> None:
    language_rule = ("hard", "soft", "off")[seed % 3]
    given = random_pool(seed, 140, 90, municipalities=2, rules=rules(language_rule=language_rule))
    columns = columns_of(given)
    left, right = columns.left.down(slice(None)), columns.right.across(slice(None))
    found = score_parts(left, right, given.rules)
    expected = [[naive.parts(given, a, b) for b in columns.giving] for a in columns.receiving]
    assert tuple(found) == PARTS
    for code in PARTS:
        assert found[code].tolist() == [[cell[code] for cell in row] for row in expected], code
    total = score_matrix(columns, np.arange(140), np.arange(90))
    assert total.tolist() == [[sum(cell.values()) for cell in row] for row in expected]


@pytest.mark.parametrize(
    ("a_day", "days", "points"),
    [(0.2, 0, 0), (0.2, 4, 0), (0.2, 5, 1), (0.2, 350, 70), (0.29, 100, 29), (1.0, 700, 700), (0, 99, 0)],
)
def test_waiting_adds_points_by_the_day_rounded_down_and_uncapped(
    a_day: float, days: int, points: int
) -> None:
    given = rules(waiting_points_per_day=a_day)
    assert waiting_bonus(given, TODAY - timedelta(days=days), TODAY) == points


def test_nobody_loses_points_by_being_ready_only_later() -> None:
    assert waiting_bonus(rules(), date(2027, 1, 1), TODAY) == 0
