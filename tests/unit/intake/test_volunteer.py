from dataclasses import replace
from datetime import date

from services.intake.domain import person, volunteer
from services.intake.domain.person import Approval, Check, Consent
from services.intake.domain.requirements import assess, missing, missing_approvals
from services.intake.domain.volunteer import Fact, Registration, Volunteer
from tests.unit.intake.people import DETAILS, GUIDES, PROFILE, TODAY, interview

PROGRAMME = GUIDES.programme


def registered() -> Volunteer:
    registration = Registration("no-4601", PROFILE, DETAILS, 1, None, date(2016, 3, 1))
    return volunteer.register(registration, "volunteer-a")


def vetted() -> Volunteer:
    known = person.join(registered(), PROGRAMME, GUIDES.pack_version, date(2016, 3, 2))
    known = person.consent(known, Consent("matching", "1", date(2016, 3, 3)))
    known = person.interviewed(known, interview(date(2016, 3, 4)))
    return person.checked(known, Check("police_certificate", date(2016, 3, 5)))


def approved_by(known: Volunteer, organisation: str, on: date) -> Volunteer:
    return person.approved(known, Approval(PROGRAMME, organisation, on))


def test_two_organisations_must_approve() -> None:
    known = approved_by(vetted(), "red_cross", date(2016, 4, 1))
    assert missing_approvals(known, GUIDES) == ("introduction",)
    assert missing(known, GUIDES, TODAY) == ("approval:introduction",)
    both = approved_by(known, "introduction", date(2016, 4, 9))
    after, fact = volunteer.progressed(known, assess(both, GUIDES, TODAY))
    assert (fact, after.status) == (Fact.APPROVED, "approved")
    assert after.approved_on == date(2016, 4, 9)


def test_one_organisation_twice_is_one_approval() -> None:
    once = approved_by(vetted(), "red_cross", date(2016, 4, 1))
    twice = approved_by(once, "red_cross", date(2016, 4, 2))
    assert twice == once


def test_an_approval_without_the_check_is_not_enough() -> None:
    known = replace(vetted(), checks=())
    for organisation in ("red_cross", "introduction"):
        known = approved_by(known, organisation, date(2016, 4, 1))
    assert missing(known, GUIDES, TODAY) == ("check:police_certificate",)
    assert assess(known, GUIDES, TODAY).participations[0].status == "consented"


def test_a_guide_is_of_age_from_the_month_after_the_birthday() -> None:
    known = replace(vetted(), details=replace(DETAILS, birth_date="1998-06-15"))
    assert "age" not in missing(known, GUIDES, date(2016, 7, 1))
    assert "age" in missing(known, GUIDES, date(2016, 6, 30))


def test_a_document_that_was_seen_again_stands_once_with_its_latest_day() -> None:
    known = person.checked(vetted(), Check("police_certificate", date(2016, 5, 5)))
    assert [check.seen_on for check in known.checks] == [date(2016, 5, 5)]
