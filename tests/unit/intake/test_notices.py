"""What coordinators are told of a person, and what they are not."""

from dataclasses import replace
from datetime import date

import pytest

from services.intake.domain import moves, refugee
from services.intake.domain.notices import Told, notices, taken_back
from services.intake.domain.person import Consent, Participation
from services.intake.domain.refugee import Case, Secrecy
from services.intake.domain.volunteer import Pause, Volunteer
from tests.unit.intake.people import NOON, TODAY, settlement

GUIDES = "flyktningguide-bergen"
READY = Participation(GUIDES, "1.0", "ready", date(2016, 3, 1), ready_since=date(2016, 4, 1))
LACKING = replace(READY, status="lapsed", missing=("check:police_certificate",))
CONSENTS = tuple(Consent(purpose, "1", date(2016, 3, 1)) for purpose in ("matching", "contact"))
GUIDE = Volunteer(
    subject="volunteer-a",
    municipality="no-4601",
    status="approved",
    consents=CONSENTS,
    participations=(READY,),
).with_status("approved", date(2016, 4, 1))
KNOWN = replace(
    refugee.settle(None, settlement(), "refugee-a", TODAY).refugee, consents=CONSENTS, participations=(READY,)
)
CASE = Case("case-1", NOON)
AWAY = Pause(date(2016, 6, 10), date(2016, 8, 1))


def told(code: str, on: date = TODAY, **more: object) -> list[Told]:
    return [Told(code, "no-4601", on, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (GUIDE, GUIDE, []),
        (GUIDE, replace(GUIDE, capacity=3), []),
        (GUIDE, replace(GUIDE, pause=AWAY), told("volunteer_paused", date(2016, 6, 10))),
        (replace(GUIDE, pause=AWAY), replace(GUIDE, pause=replace(AWAY, until=None)), []),
        (replace(GUIDE, pause=AWAY), GUIDE, told("volunteer_resumed")),
        (
            GUIDE,
            replace(GUIDE, participations=(LACKING,)),
            told("participation_lapsed", programme=GUIDES, details=("check:police_certificate",)),
        ),
        (
            replace(GUIDE, participations=(LACKING,)),
            GUIDE,
            told("participation_renewed", programme=GUIDES),
        ),
        (
            GUIDE,
            replace(GUIDE, participations=(READY.left(),)),
            told("participation_left", programme=GUIDES),
        ),
        (GUIDE, replace(GUIDE, consents=CONSENTS[:1]), told("consent_withdrawn", details=("contact",))),
    ],
)
def test_what_is_told_of_a_volunteer(before: Volunteer, after: Volunteer, expected: list[Told]) -> None:
    assert notices(before, after, TODAY) == expected
    assert notices(after, after, TODAY) == []


def test_who_withdraws_is_told_of_once_and_not_by_all_that_ends() -> None:
    gone = replace(GUIDE, consents=(), participations=(READY.left(),)).with_status("withdrawn", TODAY)
    assert notices(GUIDE, gone, TODAY) == told("volunteer_withdrawn")
    assert notices(gone, gone, TODAY) == []


def test_a_second_programme_of_a_volunteer_lapses_by_itself() -> None:
    other = replace(READY, programme="flyktningguide-os")
    both = replace(GUIDE, participations=(READY, other))
    after = replace(GUIDE, participations=(READY, replace(other, status="lapsed", missing=("interview",))))
    assert notices(both, after, TODAY) == told(
        "participation_lapsed", programme="flyktningguide-os", details=("interview",)
    )


def test_a_refugee_who_leaves_a_programme_or_takes_a_consent_back_is_told_of() -> None:
    assert notices(KNOWN, replace(KNOWN, participations=(READY.left(),)), TODAY) == told(
        "participation_left", programme=GUIDES
    )
    assert notices(KNOWN, replace(KNOWN, consents=CONSENTS[1:]), TODAY) == told(
        "consent_withdrawn", details=("matching",)
    )


def test_a_move_is_told_once_where_they_lived_in_either_order() -> None:
    moved = refugee.move(KNOWN, CASE, "no-4601", "refugee-x", TODAY).refugee
    assert notices(KNOWN, moved, TODAY) == told("refugee_moved")
    arrives = settlement("case-2", municipality="no-5501", former_case="case-1")
    assert notices(moved, refugee.settle(moved, arrives, "refugee-x", TODAY).refugee, TODAY) == []

    there = refugee.settle(KNOWN, arrives, "refugee-x", TODAY).refugee
    assert notices(KNOWN, there, TODAY) == told("refugee_moved")
    assert notices(there, refugee.move(there, CASE, "no-4601", "refugee-x", TODAY).refugee, TODAY) == []


@pytest.mark.parametrize("secrecy", ["protected", "minor", None])
def test_who_is_taken_back_gives_the_same_notice_for_whatever_reason(secrecy: Secrecy | None) -> None:
    if secrecy is None:
        change = refugee.withdraw(KNOWN, CASE, "no-4601", "refugee-x", TODAY)
    else:
        change = refugee.settle(KNOWN, settlement(secrecy=secrecy), "refugee-x", TODAY)
    assert change.refugee.subject != KNOWN.subject
    assert taken_back(KNOWN, TODAY) == told("refugee_withdrawn")
    assert notices(KNOWN, change.refugee, TODAY) == []


def test_of_a_referral_and_of_who_was_hidden_nobody_is_told() -> None:
    for secrecy in ("protected", "minor"):
        hidden = refugee.settle(None, settlement(secrecy=secrecy), "refugee-h", TODAY).refugee
        assert taken_back(hidden, TODAY) == []
        elsewhere = settlement("case-2", municipality="no-5501", former_case="case-1", secrecy=secrecy)
        after = refugee.settle(hidden, elsewhere, "refugee-x", TODAY).refugee
        assert notices(hidden, after, TODAY) == []


def test_who_had_moved_is_not_told_of_again_when_the_case_is_closed() -> None:
    moved = refugee.move(KNOWN, CASE, "no-4601", "refugee-x", TODAY).refugee
    assert taken_back(moved, TODAY) == []


def test_a_volunteer_s_move_is_told_as_a_whole_and_a_new_code_of_the_municipality_is_none() -> None:
    moved = moves.move(GUIDE, "no-5501", TODAY)
    assert notices(GUIDE, moved, TODAY) == told("volunteer_moved")
    for who in (GUIDE, KNOWN):
        renamed = replace(who, municipality="no-4699", formerly=("no-4601",))
        assert notices(who, renamed, TODAY) == []
