"""Moves to another municipality: the person, and the time that they have waited, stay the same."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.intake.domain import consents, moves, person, refugee, requirements, volunteer
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Approval, Check, Consent
from services.intake.domain.refugee import Case, Refugee
from services.intake.domain.seniority import Waited
from services.intake.domain.volunteer import Fact, Volunteer
from tests.unit.intake.people import ASKED, DETAILS, GUIDES, NOON, PROFILE, TODAY, interview, settlement

PROGRAMME, TROMSO = ASKED.programme, "no-5501"
SINCE = date(2016, 5, 20)
LATER = date(2016, 9, 1)
ARRIVAL = settlement(
    "case-2",
    NOON + timedelta(days=30),
    municipality=TROMSO,
    former_case="case-1",
    settled_on=date(2016, 7, 1),
)


def ready(known: Refugee, on: date = SINCE) -> Refugee:
    """Who meets all that is asked from a day on."""
    joined = person.join(known, PROGRAMME, "1.0", on)
    joined = person.interviewed(joined, interview(on))
    for purpose in ("matching", "contact"):
        joined = consents.consented(joined, Consent(purpose, "1", on))
    return requirements.assess(joined, ASKED, LATER)


def settled() -> Refugee:
    return ready(refugee.settle(None, settlement(), "refugee-a", TODAY).refugee)


def said(known: Refugee, steps: Sequence[str]) -> tuple[Refugee, list[str]]:
    """What both municipalities say, in this order, and what was published of it."""
    facts = []
    for step in steps:
        if step == "moved":
            change = refugee.move(known, Case("case-1", NOON), "no-4601", "refugee-x", TODAY)
        else:
            change = refugee.settle(known, ARRIVAL, "refugee-x", TODAY)
        known = change.refugee
        facts += [str(change.fact)] if change.fact else []
    return known, facts


@pytest.mark.parametrize("steps", list(itertools.permutations(["moved", "settled"])))
def test_who_moves_is_one_person_and_keeps_their_place_in_the_queue(steps: Sequence[str]) -> None:
    known, facts = said(settled(), steps)
    assert (known.subject, known.municipality, known.status) == ("refugee-a", TROMSO, "announced")
    assert facts[-1] == "RefugeeSettled"
    assert (known.participations, known.consents, known.interview) == ((), (), None)
    assert known.seniority == (Waited(PROGRAMME, SINCE),)
    again = ready(known, LATER)
    (part,) = again.participations
    assert (part.status, part.ready_since, part.joined_on) == ("ready", SINCE, LATER)
    assert again.seniority == ()


def test_what_they_agreed_to_and_told_an_interviewer_ends_with_the_move() -> None:
    known, _ = said(settled(), ["moved"])
    assert (known.status, known.consents, known.interview) == ("moved", (), None)
    assert known.seniority == (Waited(PROGRAMME, SINCE),)


def test_both_orders_end_in_the_same_file() -> None:
    first, _ = said(settled(), ["moved", "settled"])
    second, _ = said(settled(), ["settled", "moved"])
    assert first == second


def test_who_takes_a_consent_back_or_leaves_the_programme_waits_anew() -> None:
    known, _ = said(settled(), ["moved", "settled"])
    joined = person.join(known, PROGRAMME, "1.0", LATER)
    left = person.leave(joined, PROGRAMME)
    taken_back = consents.withdrawn(
        consents.consented(joined, Consent("matching", "1", LATER)), "matching", LATER
    )
    for who in (left, taken_back):
        parts = tuple(part for part in who.participations if part.status == "left")
        again = ready(replace(who, participations=parts), LATER)
        assert again.participations[0].ready_since == LATER


def test_who_was_never_ready_brings_nothing() -> None:
    waits = person.join(
        refugee.settle(None, settlement(), "refugee-a", TODAY).refugee, PROGRAMME, "1.0", SINCE
    )
    assert said(waits, ["moved", "settled"])[0].seniority == ()


def test_who_moves_twice_has_waited_since_the_first_place() -> None:
    once, _ = said(settled(), ["moved", "settled"])
    third = settlement("case-3", NOON + timedelta(days=60), municipality="no-0301", former_case="case-2")
    twice = refugee.settle(once, third, "refugee-x", TODAY).refugee
    assert twice.seniority == (Waited(PROGRAMME, SINCE),)
    assert ready(twice, LATER).participations[0].ready_since == SINCE


def test_of_two_files_that_prove_to_be_one_the_longer_wait_counts() -> None:
    former = settled()
    opened = refugee.settle(None, replace(ARRIVAL, former_case=None), "refugee-b", TODAY).refugee
    assert ready(refugee.merge(opened, former), LATER).participations[0].ready_since == SINCE
    merged = refugee.merge(ready(opened, LATER), former)
    assert merged.participations[0].ready_since == SINCE
    assert merged.seniority == ()


def guide() -> Volunteer:
    registration = volunteer.Registration("no-4601", PROFILE, DETAILS, 1, None, date(2016, 5, 1))
    known = person.join(volunteer.register(registration, "volunteer-a"), PROGRAMME, "1.0", SINCE)
    return approved(known, SINCE)


def approved(known: Volunteer, on: date) -> Volunteer:
    """Who meets all that is asked of a guide from a day on."""
    known = person.interviewed(consents.consented(known, Consent("matching", "1", on)), interview(on))
    known = person.checked(known, Check("police_certificate", on))
    for organisation in ("red_cross", "introduction"):
        known = person.approved(known, Approval(PROGRAMME, organisation, on))
    return volunteer.progressed(known, requirements.assess(known, GUIDES, LATER), LATER)[0]


def test_a_guide_who_moves_keeps_checks_approvals_and_seniority_and_is_approved_anew() -> None:
    here = guide()
    assert here.status == "approved"
    moved, fact = volunteer.progressed(here, moves.move(here, TROMSO, date(2016, 8, 1)), LATER)
    assert fact is Fact.MOVED
    assert (moved.subject, moved.municipality, moved.status) == (here.subject, TROMSO, "registered")
    assert (moved.checks, moved.approvals) == (here.checks, here.approvals)
    assert (moved.participations, moved.consents, moved.interview, moved.approved_on) == ((), (), None, None)
    again = approved(person.join(moved, PROGRAMME, "1.0", LATER), LATER)
    assert (again.status, again.participations[0].ready_since) == ("approved", SINCE)
    assert again.approved_on == date(2016, 8, 1)
    days = [spell.since for spell in again.spells]
    assert days == sorted(days)


def test_a_guide_who_is_away_stays_so_where_they_move_to() -> None:
    away = volunteer.progressed(guide(), volunteer.pause(guide(), LATER, None, LATER), LATER)[0]
    moved, fact = volunteer.progressed(away, moves.move(away, TROMSO, LATER), LATER)
    assert (moved.status, fact) == ("paused", Fact.MOVED)
    back, _ = volunteer.progressed(moved, volunteer.resume(moved), LATER)
    assert back.status == "registered"


@pytest.mark.parametrize(
    ("who", "municipality", "code"),
    [
        (guide(), "no-4601", "same_municipality"),
        (volunteer.withdraw(guide(), LATER), TROMSO, "has_left"),
    ],
)
def test_a_move_that_is_none_is_refused(who: Volunteer, municipality: str, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        moves.move(who, municipality, LATER)
    assert refused.value.code == code
