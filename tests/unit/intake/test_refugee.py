from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.intake.domain import consents, moves, person, refugee
from services.intake.domain.errors import DomainError
from services.intake.domain.kept import Withdrawal
from services.intake.domain.person import Consent, Language, Spell
from services.intake.domain.refugee import Case, Change, Fact, Refugee
from services.intake.domain.requirements import assess, missing
from tests.unit.intake.people import ASKED, NOON, PROFILE, TODAY, interview, settlement

HOUR = timedelta(hours=1)


def settled() -> Refugee:
    return refugee.settle(None, settlement(), "refugee-a", TODAY).refugee


def test_a_settlement_opens_a_file_on_the_day_of_settlement() -> None:
    change = refugee.settle(None, settlement(), "refugee-a", TODAY)
    assert change.fact is Fact.SETTLED
    assert change.refugee.status == "settled"
    assert change.refugee.spells[0].since == date(2016, 5, 1)


def test_who_is_only_expected_is_announced_until_a_correction_says_that_they_came() -> None:
    expected = settlement(settled_on=None, expected_arrival_on=date(2016, 8, 1))
    announced = refugee.settle(None, expected, "refugee-a", TODAY).refugee
    assert announced.status == "announced"
    came = settlement(time=NOON + HOUR, arrived_on=TODAY, settled_on=None)
    change = refugee.settle(announced, came, "refugee-b", TODAY)
    assert (change.refugee.subject, change.refugee.status) == ("refugee-a", "settled")
    assert [spell.status for spell in change.refugee.spells] == ["announced", "settled"]


def test_a_correction_replaces_what_the_municipality_says_and_nothing_else() -> None:
    known = replace(settled(), interview=interview(), consents=(Consent("matching", "1", TODAY),))
    spoken = replace(PROFILE, languages=(Language("ar", "native"),))
    change = refugee.settle(known, settlement(time=NOON + HOUR, profile=spoken), "refugee-b", TODAY)
    assert change.fact is Fact.CORRECTED
    assert change.refugee.profile == spoken
    assert change.refugee.interview == known.interview
    assert change.refugee.consents == known.consents


@pytest.mark.parametrize(("time", "stale"), [(-1, True), (0, False), (1, False)])
def test_only_what_is_older_than_the_newest_record_of_the_case_is_stale(time: int, stale: bool) -> None:
    newer = refugee.is_stale(settled(), "case-1", NOON + time * HOUR)
    assert (newer == NOON) is stale


@pytest.mark.parametrize(("secrecy", "fact"), [("protected", None), ("minor", Fact.REFERRED)])
def test_of_protected_people_and_minors_case_and_status_alone_are_kept(
    secrecy: str, fact: Fact | None
) -> None:
    change = refugee.settle(None, settlement(secrecy=secrecy), "refugee-a", TODAY)
    assert change.fact is fact
    kept = change.refugee
    assert (kept.profile, kept.details, kept.settled_on, kept.placement) == (None, None, None, None)


def test_a_minor_is_referred_once() -> None:
    known = refugee.settle(None, settlement(secrecy="minor"), "refugee-a", TODAY).refugee
    again = refugee.settle(known, settlement(secrecy="minor", time=NOON + HOUR), "refugee-b", TODAY)
    assert again.fact is None
    assert again.refugee.subject == "refugee-a"


def test_a_referred_minor_who_becomes_protected_gets_another_subject() -> None:
    known = refugee.settle(None, settlement(secrecy="minor"), "refugee-a", TODAY).refugee
    hidden = refugee.settle(known, settlement(secrecy="protected", time=NOON + HOUR), "refugee-b", TODAY)
    assert (hidden.fact, hidden.refugee.subject, hidden.refugee.status) == (None, "refugee-b", "protected")


def test_who_is_protected_stays_under_the_same_subject_which_nobody_knows() -> None:
    known = refugee.settle(None, settlement(secrecy="protected"), "refugee-a", TODAY).refugee
    again = refugee.settle(known, settlement(secrecy="protected", time=NOON + HOUR), "refugee-b", TODAY)
    assert (again.fact, again.refugee.subject) == (None, "refugee-a")


def test_a_merged_file_has_the_cases_of_both_and_the_kept_ones_stay_first() -> None:
    kept = refugee.settle(None, settlement("case-2"), "refugee-b", TODAY).refugee
    merged = refugee.merge(kept, settled())
    assert merged.subject == "refugee-b"
    assert [case.key for case in merged.cases] == ["case-2", "case-1"]


