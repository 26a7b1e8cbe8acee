"""What is corrected of somebody, and what the municipality says next."""

from dataclasses import replace
from typing import Any

import pytest

from services.intake.commands.corrections import CORRECT_PERSON
from services.intake.commands.spec import Refused
from services.intake.domain import correction, refugee, requirements, volunteer
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Language, Participation, Person
from services.intake.domain.refugee import Refugee
from shared.contracts.intake.commands.corrections import CorrectPerson
from tests.unit.intake.people import CONTEXT, DETAILS, GUIDES, PROFILE, TODAY, interview, settlement

REGISTRATION = volunteer.Registration("no-4601", PROFILE, DETAILS, 1, 10, TODAY)
VOLUNTEER = volunteer.register(REGISTRATION, "volunteer-abcdefghijklmnop")
REFUGEE = refugee.settle(None, settlement(), "refugee-abcdefghijklmnop", TODAY).refugee


def corrected(who: Person, **given: Any) -> Any:
    return CORRECT_PERSON.decide(who, CorrectPerson.model_validate({"reason": "test", **given}), CONTEXT)


def faults(who: Person, **given: Any) -> list[tuple[str, str | None]]:
    with pytest.raises(Refused) as refused:
        corrected(who, **given)
    return [(fault.code, fault.field) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("given", "details", "profile"),
    [
        ({"person": {"given_name": "Berit"}}, {"given_name": "Berit"}, {}),
        ({"person": {"family_name": "Eksempel-To"}}, {"family_name": "Eksempel-To"}, {}),
        ({"person": {"birth_date": "1980"}}, {"birth_date": "1980"}, {"birth_year": 1980}),
        ({"person": {"gender": "female"}}, {"gender": "female"}, {"gender": "female"}),
        ({"person": {"phone": "900 00 043"}}, {"phone": "+4790000043"}, {}),
        ({"person": {"email": "new@example.org"}}, {"email": "new@example.org"}, {}),
        ({"person": {"address": "Eksempelgata 1"}}, {"address": "Eksempelgata 1"}, {}),
        ({"person": {"preferred_language": "no"}}, {"preferred_language": "nb"}, {}),
        (
            {"languages": [{"code": "nb", "level": "fluent"}]},
            {},
            {"languages": (Language("nb", "fluent"),)},
        ),
        ({"interests": []}, {}, {"interests": ()}),
        ({"occupation": "nurse"}, {}, {"occupation": "nurse"}),
        ({"occupation": "Nurse in Fana"}, {"occupation": "Nurse in Fana"}, {}),
        ({"education": "master"}, {}, {"education": "master"}),
        ({"adults": 2, "minors": 3}, {}, {"adults": 2, "minors": 3}),
        ({"clear": ["person.email", "person.gender"]}, {"email": None, "gender": None}, {"gender": None}),
        ({"clear": ["person.birth_date"]}, {"birth_date": None}, {"birth_year": None}),
        ({"clear": ["person.family_name"]}, {"family_name": None}, {}),
    ],
    ids=str,
)
def test_only_what_is_given_or_cleared_changes(
    given: dict[str, Any], details: dict[str, Any], profile: dict[str, Any]
) -> None:
    after = corrected(VOLUNTEER, **given)
    assert after.details == replace(DETAILS, **details)
    assert after.profile == replace(PROFILE, **profile)
    assert replace(after, details=DETAILS, profile=PROFILE) == VOLUNTEER


def test_an_occupation_is_a_code_or_other_words_and_can_be_cleared() -> None:
    words = corrected(corrected(VOLUNTEER, occupation="nurse"), occupation="Nurse in Fana")
    assert (words.profile.occupation, words.details.occupation) == (None, "Nurse in Fana")
    gone = corrected(words, clear=["occupation"])
    assert (gone.profile.occupation, gone.details.occupation) == (None, None)
    assert corrected(VOLUNTEER, travel_km=3).travel_km == 3
    assert corrected(VOLUNTEER, clear=["travel_km"]).travel_km is None
    assert corrected(VOLUNTEER, adults=2).travel_km == 10


def test_a_corrected_birth_date_stands_before_what_was_recorded_and_age_follows_at_once() -> None:
    part = Participation(GUIDES.programme, "1.0", "joined", TODAY)
    who = correction.born(VOLUNTEER.with_participation(part), "1990-02-03")
    assert "age" not in requirements.missing(who, GUIDES, TODAY)
    child = corrected(who, person={"birth_date": "2010-02"})
    assert child.details.born == "2010-02"
    assert "age" in requirements.missing(child, GUIDES, TODAY)
    assert "age" in requirements.missing(corrected(who, clear=["person.birth_date"]), GUIDES, TODAY)


