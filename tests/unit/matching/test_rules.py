"""Hard rules: each one alone, then all of them against loops over people."""

from typing import Any

import numpy as np
import pytest

from services.matching import wire
from services.matching.domain.columns import columns_of
from services.matching.domain.party import Availability, Giving, Pool, Receiving
from services.matching.domain.rules import RULES, compatibility, vetoes
from tests.unit.matching import naive
from tests.unit.matching.pools import guide, pool, random_pool, refugee, rules


def forbidding(given: Pool) -> set[str]:
    """The rules that forbid the only pair of a pool."""
    matrices = vetoes(columns_of(given), slice(None), slice(None))
    return {code for code, matrix in matrices.items() if matrix[0, 0]}


def couple(a: Receiving | None = None, b: Giving | None = None, **changes: Any) -> set[str]:
    return forbidding(pool([a or refugee()], [b or guide()], rules=rules(**changes)))


def test_nothing_forbids_two_who_suit_each_other() -> None:
    assert couple() == set()


def test_nobody_is_their_own_guide() -> None:
    assert couple(b=guide(subject=refugee().subject)) == {"self"}


def test_nobody_guides_their_own_household() -> None:
    home = "household-0000000000000001"
    assert couple(refugee(household_ref=home), guide(household_ref=home)) == {"self"}
    assert couple(refugee(household_ref=home), guide(household_ref=home[:-1] + "2")) == set()


def test_two_with_unknown_household_are_not_taken_for_one_household() -> None:
    assert couple(refugee(household_ref=None), guide(household_ref=None)) == set()


def test_another_municipality_is_forbidden() -> None:
    assert couple(b=guide(municipality="no-5501")) == {"municipality"}


@pytest.mark.parametrize(("strength", "expected"), [("hard", {"language"}), ("soft", set()), (None, set())])
def test_no_common_language_is_forbidden_only_by_a_hard_rule(
    strength: str | None, expected: set[str]
) -> None:
    apart = refugee(languages=(("ti", "native"),), interpreter_ok=True)
    assert couple(apart, language=strength) == expected


@pytest.mark.parametrize(
    ("spoken", "understood", "expected"),
    [
        ("nn", "nb", set()),
        ("ar-SY", "ar", set()),
        ("apc", "ara", set()),
        ("prs", "fa-AF", set()),
        ("zh-Hans", "zh-Hant", set()),
        ("EN", "en", set()),
        ("ckb", "kmr", {"language"}),
        ("invented", "invented", set()),
    ],
)
def test_who_speaks_the_same_by_whatever_tag_has_it_in_common(
    spoken: str, understood: str, expected: set[str]
) -> None:
    asks, offers = refugee(languages=((spoken, "basic"),)), guide(languages=((understood, "native"),))
    assert forbidding(wire.compared(pool([asks], [offers]))) == expected


@pytest.mark.parametrize(
    ("wish", "gender", "expected"),
    [
        (None, "male", set()),
        (None, None, set()),
        ("male", "male", set()),
        ("male", "female", {"gender_wish"}),
        ("male", None, {"gender_wish"}),
    ],
)
def test_each_sides_wish_about_the_others_gender_binds(wish: Any, gender: Any, expected: set[str]) -> None:
    assert couple(refugee(wished_gender=wish), guide(gender=gender)) == expected
    assert couple(refugee(gender=gender), guide(wished_gender=wish)) == expected


def test_a_rule_that_the_pack_leaves_out_is_neither_kept_nor_counted() -> None:
    given = pool([refugee()], [guide(municipality="no-5501")], rules=rules(without=["municipality"]))
    assert forbidding(given) == set()
    found = compatibility(columns_of(given))
    assert found.codes == tuple(code for code in RULES if code != "municipality")
    assert found.removed.shape == (1, len(RULES) - 1)


def test_more_languages_than_fit_one_word_are_kept_apart() -> None:
    spoken = [f"{first}{second}" for first in "abcdefghij" for second in "opqrstuvwx"]
    waiting = [refugee(number, languages=((code, "basic"),)) for number, code in enumerate(spoken)]
    guides = [guide(number, languages=((code, "basic"),)) for number, code in enumerate(spoken)]
    matrix = vetoes(columns_of(pool(waiting, guides)), slice(None), slice(None))["language"]
    assert (matrix == ~np.eye(len(spoken), dtype=bool)).all()


def test_a_pack_may_leave_gender_wishes_out() -> None:
    assert couple(refugee(wished_gender="male"), without=["gender_wish"]) == set()