def test_who_becomes_protected_is_taken_back_and_nothing_leads_from_the_old_subject_to_the_new() -> None:
    change = refugee.settle(settled(), settlement(secrecy="protected", time=NOON + HOUR), "refugee-b", TODAY)
    assert change.fact is None
    assert change.refugee.subject == "refugee-b"
    assert change.refugee.details is None
    back = refugee.settle(change.refugee, settlement(time=NOON + 2 * HOUR), "refugee-c", TODAY)
    assert (back.refugee.subject, back.fact) == ("refugee-c", Fact.SETTLED)


def test_a_withdrawal_keeps_the_case_alone_and_makes_older_settlements_stale() -> None:
    joined = person.join(settled(), ASKED.programme, ASKED.pack_version, TODAY)
    change = refugee.withdraw(joined, Case("case-1", NOON + HOUR), "no-4601", "refugee-b", TODAY)
    assert change.fact is None
    assert (change.refugee.subject, change.refugee.status) == ("refugee-b", "withdrawn")
    assert (change.refugee.details, change.refugee.profile) == (None, None)
    assert change.refugee.participations == ()
    assert refugee.is_stale(change.refugee, "case-1", NOON) == NOON + HOUR
    back = refugee.settle(change.refugee, settlement(time=NOON + 2 * HOUR), "refugee-c", TODAY)
    assert (back.refugee.subject, back.fact) == ("refugee-b", Fact.SETTLED)


def test_a_withdrawal_of_a_case_never_heard_of_is_remembered_and_not_published() -> None:
    change = refugee.withdraw(None, Case("case-1", NOON), "no-4601", "refugee-a", TODAY)
    assert change.fact is None
    assert refugee.is_stale(change.refugee, "case-1", NOON - HOUR) == NOON
    later = refugee.settle(change.refugee, settlement(time=NOON + HOUR), "refugee-b", TODAY)
    assert later.fact is Fact.SETTLED


def test_a_move_is_one_person_when_the_old_municipality_was_first() -> None:
    moved = refugee.move(settled(), Case("case-1", NOON + HOUR), "no-4601", "refugee-b", TODAY).refugee
    assert moved.status == "moved"
    arrived = settlement("case-2", NOON, municipality="no-5501", former_case="case-1")
    change = refugee.settle(moved, arrived, "refugee-c", TODAY)
    assert (change.refugee.subject, change.refugee.municipality, change.fact) == (
        "refugee-a",
        "no-5501",
        Fact.SETTLED,
    )
    assert [case.key for case in change.refugee.cases] == ["case-2", "case-1"]


def test_a_move_is_one_person_when_the_new_municipality_was_first() -> None:
    arrived = settlement("case-2", NOON, municipality="no-5501", former_case="case-1")
    known = refugee.settle(None, arrived, "refugee-a", TODAY).refugee
    late = refugee.settle(known, settlement("case-1", NOON - HOUR), "refugee-b", TODAY)
    assert late.fact is None
    assert (late.refugee.subject, late.refugee.municipality) == ("refugee-a", "no-5501")
    moved = refugee.move(late.refugee, Case("case-1", NOON + HOUR), "no-4601", "refugee-c", TODAY)
    assert (moved.fact, moved.refugee.status) == (None, "settled")


def ready_steps() -> Refugee:
    known = person.join(settled(), ASKED.programme, ASKED.pack_version, date(2016, 5, 2))
    known = consents.consented(known, Consent("matching", "1", date(2016, 5, 3)))
    known = consents.consented(known, Consent("contact", "1", date(2016, 5, 4)))
    return person.interviewed(known, interview(date(2016, 5, 20)))


def test_whoever_meets_all_requirements_waits_since_the_day_of_the_last() -> None:
    before = ready_steps()
    assert missing(before, ASKED, TODAY) == ()
    after, fact = refugee.progressed(before, assess(before, ASKED, TODAY), Fact.INTERVIEWED, TODAY)
    assert (fact, after.status) == (Fact.READY, "ready")
    assert after.participations[0].ready_since == date(2016, 5, 20)


def test_what_is_missing_is_named() -> None:
    known = person.join(settled(), ASKED.programme, ASKED.pack_version, TODAY)
    assert missing(known, ASKED, TODAY) == ("consent:contact", "consent:matching", "interview")


def test_an_interview_for_another_programme_does_not_count() -> None:
    known = ready_steps()
    part = replace(known.participations[0], interviewed_on=None)
    known = replace(known, participations=(part,), interview=interview(programme="familiedansk"))
    assert missing(known, ASKED, TODAY) == ("interview",)