def test_corrected_interests_stand_before_those_of_the_interview() -> None:
    held = replace(VOLUNTEER, interview=replace(interview(), interests=("football",)))
    after = corrected(held, interests=["hiking"])
    assert (after.interview.interests, after.profile.interests) == (None, ("hiking",))


@pytest.mark.parametrize("who", [VOLUNTEER, REFUGEE], ids=["volunteer", "refugee"])
def test_what_cannot_be_used_is_refused_with_its_field(who: Person) -> None:
    assert faults(
        who,
        person={"phone": "ring meg", "email": "nobody", "preferred_language": "ua"},
        languages=[{"code": "dk", "level": "native"}],
        interests=["storgata_5"],
    ) == [
        ("phone_invalid", "person.phone"),
        ("email_invalid", "person.email"),
        ("not_listed", "interests.0"),
        ("language_unknown", "person.preferred_language"),
        ("language_unknown", "languages.0.code"),
    ]


NOTHING_GIVEN: list[dict[str, Any]] = [
    {},
    {"person": {}},
    {"person": {"phone": " ", "email": None}},
    {"interests": None},
]


def test_a_correction_without_sense_is_refused() -> None:
    assert faults(VOLUNTEER, person={"address": "x" * 300}) == [("address_invalid", "person.address")]
    assert faults(VOLUNTEER, person={"birth_date": "2199"}) == [("date_in_future", "person.birth_date")]
    assert faults(VOLUNTEER, education="master", clear=["education"]) == [("given_and_cleared", "education")]
    for nothing in NOTHING_GIVEN:
        with pytest.raises(DomainError, match="nothing_to_correct"):
            corrected(VOLUNTEER, **nothing)
    with pytest.raises(DomainError, match="name_missing"):
        corrected(VOLUNTEER, clear=["person.given_name", "person.family_name"])
    with pytest.raises(DomainError, match="has_left"):
        corrected(volunteer.withdraw(VOLUNTEER, TODAY), adults=2)
    with pytest.raises(DomainError, match="not_taking_part"):
        corrected(replace(REFUGEE, details=None, profile=None), education="master")


def test_of_a_refugee_what_the_municipality_says_is_corrected_there() -> None:
    assert faults(
        REFUGEE,
        person={"given_name": "Berit", "birth_date": "1980", "phone": "90000043"},
        adults=2,
        travel_km=3,
        clear=["person.address"],
    ) == [
        ("municipality_says", field)
        for field in ("adults", "person.address", "person.birth_date", "person.given_name", "travel_km")
    ]


def settled_again(who: Refugee, **said: Any) -> Any:
    """After another settlement of the case, with these details and profile."""
    details = {name: said.pop(name) for name in ("phone", "email") if name in said}
    now = settlement(details=replace(DETAILS, **details), profile=replace(PROFILE, **said))
    return refugee.settle(who, now, "refugee-unused", TODAY).refugee


def test_a_correction_holds_until_the_municipality_says_something_else_of_its_field() -> None:
    known = corrected(
        REFUGEE,
        person={"phone": "90000043", "email": "new@example.org"},
        languages=[{"code": "ti", "level": "native"}, {"code": "nb", "level": "basic"}],
        occupation="Baker in Fana",
        clear=["education"],
    )
    again = settled_again(known)
    assert again.profile == known.profile
    assert again.details == known.details
    # All but what is said anew goes on; what is said anew holds.
    moved = settled_again(again, phone="+4790000044", occupation="cook", minors=2)
    assert (moved.details.phone, moved.details.email) == ("+4790000044", "new@example.org")
    assert (moved.profile.occupation, moved.details.occupation) == ("cook", None)
    assert (moved.profile.minors, moved.profile.languages) == (2, known.profile.languages)
    # By then that is what the municipality says: the same once more changes nothing, another does.
    assert settled_again(moved, phone="+4790000044", occupation="cook", minors=2) == moved
    back = settled_again(moved, email="third@example.org", languages=(Language("am", "native"),))
    assert back.details.phone is None
    assert (back.details.email, back.profile.languages) == (
        "third@example.org",
        (Language("am", "native"),),
    )
    assert back.details.told is None


def test_a_birth_date_that_was_recorded_stays_beside_a_correction() -> None:
    known = corrected(correction.born(REFUGEE, "1990-02-03"), person={"phone": "90000043"})
    again = settled_again(known)
    assert again.details.recorded_birth_date == "1990-02-03"
    assert again.details.phone == "+4790000043"


def test_corrected_twice_it_is_still_what_the_municipality_said_that_is_held_against() -> None:
    twice = corrected(corrected(REFUGEE, education="master"), education="doctorate")
    assert settled_again(twice).profile.education == "doctorate"
    assert settled_again(twice, education="primary").profile.education == "primary"
