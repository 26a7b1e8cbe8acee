"""What lapses soon: each threshold once, each time anew, and none lost by looking late."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import lapses, person, requirements
from services.intake.domain.kept import Lapse
from services.intake.domain.person import Participation, Person
from services.intake.domain.requirements import Approval, Check, Consent, Requirements
from services.intake.domain.volunteer import Volunteer

SEEN = date(2025, 7, 1)
UNTIL = date(2026, 6, 30)
"""The last of twelve months."""
ASKED = Requirements(
    "guides",
    "1.0",
    "guide",
    (Consent("matching"), Check("police", 12), Check("training"), Approval("red", 24)),
)
READY = Volunteer(
    subject="volunteer-abcdefghijklmnop",
    municipality="no-4601",
    status="approved",
    checks=(person.Check("police", SEEN), person.Check("training", SEEN)),
    consents=(person.Consent("matching", "1", SEEN),),
    approvals=(person.Approval("guides", "red", SEEN),),
    participations=(Participation("guides", "1.0", "ready", SEEN, SEEN),),
)
POLICE = "check:police"


def before(days: int) -> date:
    return UNTIL - timedelta(days=days)


def look(who: Person, *days: date) -> tuple[Person, list[tuple[str, int]]]:
    """After looking on these days, one after the other, with what was warned of."""
    told: list[tuple[str, int]] = []
    for day in days:
        who, new = lapses.warned(requirements.assess(who, ASKED, day), [ASKED], day)
        told += [(lapse.code, lapse.days) for lapse in new]
    return who, told


def test_each_threshold_is_told_once() -> None:
    days = [before(number) for number in range(70, -5, -1)]
    who, told = look(READY, *days, *days[-3:])
    assert told == [(POLICE, 60), (POLICE, 14)]
    assert who.lapses == (Lapse("guides", POLICE, UNTIL, 0, UNTIL + timedelta(days=1)),)
    assert look(READY, before(61))[0].lapses == ()
    assert look(READY, before(60))[0].lapses == (Lapse("guides", POLICE, UNTIL, 60, before(60)),)


def test_who_looks_late_tells_by_the_nearest_threshold() -> None:
    assert look(READY, before(61), before(40))[1] == [(POLICE, 60)]
    assert look(READY, before(61), before(3))[1] == [(POLICE, 14)]
    assert look(READY, before(0))[1] == [(POLICE, 14)]
    who, told = look(READY, before(-30))
    assert told == [], "that it has lapsed is told of the participation"
    assert who.lapses == (Lapse("guides", POLICE, UNTIL, 0, before(-30)),)


def test_what_is_renewed_goes_and_is_told_of_anew() -> None:
    warned, _ = look(READY, before(60), before(14))
    renewed = replace(warned, checks=(*warned.checks, person.Check("police", before(10))))
    assert look(renewed, before(10))[0].lapses == ()
    until = requirements.assess(renewed, ASKED, before(10)).participations[0].ready_until
    assert until is not None
    assert look(renewed, until - timedelta(days=60))[1] == [(POLICE, 60)]


def test_of_what_was_left_and_of_who_was_never_ready_nothing_has_lapsed() -> None:
    warned, _ = look(READY, before(60))
    assert lapses.warned(person.leave(warned, "guides"), [], before(59))[0].lapses == ()
    new = replace(READY, consents=(), participations=(Participation("guides", "1.0", "joined", SEEN),))
    assert look(new, before(60))[1] == [(POLICE, 60)], "it is to be renewed before they are ready"
    assert look(new, before(-1)) == (requirements.assess(new, ASKED, before(-1)), [])


@given(st.lists(st.integers(-20, 100), min_size=1, max_size=8))
def test_however_it_is_looked_nothing_is_told_twice_and_the_nearest_is_told(numbers: list[int]) -> None:
    days = [before(number) for number in sorted(numbers, reverse=True)]
    told = [days for _, days in look(READY, *days)[1]]
    assert told == sorted(set(told), reverse=True)
    in_time = [number for number in numbers if 0 <= number <= 60]
    assert (60 in told or 14 in told) == bool(in_time)
    assert (14 in told) == any(number <= 14 for number in in_time)


def test_the_next_day_to_look_is_that_of_the_next_threshold() -> None:
    found = [lapses.next_warning(READY, [ASKED], day) for day in (before(61), before(60), before(20))]
    assert found == [before(60), before(14), before(14)]
    after_police = lapses.next_warning(READY, [ASKED], before(14))
    assert after_police == requirements.Approval("red", 24).standing(READY, "guides").until - timedelta(60)  # type: ignore[operator]
    assert lapses.next_warning(READY, [], before(61)) is None
