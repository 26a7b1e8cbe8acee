from dataclasses import replace
from datetime import date

import pytest

from services.intake.domain import consents, person, volunteer
from services.intake.domain.errors import DomainError
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
    known = consents.consented(known, Consent("matching", "1", date(2016, 3, 3)))
    known = person.interviewed(known, interview(date(2016, 3, 4)))
    return person.checked(known, Check("police_certificate", date(2016, 3, 5)))


def approved_by(known: Volunteer, organisation: str, on: date) -> Volunteer:
    return person.approved(known, Approval(PROGRAMME, organisation, on))


def test_two_organisations_must_approve() -> None:
    known = approved_by(vetted(), "red_cross", date(2016, 4, 1))
    assert missing_approvals(known, GUIDES, TODAY) == ("introduction",)
    assert missing(known, GUIDES, TODAY) == ("approval:introduction",)
    both = approved_by(known, "introduction", date(2016, 4, 9))
    after, fact = volunteer.progressed(known, assess(both, GUIDES, TODAY), TODAY)
    assert (fact, after.status) == (Fact.APPROVED, "approved")
    assert after.approved_on == date(2016, 4, 9)


def test_one_person_approves_for_one_organisation_alone() -> None:
    def given(known: Volunteer, organisation: str, by: str) -> Volunteer:
        return person.approved(known, Approval(PROGRAMME, organisation, date(2016, 4, 1), by=by))

    once = given(vetted(), "red_cross", "person_a")
    with pytest.raises(DomainError) as refused:
        given(once, "introduction", "person_a")
    assert refused.value.code == "four_eyes"
    assert [one.by for one in given(once, "introduction", "person_b").approvals] == ["person_a", "person_b"]
    # Of an approval from before this was kept nobody knows whose it was.
    assert len(given(given(vetted(), "red_cross", ""), "introduction", "").approvals) == 2


def test_one_organisation_twice_is_one_approval() -> None:
    once = approved_by(vetted(), "red_cross", date(2016, 4, 1))
    assert approved_by(once, "red_cross", date(2016, 4, 1)) == once
    twice = approved_by(once, "red_cross", date(2016, 4, 2))
    assert [(given.on, given.renewed_on) for given in twice.approvals] == [
        (date(2016, 4, 1), date(2016, 4, 2))
    ]


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


def test_a_document_that_was_seen_before_replaces_none_that_was_seen_later() -> None:
    known = vetted()
    assert person.checked(known, known.checks[0]) == known
    with pytest.raises(DomainError, match="check_superseded"):
        person.checked(known, Check("police_certificate", date(2016, 3, 4)))
    other = person.checked(known, Check("police_certificate", date(2016, 3, 4), "guide"))
    assert len(other.checks) == 2


def approved() -> Volunteer:
    both = approved_by(approved_by(vetted(), "red_cross", date(2016, 4, 1)), "introduction", date(2016, 4, 9))
    return volunteer.progressed(vetted(), assess(both, GUIDES, TODAY), TODAY)[0]


def step(before: Volunteer, after: Volunteer, today: date = TODAY) -> tuple[Volunteer, Fact]:
    return volunteer.progressed(before, assess(after, GUIDES, today), today)


def test_who_is_away_is_paused_until_they_are_back() -> None:
    known, back = approved(), date(2016, 8, 1)
    paused, fact = step(known, volunteer.pause(known, TODAY, back, TODAY))
    assert (fact, paused.status, paused.participations[0].status) == (Fact.PAUSED, "paused", "ready")
    assert step(paused, volunteer.pause(paused, TODAY, None, TODAY))[1] is Fact.PAUSED
    assert volunteer.resumed_by(paused, date(2016, 7, 31)) == paused
    resumed, fact = step(paused, volunteer.resumed_by(paused, back), back)
    assert (fact, resumed.status, resumed.approved_on) == (Fact.RESUMED, "approved", known.approved_on)
    assert [spell.status for spell in resumed.spells] == ["registered", "approved", "paused", "approved"]
    with pytest.raises(DomainError, match="until_not_later"):
        volunteer.pause(known, TODAY, TODAY, TODAY)


def test_whose_approval_lapses_is_approved_no_more_until_it_is_renewed() -> None:
    known = approved()
    lapsed, fact = step(known, replace(known, checks=()))
    assert (fact, lapsed.status, lapsed.participations[0].status) == (Fact.LAPSED, "lapsed", "lapsed")
    assert step(lapsed, lapsed) == (lapsed, Fact.UPDATED)
    renewed, fact = step(lapsed, person.checked(lapsed, Check("police_certificate", TODAY)))
    assert (fact, renewed.status) == (Fact.RESUMED, "approved")
    assert renewed.participations[0].ready_since == known.participations[0].ready_since


def test_who_is_back_and_lacks_something_meanwhile_is_lapsed() -> None:
    paused, _ = step(approved(), volunteer.pause(approved(), TODAY, None, TODAY))
    back, fact = step(paused, volunteer.resume(replace(paused, checks=())))
    assert (fact, back.status) == (Fact.LAPSED, "lapsed")


def test_who_withdraws_has_left_for_good() -> None:
    known = approved()
    left, fact = step(known, volunteer.withdraw(known, TODAY))
    assert (fact, left.status, left.consents) == (Fact.WITHDRAWN, "withdrawn", ())
    assert [part.status for part in left.participations] == ["left"]
    assert step(left, volunteer.withdraw(left, TODAY)) == (left, Fact.UPDATED)
    with pytest.raises(DomainError, match="has_left"):
        volunteer.pause(left, TODAY, None, TODAY)
    with pytest.raises(DomainError, match="has_left"):
        volunteer.with_capacity(left, 2)


def test_who_was_approved_is_not_rejected_any_more() -> None:
    assert step(vetted(), volunteer.reject(vetted(), TODAY))[1] is Fact.WITHDRAWN
    with pytest.raises(DomainError, match="already_approved"):
        volunteer.reject(approved(), TODAY)