@pytest.mark.parametrize(
    ("birth_year", "expected"), [(2007, set()), (2008, {"age"}), (2010, {"age"}), (None, {"age"})]
)
def test_a_guide_is_certainly_eighteen_even_if_the_pack_asks_less(
    birth_year: int | None, expected: set[str]
) -> None:
    young = guide(birth_year=birth_year)
    assert couple(b=young) == couple(b=young, minimum_giving_age=16) == expected


def test_the_packs_minimum_ages_bind_both_sides() -> None:
    assert couple(refugee(birth_year=2004), minimum_receiving_age=22) == {"age"}
    assert couple(refugee(birth_year=2003), minimum_receiving_age=22) == set()
    assert couple(b=guide(birth_year=1996), minimum_giving_age=30) == {"age"}


def test_receiving_parties_of_unknown_age_pass_where_the_pack_has_no_minimum() -> None:
    assert couple(refugee(birth_year=None)) == set()
    assert couple(refugee(birth_year=None), minimum_receiving_age=18) == {"age"}


@pytest.mark.parametrize(
    ("evening", "weekend", "expected"),
    [(2, 0, set()), (1.9, 0, {"availability"}), (1, 1, set()), (1.9, 0.1, set()), (0, 0, {"availability"})],
)
def test_common_hours_are_summed_over_the_week(evening: float, weekend: float, expected: set[str]) -> None:
    free = Availability(weekday_evening=evening, weekend=weekend)
    assert couple(refugee(availability=free), guide(availability=Availability(5, 5, 5, 5))) == expected


def test_free_hours_in_different_parts_of_the_week_are_not_common() -> None:
    mornings, evenings = Availability(weekday_morning=20), Availability(weekday_evening=20)
    assert couple(refugee(availability=mornings), guide(availability=evenings)) == {"availability"}


def test_minors_in_the_family_need_a_child_certificate() -> None:
    assert couple(refugee(minors=1), guide(checks=frozenset({"police_certificate"}))) == {"child_certificate"}
    assert couple(refugee(minors=1), guide(checks=frozenset({"child_certificate"}))) == set()


@pytest.mark.parametrize(
    ("capacity", "taken", "expected"),
    [(1, {0}, {"capacity"}), (2, {0}, set()), (2, {0, 1}, {"capacity"}), (0, set(), {"capacity"})],
)
def test_a_guide_without_a_free_slot_is_forbidden(capacity: int, taken: set[int], expected: set[str]) -> None:
    busy = guide(capacity=capacity)
    assert forbidding(pool(giving=[busy], taken={busy.subject: frozenset(taken)})) == expected


def test_pairs_in_slots_beyond_a_lowered_capacity_count_against_it() -> None:
    busy = guide(capacity=2)
    assert forbidding(pool(giving=[busy], taken={busy.subject: frozenset({0, 2})})) == {"capacity"}


def test_an_excluded_couple_is_forbidden_and_nobody_else() -> None:
    a, b = refugee(1), refugee(2)
    columns = columns_of(pool([a, b], [guide()], excluded=frozenset({(b.subject, guide().subject)})))
    matrix = vetoes(columns, slice(None), slice(None))["excluded"]
    assert matrix.tolist() == [[False], [True]]


def test_an_exclusion_of_somebody_outside_the_pool_is_no_matter() -> None:
    assert forbidding(pool(excluded=frozenset({("refugee-gone", guide().subject)}))) == set()


@pytest.mark.parametrize("seed", range(4))
def test_columns_forbid_what_loops_over_people_forbid(seed: int) -> None:
    given = random_pool(
        seed,
        150,
        90,
        municipalities=3,
        rules=rules(minimum_receiving_age=20, language=("hard", "soft")[seed % 2]),
    )
    columns = columns_of(given)
    matrices = vetoes(columns, slice(None), slice(None))
    expected = [[naive.forbidden(given, a, b) for b in columns.giving] for a in columns.receiving]
    assert list(matrices) == list(RULES)
    for code in RULES:
        assert matrices[code].tolist() == [[code in cell for cell in row] for row in expected], code


def test_blocks_cover_the_whole_pool_and_count_every_rule() -> None:
    columns = columns_of(random_pool(9, 150, 90, municipalities=2))
    matrices = vetoes(columns, slice(None), slice(None))
    found = compatibility(columns)
    assert (found.allowed == ~np.logical_or.reduce(list(matrices.values()))).all()
    assert 0 < np.count_nonzero(found.allowed) < found.allowed.size
    assert found.codes == tuple(RULES)
    for index, code in enumerate(found.codes):
        assert (found.removed[:, index] == matrices[code].sum(axis=1)).all(), code


def test_a_subject_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice on the giving side"):
        pool(giving=[guide(1), guide(1)])
