"""What is due about somebody, how they stand on a day, and since when they wait."""

from dataclasses import replace
from datetime import date, timedelta

from services.intake.domain import person, requirements
from services.intake.domain.outlook import Due, StandingOn, due, standing_on, waits_since
from services.intake.domain.person import Approval, Check, Person
from services.intake.domain.requirements import Requirement, Requirements, assess
from services.intake.domain.volunteer import Registration, register
from tests.unit.intake.people import DETAILS, PROFILE

JOINED = date(2026, 6, 1)
GUIDES = "flyktningguide-bergen"
ASKED = Requirements(
    GUIDES,
    "1.0",
    "guide",
    (
        requirements.Check("police_certificate", valid_for=36),
        requirements.Check("training"),
        requirements.Approval("red_cross"),
        requirements.Approval("introduction"),
        requirements.Check("child_certificate", valid_for=12, when="minors"),
    ),
)


def guide(*checks: Check, approvals: tuple[Approval, ...] = (), today: date = JOINED) -> Person:
    registered = register(Registration("no-4601", PROFILE, DETAILS, 1, None, JOINED), "volunteer-a")
    who = replace(person.join(registered, GUIDES, "1.0", JOINED), checks=checks, approvals=approvals)
    return assess(who, ASKED, today)


def found(who: Person, asked: Requirements = ASKED) -> list[Due]:
    return list(due(who, who.participations[0], asked))


CERTIFICATE = Check("police_certificate", date(2026, 6, 1))
TRAINING = Check("training", date(2026, 6, 1))
RED_CROSS = Approval(GUIDES, "red_cross", date(2026, 6, 10))
INTRODUCTION = Approval(GUIDES, "introduction", date(2026, 6, 12))


def test_who_has_joined_and_shown_nothing_is_due_after_thirty_days() -> None:
    (lacking,) = found(guide())
    assert lacking == Due(
        "lacking",
        GUIDES,
        ("approval:introduction", "approval:red_cross", "check:police_certificate", "check:training"),
        date(2026, 7, 1),
        date(2026, 7, 1),
    )


def test_what_lapses_is_said_sixty_days_before() -> None:
    lapse, lacking = found(guide(CERTIFICATE))
    assert (lapse.kind, lapse.codes) == ("lapse", ("check:police_certificate",))
    assert (lapse.on, lapse.shown_from) == (date(2029, 5, 31), date(2029, 5, 31) - timedelta(days=60))
    assert lacking.codes == ("approval:introduction", "approval:red_cross", "check:training")


def test_an_approval_awaits_the_other_organisation_for_fourteen_days() -> None:
    awaited, lacking = found(guide(approvals=(RED_CROSS,), today=date(2026, 6, 10)))
    assert awaited == Due(
        "approval", GUIDES, ("approval:introduction",), date(2026, 6, 24), date(2026, 6, 10)
    )
    assert lacking.codes == ("check:police_certificate", "check:training")


def test_nothing_is_due_about_who_lacks_nothing_or_has_left() -> None:
    ready = guide(CERTIFICATE, TRAINING, approvals=(RED_CROSS, INTRODUCTION), today=date(2026, 6, 12))
    assert [one.kind for one in found(ready)] == ["lapse"]
    left = person.leave(guide(CERTIFICATE), GUIDES)
    assert found(left) == []


def test_somebody_stands_with_what_lapses_alone_and_is_asked_of_them() -> None:
    who = guide(CERTIFICATE, TRAINING)
    assert list(standing_on(who, ASKED, date(2026, 6, 1))) == [
        StandingOn(GUIDES, "check:police_certificate", "valid", date(2029, 5, 31))
    ]
    assert PROFILE.minors == 0
    parent = replace(who, profile=replace(PROFILE, minors=1))
    assert [one.code for one in standing_on(parent, ASKED, JOINED)][1:] == ["check:child_certificate"]


def test_a_standing_changes_on_its_days() -> None:
    who = guide(CERTIFICATE)
    table = {
        date(2026, 5, 31): "none",
        date(2026, 6, 1): "valid",
        date(2029, 3, 31): "valid",
        date(2029, 4, 1): "renewable",
        date(2029, 5, 31): "renewable",
        date(2029, 6, 1): "none",
    }
    for day, expected in table.items():
        (standing,) = standing_on(who, ASKED, day)
        assert standing.standing == expected, day
        assert (standing.until is None) == (expected == "none")


def test_somebody_waits_since_they_joined_were_ready_or_lapsed() -> None:
    def since(who: Person, items: tuple[Requirement, ...] = ASKED.items) -> date:
        return waits_since(who, who.participations[0], replace(ASKED, items=items))

    assert since(guide()) == JOINED
    whole = guide(CERTIFICATE, TRAINING, approvals=(RED_CROSS, INTRODUCTION), today=date(2026, 6, 12))
    assert since(whole) == date(2026, 6, 12)
    lapsed = assess(whole, ASKED, date(2029, 7, 1))
    assert lapsed.participations[0].status == "lapsed"
    assert since(lapsed) == date(2029, 6, 1)
