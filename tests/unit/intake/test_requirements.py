"""What programmes ask: since when it is met, what is missing, and that packs and intake know the same."""

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest

from services.intake import wire
from services.intake.domain import person, requirements
from services.intake.domain.person import Approval, Check, Consent, Participation, Person
from services.intake.domain.requirements import (
    REGISTRY,
    Age,
    Requirement,
    Requirements,
    Standing,
    assess,
    missing,
    next_met,
)
from shared.contracts import programmes
from shared.programmes import shipped_packs
from shared.values import value
from tests.unit.intake.people import ASKED, DETAILS, GUIDES, PROFILE, interview

PROGRAMME = ASKED.programme
JANUARY, MAY, JULY = date(2016, 1, 4), date(2016, 5, 20), date(2016, 7, 1)
GROWING_UP = replace(DETAILS, birth_date="1998-06-10")
NOBODY = Person(subject="refugee-a", municipality="no-4601", status="settled")
OF_AGE = replace(ASKED, items=(*ASKED.items, Age(18)))
CONTRACTS = get_args(get_args(programmes.Requirement)[0])


def met_but_for_the_age() -> Person:
    who = person.join(replace(NOBODY, details=GROWING_UP), PROGRAMME, "1.0", JANUARY)
    for purpose in ("matching", "contact"):
        who = person.consent(who, Consent(purpose, "1", JANUARY))
    return person.interviewed(who, interview(MAY))


def part_of(who: Person) -> Participation:
    return who.participations[0]


def test_who_comes_of_age_waits_since_the_month_after() -> None:
    ready = part_of(assess(met_but_for_the_age(), OF_AGE, date(2016, 7, 15)))
    assert (ready.status, ready.ready_since) == ("ready", JULY)


def test_who_was_of_age_before_waits_since_the_last_of_the_other_requirements() -> None:
    adult = replace(met_but_for_the_age(), details=DETAILS)
    assert part_of(assess(adult, OF_AGE, date(2016, 6, 15))).ready_since == MAY


def test_until_then_the_age_alone_is_missing_and_the_day_is_known() -> None:
    yesterday = JULY - timedelta(days=1)
    waiting = assess(met_but_for_the_age(), OF_AGE, yesterday)
    assert (part_of(waiting).status, part_of(waiting).missing) == ("consented", ("age",))
    assert next_met(waiting, OF_AGE, yesterday) == JULY
    assert part_of(assess(waiting, OF_AGE, JULY)).missing == ()
    assert next_met(waiting, OF_AGE, JULY) is None


@pytest.mark.parametrize(
    ("born", "minimum", "reached"),
    [
        (date(1998, 6, 1), 18, date(2016, 7, 1)),
        (date(1998, 6, 30), 18, date(2016, 7, 1)),
        (date(2000, 2, 29), 18, date(2018, 3, 1)),
        (date(1998, 12, 31), 18, date(2017, 1, 1)),
    ],
)
def test_an_age_counts_from_the_month_after(born: date, minimum: int, reached: date) -> None:
    who = replace(NOBODY, details=replace(DETAILS, birth_date=born.isoformat()))
    assert Age(minimum).standing(who, PROGRAMME).since == reached


def test_of_a_year_of_birth_alone_an_age_is_certain_when_the_year_has_passed() -> None:
    who = replace(NOBODY, profile=replace(PROFILE, birth_year=1998))
    assert Age(18).standing(who, PROGRAMME).since == date(2017, 1, 1)


def test_of_whom_nothing_is_known_no_age_is_certain() -> None:
    assert Age(0).standing(NOBODY, PROGRAMME) == Standing("age", None)


def test_a_requirement_is_met_from_its_first_to_its_last_day() -> None:
    standing = Standing("check:training", MAY, JULY)
    day = timedelta(days=1)
    assert [standing.is_met(on) for on in (MAY - day, MAY, JULY, JULY + day)] == [False, True, True, False]


def test_each_kind_says_since_when_it_is_met_and_of_nobody_that_it_is_missing() -> None:
    who = replace(
        met_but_for_the_age(),
        checks=(Check("police_certificate", MAY), Check("police_certificate", JULY, "guide")),
        approvals=(Approval(PROGRAMME, "red_cross", MAY), Approval("other", "introduction", MAY)),
    )
    assert [item.standing(who, PROGRAMME) for item in GUIDES.items] == [
        Standing("consent:matching", JANUARY),
        Standing("interview", MAY),
        Standing("check:police_certificate", JULY),
        Standing("approval:red_cross", MAY),
        Standing("approval:introduction", None),
        Standing("age", JULY),
    ]
    assert missing(NOBODY, GUIDES, JULY) == tuple(
        sorted(item.standing(NOBODY, PROGRAMME).code for item in GUIDES.items)
    )


def test_who_has_left_lacks_nothing_and_stays_away() -> None:
    waiting = assess(met_but_for_the_age(), OF_AGE, MAY)
    left = waiting.with_participation(part_of(waiting).left())
    assert part_of(left).missing == ()
    assert assess(left, OF_AGE, JULY) == left


def test_a_role_is_what_the_pack_says_also_of_who_was_ready_before_it_was_kept() -> None:
    ready = Participation(PROGRAMME, "1.0", "ready", JANUARY, MAY)
    after = assess(replace(NOBODY, participations=(ready,)), GUIDES, JULY)
    assert part_of(after) == replace(ready, role="guide")


# Packs


def test_a_packs_requirements_are_those_of_its_sides() -> None:
    pack = shipped_packs()["flyktningguide-bergen@1.0"]
    receiving = wire.requirements(pack, pack.sides.receiving)
    assert receiving == Requirements(
        pack.name,
        pack.version,
        "refugee",
        (
            requirements.Consent("matching"),
            requirements.Consent("contact"),
            requirements.Interview(),
            requirements.Age(18),
        ),
    )
    giving = wire.requirements(pack, pack.sides.giving)
    assert giving.role == "guide"
    assert giving.organisations == {"red_cross_bergen", "introduction_programme_bergen"}


@value
class OtherAge(Requirement):
    """An age whose field has another name than in packs."""

    least: int

    def standing(self, person: Person, programme: str) -> Standing:
        return Standing("age", None)


def test_packs_and_intake_know_the_same_kinds_with_the_same_fields() -> None:
    assert wire.matched(CONTRACTS, REGISTRY) == REGISTRY
    for kind in REGISTRY:
        fewer = {name: asked for name, asked in REGISTRY.items() if name != kind}
        with pytest.raises(LookupError, match=kind):
            wire.matched(CONTRACTS, fewer)
    with pytest.raises(LookupError, match="moment"):
        wire.matched(CONTRACTS, {**REGISTRY, "moment": Age})
    with pytest.raises(LookupError, match="age"):
        wire.matched(CONTRACTS, {**REGISTRY, "age": OtherAge})
