"""A pair goes on with another guide."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.matching import receipts
from services.matching.domain.agreement import sign
from services.matching.domain.course import complete, log_meeting, pause
from services.matching.domain.guides import check_replaceable, forget, replace_guide
from services.matching.domain.pair import Decision, Fact, FormerGuide, Meeting, Pair, PairStatus
from services.matching.domain.proposal import Alternative, Need
from tests.unit.matching.lives import (
    ALL,
    DAY,
    LATER,
    LATER_DAY,
    OUTCOME,
    RECEIPT,
    STATES,
    active,
    paused,
    proposal,
    refused,
)

IN_A_MONTH = LATER_DAY + timedelta(days=30)
NOW = LATER + timedelta(days=60)
NEW = replace(proposal(giving="volunteer-2", slot=0), receipt=replace(RECEIPT, score=12))


def changed(pair: Pair, on: date = IN_A_MONTH) -> Decision:
    return replace_guide(pair, NEW, "giving", on, NOW)


def test_another_guide_takes_over_and_the_time_that_the_pair_had_counts() -> None:
    before, _ = log_meeting(active(), LATER_DAY, 2, NOW)
    pair, facts = changed(before)
    assert facts == (Fact.GUIDE_REPLACED,)
    assert (pair.status, pair.giving, pair.slot, pair.receipt.score) == ("active", "volunteer-2", 0, 12)
    assert (pair.created_on, pair.ends_on, pair.spells) == (before.created_on, before.ends_on, before.spells)
    assert pair.former_guides == (FormerGuide("volunteer-1", LATER_DAY, IN_A_MONTH),)
    nine_months = complete(pair, date(2027, 8, 25), 9, OUTCOME, NOW + timedelta(days=300))
    assert nine_months[1] == (Fact.PAIR_COMPLETED,)


def test_meetings_stay_those_of_who_was_the_guide_then() -> None:
    pair, _ = changed(log_meeting(active(), LATER_DAY, 2, NOW)[0])
    pair, _ = log_meeting(pair, IN_A_MONTH, 1, NOW)
    pair, _ = log_meeting(pair, IN_A_MONTH - timedelta(days=1), 3, NOW)
    assert [pair.guide_on(meeting.held_on) for meeting in pair.meetings] == [
        "volunteer-1",
        "volunteer-1",
        "volunteer-2",
    ]
    assert pair.meetings[-1] == Meeting(IN_A_MONTH, 1)


def test_the_new_guide_signs_what_the_others_have() -> None:
    pair, _ = changed(active())
    assert [item.signatory for item in pair.signatures] == ["receiving", "red_cross"]
    signed, facts = sign(pair, "giving", "2", IN_A_MONTH, signatories=ALL, maximum_months=12, now=NOW)
    assert (signed.status, facts) == ("active", (Fact.AGREEMENT_SIGNED,))
    assert (signed.created_on, len(signed.signatures)) == (LATER_DAY, 3)

    def other_text() -> object:
        return sign(pair, "giving", "3", IN_A_MONTH, signatories=ALL, maximum_months=12, now=NOW)

    assert refused(other_text) == "text_version_differs"


def test_the_new_guide_signs_no_day_before_they_were_it() -> None:
    pair, _ = changed(active())
    before = IN_A_MONTH - timedelta(days=1)

    def early() -> object:
        return sign(pair, "giving", "2", before, signatories=ALL, maximum_months=12, now=NOW)

    assert refused(early) == "date_before_guide"


def test_a_pair_that_paused_for_its_guide_goes_on_and_one_that_pauses_for_more_does_not() -> None:
    held, _ = pause(active(), "giving", LATER_DAY, None, LATER)
    pair, _ = changed(held)
    assert (pair.status, pair.holds, pair.spells[-1].since) == ("active", (), IN_A_MONTH)
    both, _ = pause(paused(), "giving", LATER_DAY, None, LATER)
    pair, _ = changed(both)
    assert (pair.status, [hold.by for hold in pair.holds]) == ("paused", ["coordinator"])


@pytest.mark.parametrize("status", [status for status in STATES if status not in {"active", "paused"}])
def test_only_a_created_pair_has_its_guide_replaced(status: PairStatus) -> None:
    code = "not_active" if STATES[status]().is_open else "pair_closed"
    assert refused(lambda: check_replaceable(STATES[status]())) == code


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (NOW.date() + timedelta(days=1), "date_in_future"),
        (DAY, "date_before_guide"),
        (DAY - timedelta(days=1), "date_before_proposal"),
    ],
)
def test_a_guide_is_replaced_on_a_day_on_which_they_were_it(on: date, code: str) -> None:
    assert refused(lambda: changed(active(), on)) == code


def test_the_next_one_follows_the_one_before() -> None:
    pair, _ = changed(active())
    third = replace(NEW, giving="volunteer-3")
    too_early = IN_A_MONTH - timedelta(days=1)
    assert refused(lambda: replace_guide(pair, third, "giving", too_early, NOW)) == "date_before_guide"
    pair, _ = replace_guide(pair, third, "giving", IN_A_MONTH + timedelta(days=1), NOW)
    assert [item.giving for item in pair.former_guides] == ["volunteer-1", "volunteer-2"]
    assert pair.guide_on(IN_A_MONTH) == "volunteer-2"


def test_of_a_guide_who_must_not_be_known_any_more_the_days_alone_are_left() -> None:
    pair, facts = forget(changed(active())[0], {"volunteer-1", "volunteer-9"})
    assert facts == (Fact.PAIR_CORRECTED,)
    assert pair.former_guides == (FormerGuide(None, LATER_DAY, IN_A_MONTH),)
    assert pair.guide_on(LATER_DAY) is None
    assert "volunteer-1" not in str(receipts.fields(pair.receipt))


def test_a_receipt_tells_of_nobody_who_must_not_be_known_any_more() -> None:
    other = Alternative("volunteer-3", 6, 11, need=Need("refugee-3", 1, "female", ("en",)))
    pair = replace(active(), receipt=replace(RECEIPT, alternative=other))
    assert forget(pair, {"refugee-3"})[0].receipt.alternative == replace(other, need=None)
    assert forget(pair, {"volunteer-3", "refugee-3"})[0].receipt.alternative is None
    assert forget(pair, {"volunteer-9"})[0] == pair
