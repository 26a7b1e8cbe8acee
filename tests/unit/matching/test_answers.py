"""Answers count by the day on which they were given; one may be taken back; some wait for a step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from services.matching.domain.agreement import RECORDED_WITHIN, Again, answer, expire, take_back
from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Fact, Pair, PairStatus, Spell, StepHeld
from services.matching.domain.steps import record_step
from tests.unit.matching.lives import (
    DAY,
    LATER,
    LATER_DAY,
    NOW,
    STATES,
    accepted,
    declined,
    expired,
    proposed,
    refused,
    signed,
)

LAST = proposed().respond_by
LAST_DAY = LAST.date()
AFTER = LAST + timedelta(days=3)
ANEW = Again(2, AFTER + timedelta(days=14))
MEETING = ("introduction_meeting",)


def again() -> Again:
    return ANEW


def taken() -> Again:
    raise DomainError("slot_taken", "somebody else has them", "giving")


def late(pair: Pair, accept: bool = True, on: date = LAST_DAY, now: datetime = AFTER) -> Callable[[], object]:
    return lambda: answer(pair, "receiving", accept, on, now, reopening=again)


def half_expired() -> Pair:
    return expire(answer(proposed(), "giving", True, DAY, NOW)[0], AFTER)[0]


def test_an_answer_given_in_time_and_recorded_late_opens_the_proposal_again() -> None:
    pair, facts = answer(expired(), "receiving", True, LAST_DAY, AFTER, reopening=again)
    assert (pair.status, pair.is_open, facts) == ("proposed", True, (Fact.PROPOSAL_REOPENED,))
    assert (pair.slot, pair.respond_by) == (2, ANEW.respond_by)
    assert pair.spells == (Spell("proposed", DAY),), "it counts as if it had been recorded in time"
    both, facts = answer(pair, "giving", True, AFTER.date(), AFTER)
    assert (both.status, facts) == ("accepted", (Fact.PROPOSAL_ACCEPTED,))


def test_the_second_answer_accepts_at_once_by_the_days_on_which_they_were_given() -> None:
    pair, facts = answer(half_expired(), "receiving", True, LAST_DAY, AFTER, reopening=again)
    assert (pair.status, facts) == ("accepted", (Fact.PROPOSAL_ACCEPTED,))
    assert pair.spells == (Spell("proposed", DAY, LAST_DAY), Spell("accepted", LAST_DAY))


def test_a_late_answer_counts_the_same_before_the_expiry_has_been_noted() -> None:
    pair, facts = answer(proposed(), "receiving", True, LAST_DAY, AFTER, reopening=again)
    assert (pair.respond_by, facts) == (ANEW.respond_by, (Fact.PROPOSAL_REOPENED,))


def test_a_late_no_declines_whoever_is_taken_by_now() -> None:
    pair, facts = answer(half_expired(), "receiving", False, LATER_DAY, AFTER, reopening=taken)
    assert (pair.status, pair.spells[-1], facts) == (
        "declined",
        Spell("declined", LATER_DAY),
        (Fact.PROPOSAL_DECLINED,),
    )


def test_no_late_answer_opens_what_has_no_place_any_more() -> None:
    assert refused(lambda: answer(expired(), "giving", True, DAY, AFTER, reopening=taken)) == "slot_taken"


def test_an_answer_given_after_the_deadline_or_recorded_long_after_it_is_refused() -> None:
    day = timedelta(days=1)
    last_to_record = datetime.combine(LAST_DAY + RECORDED_WITHIN, LAST.time(), LAST.tzinfo)
    assert refused(late(expired(), on=LAST_DAY + day)) == "proposal_expired"
    assert answer(expired(), "giving", True, LAST_DAY, last_to_record, reopening=again)[1]
    assert refused(late(expired(), now=last_to_record + day)) == "recorded_too_late"


def test_an_answer_is_taken_back_before_anybody_has_signed() -> None:
    pair, facts = take_back(accepted(), "receiving", LATER_DAY, LATER, again)
    assert (pair.status, facts) == ("proposed", (Fact.ANSWER_TAKEN_BACK,))
    assert [given.side for given in pair.answers] == ["giving"]
    assert pair.respond_by == accepted().respond_by, "there is time left"
    assert [spell.status for spell in pair.spells] == ["proposed", "accepted", "proposed"]
    other, facts = answer(pair, "receiving", False, LATER_DAY, LATER)
    assert (other.status, facts) == ("declined", (Fact.PROPOSAL_DECLINED,))


def test_who_takes_back_after_the_deadline_has_the_packs_days_anew() -> None:
    pair, _ = take_back(accepted(), "giving", AFTER.date(), AFTER, again)
    assert (pair.status, pair.respond_by) == ("proposed", ANEW.respond_by)


def test_a_no_is_taken_back_while_neither_is_taken() -> None:
    pair, facts = take_back(declined(), "giving", LATER_DAY, LATER, again)
    assert (pair.status, pair.slot, pair.answers, facts) == ("proposed", 2, (), (Fact.ANSWER_TAKEN_BACK,))
    assert pair.respond_by == declined().respond_by
    assert refused(lambda: take_back(declined(), "giving", LATER_DAY, LATER, taken)) == "slot_taken"
    long_after = NOW + RECORDED_WITHIN + timedelta(days=1)
    assert refused(lambda: take_back(declined(), "giving", DAY, long_after, again)) == "recorded_too_late"


@pytest.mark.parametrize(
    ("pair", "side", "on", "code"),
    [
        (proposed(), "giving", LATER_DAY, "not_answered"),
        (declined(), "receiving", LATER_DAY, "not_answered"),
        (signed(accepted(), "giving"), "giving", LATER_DAY, "already_signed"),
        (STATES["active"](), "giving", LATER_DAY, "already_signed"),
        (expired(), "giving", LATER_DAY, "proposal_expired"),
        (STATES["ended"](), "giving", LATER_DAY, "pair_closed"),
        (accepted(), "receiving", DAY, "date_before_answer"),
        (accepted(), "receiving", LATER_DAY + timedelta(days=1), "date_in_future"),
    ],
)
def test_what_cannot_be_taken_back(pair: Pair, side: str, on: date, code: str) -> None:
    assert refused(lambda: take_back(pair, side, on, LATER, again)) == code  # type: ignore[arg-type]


def held(pair: Pair, on: date = LATER_DAY, now: datetime = LATER) -> Pair:
    return record_step(pair, "introduction_meeting", on, now, asked=MEETING)[0]


@pytest.mark.parametrize("accept", [True, False])
def test_no_answer_counts_before_the_step_that_the_pack_asks_for(accept: bool) -> None:
    def given(pair: Pair, on: date) -> Callable[[], object]:
        return lambda: answer(pair, "giving", accept, on, LATER, steps=MEETING)

    assert refused(given(proposed(), LATER_DAY)) == "step_missing"
    assert refused(given(held(proposed()), DAY)) == "step_missing"
    assert given(held(proposed()), LATER_DAY)()


def test_a_step_is_recorded_once_and_corrected_until_somebody_has_answered() -> None:
    pair, facts = record_step(proposed(), "introduction_meeting", DAY, LATER, asked=MEETING)
    assert (pair.steps, facts) == ((StepHeld("introduction_meeting", DAY),), (Fact.STEP_RECORDED,))
    assert record_step(pair, "introduction_meeting", DAY, LATER, asked=MEETING) == (pair, ())
    moved = held(pair)
    assert moved.steps == (StepHeld("introduction_meeting", LATER_DAY),)
    answered, _ = answer(moved, "giving", True, LATER_DAY, LATER, steps=MEETING)
    assert refused(lambda: held(answered, DAY)) == "already_answered"


def test_a_step_that_was_held_in_time_is_recorded_late_before_its_answers() -> None:
    pair = held(expired(), LAST_DAY, AFTER)
    assert pair.status == "expired"
    given = answer(pair, "giving", True, LAST_DAY, AFTER, steps=MEETING, reopening=again)
    assert given[1] == (Fact.PROPOSAL_REOPENED,)


@pytest.mark.parametrize("status", ["declined", "completed", "ended"])
def test_no_step_of_what_is_over(status: PairStatus) -> None:
    pair = replace(STATES[status](), answers=())
    assert refused(lambda: held(pair)) == "pair_closed"


@pytest.mark.parametrize(
    ("on", "asked", "code"),
    [
        (LATER_DAY, (), "step_not_asked"),
        (DAY - timedelta(days=1), MEETING, "date_before_proposal"),
        (LATER_DAY + timedelta(days=1), MEETING, "date_in_future"),
    ],
)
def test_a_step_that_cannot_be(on: date, asked: tuple[str, ...], code: str) -> None:
    assert refused(lambda: record_step(proposed(), "introduction_meeting", on, LATER, asked=asked)) == code
