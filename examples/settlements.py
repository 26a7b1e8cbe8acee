"""What the municipality records of the people it settles: 25 who will wait, and three who never do."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from examples import bergen_people as people
from examples.recording import Draws, Sent, Writer, office_day, office_time
from shared.contracts.municipal import Person, PersonSettled, SettledHousehold, SettledPlacement
from shared.contracts.people import Language

MUNICIPALITY = "no-4601"
REPEATED, CORRECTED_LANGUAGES, CORRECTED_HOUSEHOLD = 3, 15, 20
"""Case numbers that get more than one record."""


def languages(text: str) -> list[Language]:
    """`ti nb=basic` as the contract has it: a language alone is a native one."""
    pairs = (part.partition("=") for part in text.split())
    return [Language.model_validate({"code": code, "level": level or "native"}) for code, _, level in pairs]


def case_reference(number: int) -> str:
    """The municipality's case reference: a year and a serial number, too short for a personal number."""
    return f"BER-2016-{number:04}"


def settled_on(number: int) -> date:
    """Four days apart, from February to May."""
    return office_day(date(2016, 2, 8) + timedelta(days=4 * (number - 1)))


def contact(side: str, number: int, phone: int) -> dict[str, str]:
    """Reserved addresses and numbers that ring nowhere."""
    return {"phone": f"+47 000 00 {phone:03}", "email": f"{side}-{number:02}@example.org"}


def settled(draws: Draws, number: int) -> PersonSettled:
    """What the municipality finally knows of one of the 25."""
    row = people.REFUGEES[number - 1]
    district, day, spoken = draws.one(people.DISTRICTS), settled_on(number), languages(row.speaks)
    return PersonSettled(
        protection="none",
        arrived_on=day,
        settled_on=day,
        placement=SettledPlacement(
            kind=draws.one(("temporary", "permanent", "permanent")), placed_on=day, district=district
        ),
        person=Person(
            given_name=row.given_name,
            family_name=f"Eksempel-{row.family_name}",
            birth_date=date(row.born, 1 + draws.below(12), 1 + draws.below(28)).isoformat(),
            gender=row.gender,
            address=f"Eksempelgata {number}, {district}",
            preferred_language=spoken[0].code,
            **contact("refugee", number, 60 + number),
        ),
        languages=spoken,
        household=SettledHousehold(adults=row.adults, minors=row.minors),
        unaccompanied_minor=False,
        occupation=row.occupation,
        education=row.education,
    )


def settlements(draws: Draws) -> Iterator[Sent]:
    """25 people who will wait; two corrections, a repetition and a late record; three who never wait."""
    writer = Writer(draws, f"/municipalities/{MUNICIPALITY}/case-system")

    def sent(number: int, at: datetime, data: PersonSettled) -> Sent:
        return writer.record("PersonSettled", case_reference(number), at, data)

    for number in range(1, len(people.REFUGEES) + 1):
        final, at = settled(draws, number), office_time(settled_on(number), 5 + number)
        if number == CORRECTED_LANGUAGES:
            before = final.model_copy(update={"languages": final.languages[:1]})
            mistaken = final.model_copy(update={"languages": languages("ps")})
            yield sent(number, at, before)
            yield sent(number, at + timedelta(days=7), final)
            late = sent(number, at + timedelta(days=2), mistaken)
            yield Sent(at + timedelta(days=8), late.line)
        elif number == CORRECTED_HOUSEHOLD:
            smaller = SettledHousehold(adults=2, minors=1)
            yield sent(number, at, final.model_copy(update={"household": smaller}))
            yield sent(number, at + timedelta(days=7), final)
        else:
            first = sent(number, at, final)
            yield first
            if number == REPEATED:
                yield Sent(at + timedelta(days=1), first.line)
    yield from _never_matched(len(people.REFUGEES) + 1, sent)


def _never_matched(number: int, sent: Callable[[int, datetime, PersonSettled], Sent]) -> Iterator[Sent]:
    """A protected person, one whose protection nobody stated, and an unaccompanied minor."""
    day = date(2016, 5, 19)
    yield sent(number, office_time(day, 30), PersonSettled(protection="confidential", settled_on=day))
    day = date(2016, 5, 20)
    yield sent(number + 1, office_time(day, 31), _unstated(number + 1, day))
    day = date(2016, 5, 23)
    yield sent(number + 2, office_time(day, 32), _minor(number + 2, day))


def _unstated(number: int, day: date) -> PersonSettled:
    # The contract drops this person as it is read, so the model is made without it and it is put back.
    person = Person(
        given_name="Nora",
        family_name="Eksempel-Skjermet",
        birth_date="1990-01-02",
        gender="female",
        preferred_language="ar",
        **contact("refugee", number, 60 + number),
    )
    return PersonSettled(settled_on=day).model_copy(update={"person": person})


def _minor(number: int, day: date) -> PersonSettled:
    person = Person(
        given_name="Daniel",
        family_name="Eksempel-Zulu",
        birth_date="1999-11-20",
        gender="male",
        preferred_language="ti",
        **contact("refugee", number, 60 + number),
    )
    return PersonSettled(
        protection="none",
        settled_on=day,
        person=person,
        languages=languages("ti"),
        household=SettledHousehold(adults=0, minors=1),
        unaccompanied_minor=True,
    )
