"""Which guides a round finds lacking."""

from collections.abc import Iterable
from typing import Any

from services.matching.domain.party import Availability, Giving, Receiving
from services.matching.domain.recruitment import Kind, Need
from services.matching.domain.rounds import run_round
from services.matching.wire_rounds import need_fields, needs_of, recruitment
from shared.contracts.matching.rounds import RecruitmentNeeded
from tests.unit.matching.pools import TODAY, guide, pool, random_pool, refugee

TIGRINYA = (("ti", "native"),)


def needs(receiving: Iterable[Receiving], giving: Iterable[Giving]) -> tuple[Need, ...]:
    return run_round(pool(receiving, giving), "round-1").needs


def men(numbers: range, **changes: Any) -> list[Receiving]:
    return [refugee(number, gender="male", wished_gender="male", **changes) for number in numbers]


def test_tromso_lacks_men() -> None:
    """20 women and 20 men wait, all wish their own gender; 40 women and 4 men are guides: 16 men are left,
    and a man more would help any of the 20, as the four who have a proposal would free their guides.
    """
    women = [refugee(number, wished_gender="female") for number in range(20)]
    guides = [guide(number, gender="male" if number < 4 else "female") for number in range(44)]
    found = needs([*women, *men(range(20, 40))], guides)
    assert found == (Need(Kind(gender="male"), guides=16, helps=20, suits_percent=100),)


def test_nobody_is_needed_where_nobody_is_left() -> None:
    assert needs([refugee()], [guide()]) == ()
    assert needs([], []) == ()


def test_without_guides_any_guide_is_needed_and_nothing_is_known_of_how_sure_that_is() -> None:
    assert needs(map(refugee, range(7)), []) == (Need(Kind(), 7, 7, None),)


def test_of_who_is_outbid_any_guide_would_do() -> None:
    assert needs(map(refugee, range(8)), [guide(1), guide(2)]) == (Need(Kind(), 6, 8, 100),)


def test_a_kind_has_whatever_keeps_most_guides_away() -> None:
    alone = Availability(weekend=4)
    waiting = [refugee(number, languages=TIGRINYA, minors=1, availability=alone) for number in range(5)]
    guides = [guide(number, availability=Availability(weekday_evening=4)) for number in range(10)]
    (need,) = needs(waiting, guides)
    assert need.kind == Kind(language="ti", availability="weekend", check="child_certificate")
    assert (need.guides, need.helps, need.suits_percent) == (5, 5, None)


def test_who_is_not_wished_for_needs_a_guide_who_would_meet_them() -> None:
    guides = [guide(number, wished_gender="female") for number in range(6)]
    (need,) = needs([refugee(number, gender="male") for number in range(5)], guides)
    assert need.kind == Kind(accepts_gender="male")


def test_one_language_is_named_that_most_of_those_left_speak() -> None:
    both = (("ar", "native"), ("ti", "basic"))
    waiting = [refugee(number, languages=both if number % 2 else TIGRINYA) for number in range(6)]
    (need,) = needs(waiting, [guide(1, languages=(("nb", "native"),))])
    assert (need.kind, need.guides) == (Kind(language="ti"), 6)


def test_fewer_than_five_are_told_with_less_until_they_are_common() -> None:
    """Three men who speak Tigrinya are men beside others; four who need a certificate are only guides."""
    guides = [guide(number, languages=(("en", "native"),)) for number in range(20)]
    some = men(range(3), languages=TIGRINYA)
    parents = [refugee(number, minors=2) for number in range(50, 54)]
    found = needs([*men(range(10, 17)), *some, *parents], guides)
    assert [(need.kind, need.guides) for need in found] == [(Kind(gender="male"), 10), (Kind(), 4)]


def test_how_sure_a_kind_is_comes_from_the_guides_of_it_there_are() -> None:
    """Of two men one lives elsewhere."""
    guides = [guide(1, gender="male"), guide(2, gender="male", municipality="no-5501")]
    (need,) = needs(men(range(8)), [*guides, *(guide(number) for number in range(3, 9))])
    assert (need.guides, need.suits_percent) == (7, 50)


def test_needs_count_everybody_who_is_left_and_survive_being_told() -> None:
    for seed in range(8):
        result = run_round(random_pool(seed, 80, 20), "round-1")
        assert sum(need.guides for need in result.needs) == len(result.unmatched_receiving)
        assert all(need.guides >= 5 or need.kind == Kind() for need in result.needs)
        assert all(need.helps >= need.guides for need in result.needs)
        told = recruitment("no-4601", result, TODAY)
        assert needs_of(RecruitmentNeeded.model_validate_json(told.model_dump_json())) == result.needs
        assert [need_fields(need) for need in result.needs] == told.model_dump(
            mode="json", exclude_none=True
        )["needs"]
