"""People as they are: one name, a year of birth or none, a gender that nobody recorded."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.intake import wire
from services.intake.commands.people import RECORD_BIRTH_DATE
from services.intake.commands.volunteers import REGISTER_VOLUNTEER
from services.intake.domain.birth import born_between, is_of_age
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.refugee import Refugee, settle
from services.intake.domain.requirements import Age
from services.intake.notes import notes
from services.intake.public_state import public_state
from services.intake.receipts import receipt, refused
from services.intake.vocabulary import Vocabulary
from shared.contracts import municipal, topics
from shared.contracts.example import shown
from shared.contracts.intake.commands.people import RecordBirthDate
from shared.contracts.intake.commands.volunteers import RegisterVolunteer
from shared.contracts.programmes import ActiveProgramme
from shared.messaging.reading.outcome import Dead, Fault
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Handled, Received, Unreadable
from shared.messaging.reading.sentences import sentence, told
from tests.unit.intake.people import CONTEXT, NOTHING, TODAY
from tests.unit.intake.people import settlement as said
from tests.unit.messaging.records import raw, settlement

SUBJECT = "refugee-abcdefghijklmnop"
MINIMAL = {"given_name": "Test", "preferred_language": "ti"}

TODAYS = replace(CONTEXT, today=TODAY)


def read(person: dict[str, Any], **data: Any) -> Received | Unreadable:
    parsed = Parser(topics.SETTLEMENTS).parse(raw(settlement(person=person, **data)))
    assert isinstance(parsed, Received | Unreadable)
    return parsed


def taken(
    person: dict[str, Any], known: Refugee | None = None, listed: Vocabulary = NOTHING, **data: Any
) -> tuple[Refugee, list[Fault]]:
    """The file of a settlement, and what its receipt notes."""
    record = read(person, **data)
    assert isinstance(record, Received)
    assert refused(record) is None
    assert isinstance(record.data, municipal.PersonSettled)
    read_as = wire.settlement(record, record.data, ["case-1"], listed)
    file = settle(known, read_as, SUBJECT, TODAY).refugee
    return file, list(notes(record.data, read_as, file, TODAY, listed))


def test_of_a_person_one_name_and_a_language_are_enough() -> None:
    file, noted = taken(MINIMAL)
    state = public_state(file)
    assert state["status"] == "settled"
    assert {"birth_year", "gender"}.isdisjoint(state)
    assert noted == [Fault("age_unsure", "person.birth_date", "data")]


@pytest.mark.parametrize("name", ["given_name", "family_name"])
def test_one_name_may_stand_in_either_field(name: str) -> None:
    file, _ = taken({name: "Eksempel", "preferred_language": "ti"})
    assert file.details is not None
    assert b'"given_name":"Eksempel"' in wire.card(file.details)


def test_no_name_at_all_is_refused_and_said() -> None:
    record = read({"given_name": None, "preferred_language": "ti"})
    assert isinstance(record, Unreadable)
    assert [(fault.code, fault.field) for fault in record.faults] == [("name_missing", "person")]


@pytest.mark.parametrize(
    ("told", "first", "last", "is_18"),
    [
        ("1998-06-10", date(1998, 6, 10), date(1998, 6, 10), date(2016, 7, 1)),
        ("1996-02", date(1996, 2, 1), date(1996, 2, 29), date(2014, 3, 1)),
        ("1998", date(1998, 1, 1), date(1998, 12, 31), date(2017, 1, 1)),
    ],
)
def test_a_birth_date_is_told_as_far_as_it_is_known(told: str, first: date, last: date, is_18: date) -> None:
    assert born_between(told) == (first, last)
    file, _ = taken({**MINIMAL, "birth_date": told})
    assert public_state(file)["birth_year"] == first.year
    assert Age(18).standing(file, "any").since == is_18


@pytest.mark.parametrize(
    "told", ["98", "1998-13", "1998-6", "1899", "2201", "1998-02-30", "1998 ", 1998, "", "19980610"]
)
def test_what_is_no_birth_date_is_refused(told: Any) -> None:
    with pytest.raises(ValidationError):
        municipal.Person.model_validate({**MINIMAL, "birth_date": told})


@pytest.mark.parametrize("told", ["2016-07", "2017", "2016-06-16"])
def test_nobody_is_born_ahead_of_today(told: str) -> None:
    record = read({**MINIMAL, "birth_date": told})
    assert isinstance(record, Received)
    dead = refused(record)
    assert dead is not None
    assert (dead.code, dead.field) == ("date_in_future", "person.birth_date")


@pytest.mark.parametrize(
    ("told", "today", "is_adult"),
    [
        (None, date(2016, 6, 15), None),
        ("1997", date(2016, 1, 1), True),
        ("1998", date(2016, 1, 1), None),
        ("1998", date(2016, 12, 30), None),
        ("1998", date(2016, 12, 31), True),
        ("1999", date(2016, 12, 31), False),
        ("1998-06", date(2016, 6, 15), None),
        ("1998-06", date(2016, 6, 30), True),
        ("1998-06-15", date(2016, 6, 14), False),
        ("1998-06-15", date(2016, 6, 15), True),
        ("1996-02-29", date(2014, 2, 28), False),
        ("1996-02-29", date(2014, 3, 1), True),
    ],
)
def test_of_age_is_who_is_so_by_every_day_that_it_can_be(
    told: str | None, today: date, is_adult: bool | None
) -> None:
    assert is_of_age(told, today) is is_adult


def test_a_year_that_settles_the_age_needs_no_note() -> None:
    assert taken({**MINIMAL, "birth_date": "1990"})[1] == []
    assert taken({**MINIMAL, "birth_date": "2005"})[1] == []
    assert [fault.code for fault in taken({**MINIMAL, "birth_date": "1998"})[1]] == ["age_unsure"]


def test_all_that_was_left_out_is_noted_and_the_rest_is_taken() -> None:
    file, noted = taken(
        {**MINIMAL, "phone": 90000042, "email": "nobody", "address": "x" * 300},
        interests=["music", "storgata_5"],
    )
    assert [fault.code for fault in noted] == [
        "interest_unlisted",
        "age_unsure",
        "phone_invalid",
        "email_invalid",
        "address_invalid",
    ]
    assert file.details is not None
    assert (file.details.phone, file.details.email, file.details.address) == (None, None, None)
    for fault in noted[2:]:
        assert sentence(fault).endswith("It is left out, and all else is taken.")


def test_of_a_district_and_interests_that_are_not_listed_those_that_are_are_told() -> None:
    programmes = [
        ActiveProgramme.model_validate(
            {**shown(ActiveProgramme), "districts": ["Årstad", "Fana"], "topics": ["football", "cooking"]}
        )
    ]
    placed = {"kind": "permanent", "placed_on": "2016-06-01", "district": "Arstad"}
    _, noted = taken(
        MINIMAL,
        listed=Vocabulary.of(programmes),
        placement=placed,
        interests=["cooking", "storgata_5", "fotball"],
    )
    district, interests, *_ = noted
    assert (district.code, district.allowed, district.nearest) == (
        "district_unlisted",
        ("Fana", "Årstad"),
        "Årstad",
    )
    assert (interests.code, interests.allowed, interests.nearest) == (
        "interest_unlisted",
        ("cooking", "football"),
        "football",
    )
    assert "There are: cooking, football. Did you mean football?" in sentence(interests)
    assert not any("storgata" in repr(told([fault])) for fault in noted)


def test_languages_are_taken_in_one_form_each_once_and_at_its_best() -> None:
    spoken = [
        {"code": "ara", "level": "basic"},
        {"code": "apc", "level": "native"},
        {"code": "ar", "level": "fluent"},
        {"code": "nob", "level": "basic"},
        {"code": "no", "level": "basic"},
    ]
    file, _ = taken({**MINIMAL, "preferred_language": "prs"}, languages=spoken)
    assert public_state(file)["languages"] == [
        {"code": "ar", "level": "native"},
        {"code": "nb", "level": "basic"},
    ]
    assert file.details is not None
    assert file.details.preferred_language == "fa-AF"


def test_an_unknown_language_is_refused_with_the_nearest_one() -> None:
    record = read({**MINIMAL, "preferred_language": "ua"}, languages=[{"code": "xx", "level": "native"}])
    assert isinstance(record, Received)
    dead = refused(record)
    assert dead is not None
    assert dead.faults == (
        Fault("language_unknown", "person.preferred_language", "data", nearest="uk"),
        Fault("language_unknown", "languages.0.code", "data"),
    )


@pytest.mark.parametrize("hidden", [{"protection": "confidential"}, {"unaccompanied_minor": True}])
def test_of_whom_nothing_goes_out_no_language_is_a_reason_to_refuse(hidden: dict[str, Any]) -> None:
    record = read({**MINIMAL, "preferred_language": "xx"}, **hidden)
    assert isinstance(record, Received)
    assert refused(record) is None


def registration(person: dict[str, Any], **data: Any) -> RegisterVolunteer:
    given: dict[str, Any] = {
        "reason": "signed_up",
        "municipality": "no-4601",
        "person": person,
        "languages": [{"code": "nob", "level": "native"}],
        "registered_on": TODAY.isoformat(),
    }
    return RegisterVolunteer.model_validate(given | data)


def registered(person: dict[str, Any], **data: Any) -> Person:
    return REGISTER_VOLUNTEER.decide(None, "volunteer-abcdefghijklmnop", registration(person, **data), TODAYS)


def test_a_volunteer_may_have_one_name_and_tell_no_more() -> None:
    state = public_state(registered({**MINIMAL, "phone": "900.00.042"}))
    assert {"birth_year", "gender"}.isdisjoint(state)
    assert state["languages"] == [{"code": "nb", "level": "native"}]


@pytest.mark.parametrize(
    ("person", "data", "code", "field"),
    [
        ({"phone": "?"}, {}, "phone_invalid", "person.phone"),
        ({"email": "nobody"}, {}, "email_invalid", "person.email"),
        ({"address": []}, {}, "address_invalid", "person.address"),
        ({"preferred_language": "ua"}, {}, "language_unknown", "person.preferred_language"),
        ({}, {"languages": [{"code": "zzz", "level": "basic"}]}, "language_unknown", "languages.0.code"),
        ({"birth_date": "2017"}, {}, "date_in_future", "person.birth_date"),
    ],
)
def test_a_command_is_refused_with_the_field_and_what_helps(
    person: dict[str, Any], data: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        registered({**MINIMAL, **person}, **data)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert "nobody" not in refusal.value.message


def test_a_coordinator_can_say_when_somebody_was_born() -> None:
    command = RecordBirthDate(reason="passport_seen", birth_date="1990")
    for known in (registered(MINIMAL), taken(MINIMAL)[0]):
        assert Age(18).standing(known, "any").since is None
        after = RECORD_BIRTH_DATE.decide(known, command, TODAYS)
        assert Age(18).standing(after, "any").since == date(2009, 1, 1)
        assert public_state(after)["birth_year"] == 1990


@pytest.mark.parametrize(
    ("told", "born"), [(None, "1990-05"), ("1990", "1990-05"), ("1990-05-02", "1990-05-02"), ("1991", "1991")]
)
def test_what_a_coordinator_recorded_stays_unless_the_municipality_says_otherwise(
    told: str | None, born: str
) -> None:
    recorded = RecordBirthDate(reason="passport_seen", birth_date="1990-05")
    known = RECORD_BIRTH_DATE.decide(taken(MINIMAL)[0], recorded, TODAYS)
    assert isinstance(known, Refugee)
    again, noted = taken({**MINIMAL, "birth_date": told}, known)
    assert again.details is not None
    assert again.details.born == born
    assert public_state(again)["birth_year"] == int(born[:4])
    assert noted == []


def test_a_birth_date_that_lies_ahead_is_not_recorded() -> None:
    with pytest.raises(DomainError):
        RECORD_BIRTH_DATE.decide(
            taken(MINIMAL)[0], RecordBirthDate(reason="passport_seen", birth_date="2017"), TODAYS
        )


def test_of_whom_nothing_is_kept_nothing_is_recorded() -> None:
    bare = replace(settle(None, said(), SUBJECT, TODAY).refugee, details=None)
    with pytest.raises(DomainError) as refusal:
        RECORD_BIRTH_DATE.decide(bare, RecordBirthDate(reason="passport_seen", birth_date="1990"), TODAYS)
    assert refusal.value.code == "not_taking_part"


@pytest.mark.parametrize(
    ("changes", "noted"),
    [
        ({"protecton": "none", "protection": None}, ["protected_in_doubt"]),
        ({"protection": "confidential", "household": {"adults": "two"}}, ["protected_in_doubt"]),
        ({"protection": "none", "unaccompanied_minor": "yes"}, ["minor_in_doubt"]),
        ({"protection": "none", "household": {"adults": "two"}}, []),
    ],
)
def test_a_refused_record_says_whom_it_protects_all_the_same(
    changes: dict[str, Any], noted: list[str]
) -> None:
    record = read(MINIMAL, **changes)
    assert isinstance(record, Unreadable)
    answer = receipt(Handled(record, Dead.of(record.faults)))
    assert answer["outcome"] == "rejected"
    assert [note["code"] for note in answer.get("notes", [])] == noted
    assert all("opens them anew" in note["message"] for note in answer.get("notes", []))


def test_what_unstated_protection_does_is_said() -> None:
    message = sentence(Fault("protection_unstated", "protection", "data"))
    assert "nothing of them is public any more" in message
    assert 'protection "none"' in message