def test_joining_twice_and_interviewing_before_joining_are_refused() -> None:
    known = person.join(settled(), ASKED.programme, ASKED.pack_version, TODAY)
    with pytest.raises(DomainError, match="already_joined"):
        person.join(known, ASKED.programme, ASKED.pack_version, TODAY)
    with pytest.raises(DomainError, match="not_joined"):
        person.interviewed(settled(), interview())


def test_an_older_consent_does_not_replace_a_newer() -> None:
    known = consents.consented(settled(), Consent("matching", "2", TODAY))
    with pytest.raises(DomainError, match="consent_superseded"):
        consents.consented(known, Consent("matching", "1", TODAY - timedelta(days=1)))


def test_a_consent_of_before_it_was_taken_back_is_refused_for_its_purpose_alone() -> None:
    known = consents.consented(settled(), Consent("contact", "1", TODAY - timedelta(days=9)))
    ended = consents.withdrawn(known, "contact", TODAY)
    assert ended.withdrawals == (Withdrawal("contact", TODAY),)
    with pytest.raises(DomainError, match="consent_superseded"):
        consents.consented(ended, Consent("contact", "1", TODAY - timedelta(days=1)))
    assert consents.consented(ended, Consent("matching", "1", TODAY - timedelta(days=9))).consents
    again = consents.consented(ended, Consent("contact", "1", TODAY))
    earlier = consents.withdrawn(again, "contact", TODAY - timedelta(days=3))
    assert earlier.withdrawals == ended.withdrawals
    assert moves.brought(settled(), ended).withdrawals == ended.withdrawals


LEAVING = pytest.mark.parametrize(
    ("leave", "status"), [(refugee.withdraw, "withdrawn"), (refugee.move, "moved")]
)


@LEAVING
def test_a_referred_minor_who_leaves_is_taken_back_and_case_and_status_alone_are_kept(
    leave: Callable[..., Change], status: str
) -> None:
    known = refugee.settle(None, settlement(secrecy="minor"), "refugee-a", TODAY).refugee
    change = leave(known, Case("case-1", NOON + HOUR), "no-4601", "refugee-b", TODAY)
    assert change.fact is None
    assert change.refugee == Refugee(
        subject="refugee-b",
        municipality="no-4601",
        status=status,
        spells=(Spell(status, TODAY),),
        cases=(Case("case-1", NOON + HOUR),),
    )
    assert refugee.is_stale(change.refugee, "case-1", NOON) == NOON + HOUR


@LEAVING
@pytest.mark.parametrize(
    ("secrecy", "fact"), [("minor", Fact.REFERRED), ("none", Fact.SETTLED), ("protected", None)]
)
def test_a_newer_settlement_of_a_minor_who_left_opens_anew(
    leave: Callable[..., Change], status: str, secrecy: str, fact: Fact | None
) -> None:
    known = refugee.settle(None, settlement(secrecy="minor"), "refugee-a", TODAY).refugee
    left = leave(known, Case("case-1", NOON + HOUR), "no-4601", "refugee-b", TODAY).refugee
    again = refugee.settle(left, settlement(secrecy=secrecy, time=NOON + 2 * HOUR), "refugee-c", TODAY)
    assert again.fact is fact
    assert again.refugee.subject != "refugee-a"


def test_what_an_older_case_says_takes_no_referral_back() -> None:
    known = refugee.settle(
        None, settlement("case-2", secrecy="minor", former_case="case-1"), "refugee-a", TODAY
    )
    change = refugee.move(known.refugee, Case("case-1", NOON + HOUR), "no-4601", "refugee-b", TODAY)
    assert (change.fact, change.refugee.subject, change.refugee.status) == (None, "refugee-a", "referred")


def test_a_minor_who_moved_is_referred_to_where_they_are_now() -> None:
    known = refugee.settle(None, settlement(secrecy="minor"), "refugee-a", TODAY).refugee
    arrived = settlement("case-2", secrecy="minor", municipality="no-5501", former_case="case-1")
    change = refugee.settle(known, arrived, "refugee-b", TODAY)
    assert (change.fact, change.refugee.municipality) == (Fact.REFERRED, "no-5501")


def test_what_the_old_municipality_says_later_moves_no_referral_back() -> None:
    arrived = settlement("case-2", secrecy="minor", municipality="no-5501", former_case="case-1")
    known = refugee.settle(None, arrived, "refugee-a", TODAY).refugee
    late = refugee.settle(known, settlement("case-1", NOON - HOUR, secrecy="minor"), "refugee-b", TODAY)
    assert (late.fact, late.refugee.municipality) == (None, "no-5501")
    assert [case.key for case in late.refugee.cases] == ["case-2", "case-1"]
