"""Score parts by hand-computed examples, then against loops over people."""

from typing import Any

import numpy as np
import pytest

from services.matching.domain import score
from services.matching.domain.columns import Small, columns_of
from services.matching.domain.criteria import CRITERIA, Both, Criterion
from services.matching.domain.party import Availability, Giving, Pool, Receiving
from services.matching.domain.score import score_matrix, score_parts
from tests.unit.matching import naive
from tests.unit.matching.pools import guide, pool, random_pool, refugee, rules


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
    left = frozenset(f"shared_{number}" for number in range(shared)) | {"mine"}
    right = frozenset(f"shared_{number}" for number in range(shared)) | {"theirs"}
    assert part("interests", refugee(interests=left), guide(interests=right)) == points


@pytest.mark.parametrize(
    ("left", "right", "points"),
    [(1990, 1990, 18), (1990, 1980, 9), (1980, 1990, 9), (1990, 1971, 0), (1990, 1940, 0), (None, 1990, 0)],
)
def test_closeness_in_age_falls_to_nothing_at_twenty_years(left: int | None, right: int, points: int) -> None:
    assert part("age", refugee(birth_year=left), guide(birth_year=right)) == points


@pytest.mark.parametrize(
    ("left", "right", "points"),
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
    left: tuple[int, int], right: tuple[int, int], points: int
) -> None:
    a, b = refugee(adults=left[0], minors=left[1]), guide(adults=right[0], minors=right[1])
    assert part("life_situation", a, b) == points


@pytest.mark.parametrize(
    ("left", "right", "points"),
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
    left: tuple[Any, Any], right: tuple[Any, Any], points: int
) -> None:
    a = refugee(occupation_field=left[0], education_level=left[1])
    b = guide(occupation_field=right[0], education_level=right[1])
    assert part("occupation", a, b) == points


@pytest.mark.parametrize(
    ("left", "right", "points"),
    [("native", "native", 20), ("native", "fluent", 13), ("fluent", "native", 13), ("basic", "native", 6)],
)
def test_a_common_language_counts_as_the_weaker_speaks_it(left: Any, right: Any, points: int) -> None:
    a, b = refugee(languages=(("uk", left),)), guide(languages=(("uk", right),))
    assert part("language", a, b) == points


def test_only_the_best_common_language_counts() -> None:
    both = (("en", "basic"), ("uk", "fluent"))
    assert part("language", refugee(languages=both), guide(languages=both)) == 13


def test_without_a_common_language_or_a_language_rule_there_are_no_language_points() -> None:
    assert part("language", refugee(languages=(("ti", "native"),)), language="soft") == 0
    assert part("language", language=None) == 0


def test_distance_is_full_within_a_municipality() -> None:
    assert part("distance") == 8
    assert part("distance", b=guide(municipality="no-5501")) == 0


@pytest.mark.parametrize(("hours", "points"), [(1, 0), (2, 0), (2.5, 0), (3, 1), (4, 2), (6, 5), (40, 5)])
def test_four_spare_hours_are_full(hours: float, points: int) -> None:
    free = Availability(weekday_evening=hours)
    assert part("availability", refugee(availability=free), guide(availability=free)) == points


def test_the_packs_weights_are_the_most_points_of_each_part() -> None:
    weights = dict(zip(CRITERIA, (1, 2, 3, 4, 5, 6, 1000), strict=True))
    given = random_pool(3, 60, 60, rules=rules(criteria=weights, language="soft"))
    columns = columns_of(given)
    left, right = columns.left.down(slice(None)), columns.right.across(slice(None))
    most = {code: int(points.max()) for code, points in score_parts(left, right, given.rules).items()}
    assert most == weights


def test_a_criterion_that_the_pack_leaves_out_is_no_part_of_the_score() -> None:
    given = pool(rules=rules(criteria={"availability": 5, "interests": 30}))
    assert list(parts_of(given).items()) == [("interests", 10), ("availability", 1)]
    assert score_matrix(columns_of(given), np.arange(1), np.arange(1)).tolist() == [[11]]


def test_a_new_criterion_is_one_function_and_its_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def same_gender(both: Both, weight: int) -> Small:
        points: Small = (both.left.gender == both.right.gender) * np.int16(weight)
        return points

    record = Criterion("same_gender", same_gender, "w where both have the same gender")
    monkeypatch.setattr(score, "CRITERIA", {**CRITERIA, "same_gender": record})
    given = pool(giving=[guide(1), guide(2, gender="male")], rules=rules(criteria={"same_gender": 4}))
    assert score_matrix(columns_of(given), np.arange(1), np.arange(2)).tolist() == [[4, 0]]


@pytest.mark.parametrize("seed", range(4))
def test_columns_score_what_loops_over_people_score(seed: int) -> None:
    language = ("hard", "soft", None)[seed % 3]
    given = random_pool(seed, 140, 90, municipalities=2, rules=rules(language=language))
    columns = columns_of(given)
    left, right = columns.left.down(slice(None)), columns.right.across(slice(None))
    found = score_parts(left, right, given.rules)
    expected = [[naive.parts(given, a, b) for b in columns.giving] for a in columns.receiving]
    assert list(found) == list(CRITERIA)
    for code in CRITERIA:
        assert found[code].tolist() == [[cell[code] for cell in row] for row in expected], code
    total = score_matrix(columns, np.arange(140), np.arange(90))
    assert total.tolist() == [[sum(cell.values()) for cell in row] for row in expected]
