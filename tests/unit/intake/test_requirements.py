"""What programmes ask: since when it is met, what is missing, and that packs and intake know the same."""

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest

from services.intake import wire
from services.intake.domain import consents, person, requirements
from services.intake.domain.person import Approval, Check, Consent, Participation, Person
from services.intake.domain.requirements import (
    REGISTRY,
    Age,
    Requirement,
    Requirements,
    Standing,
    assess,
    missing,
    next_change,
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
        who = consents.consented(who, Consent(purpose, "1", JANUARY))
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
    assert next_change(waiting, OF_AGE, yesterday) == JULY
    assert part_of(assess(waiting, OF_AGE, JULY)).missing == ()
    assert next_change(waiting, OF_AGE, JULY) is None


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


def checked_until_2019() -> Requirements:
    return replace(ASKED, items=(*ASKED.items, requirements.Check("police_certificate", valid_for=36)))


def test_what_lapses_is_met_to_its_last_day_and_renewed_they_have_waited_all_the_time() -> None:
    asked, last = checked_until_2019(), date(2019, 7, 1)
    ready = assess(
        person.checked(met_but_for_the_age(), Check("police_certificate", date(2016, 7, 2))), asked, JULY
    )
    waiting = assess(ready, asked, date(2016, 7, 2))
    assert (part_of(waiting).ready_since, part_of(waiting).ready_until) == (date(2016, 7, 2), last)
    assert next_change(waiting, asked, last) == last + timedelta(days=1)
    assert part_of(assess(waiting, asked, last)).status == "ready"
    lapsed = assess(waiting, asked, last + timedelta(days=1))
    assert (part_of(lapsed).status, part_of(lapsed).missing) == ("lapsed", ("check:police_certificate",))
    assert next_change(lapsed, asked, last + timedelta(days=1)) is None
    renewed = person.checked(lapsed, Check("police_certificate", date(2019, 9, 1)))
    assert part_of(assess(renewed, asked, date(2019, 9, 1))).ready_since == date(2016, 7, 2)


def test_who_takes_a_consent_back_waits_anew_once_they_give_another() -> None:
    ready = assess(met_but_for_the_age(), ASKED, JULY)
    assert part_of(ready).status == "ready"
    without = assess(consents.withdrawn(ready, "matching", JULY), ASKED, JULY)
    assert (part_of(without).status, part_of(without).missing) == ("joined", ("consent:matching",))
    again = assess(
        consents.consented(without, Consent("matching", "2", date(2016, 8, 1))), ASKED, date(2016, 8, 2)
    )
    assert (part_of(again).status, part_of(again).ready_since) == ("ready", date(2016, 8, 1))


def test_a_check_for_households_with_minors_is_asked_of_them_alone() -> None:
    asked = requirements.Check("child_certificate", when="minors")
    alone, family = replace(NOBODY, profile=PROFILE), replace(NOBODY, profile=replace(PROFILE, minors=1))
    assert asked.standing(alone, PROGRAMME).is_met(JANUARY)
    assert asked.standing(family, PROGRAMME).since is None


def test_an_approval_given_again_holds_on_from_then_and_counts_since_the_first() -> None:
    asked = requirements.Approval("red_cross", valid_for=12)
    who = person.approved(met_but_for_the_age(), Approval(PROGRAMME, "red_cross", MAY))
    assert asked.standing(who, PROGRAMME) == Standing("approval:red_cross", MAY, date(2017, 5, 19))
    renewed = person.approved(who, Approval(PROGRAMME, "red_cross", date(2017, 5, 1)))
    assert asked.standing(renewed, PROGRAMME) == Standing("approval:red_cross", MAY, date(2018, 4, 30))


def test_an_interview_for_another_programme_takes_none_back() -> None:
    who = person.join(met_but_for_the_age(), "other", "1.0", JANUARY)
    who = person.interviewed(who, interview(JULY, programme="other"))
    assert requirements.Interview().standing(who, PROGRAMME).since == MAY
    assert requirements.Interview().standing(who, "other").since == JULY


def test_who_has_left_lacks_nothing_and_stays_away() -> None:
    waiting = assess(met_but_for_the_age(), OF_AGE, MAY)
    left = waiting.with_participation(part_of(waiting).left())
    assert part_of(left).missing == ()
    assert assess(left, OF_AGE, JULY) == left


def test_a_role_is_what_the_pack_says_also_of_who_was_ready_before_it_was_kept() -> None:
    ready = assess(met_but_for_the_age(), ASKED, JULY)
    before = ready.with_participation(replace(part_of(ready), role=None))
    assert assess(before, ASKED, JULY) == ready


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
