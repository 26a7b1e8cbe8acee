"""What happens to a pair after its agreement, as tables."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.matching.domain.course import (
    complete,
    complete_due,
    end,
    log_meeting,
    pause,
    resume,
    resume_due,
)
from services.matching.domain.pair import (
    EndReason,
    Fact,
    FormerGuide,
    Hold,
    Meeting,
    Outcome,
    PairStatus,
    Spell,
)
from services.matching.domain.waiting import waiting_since
from tests.unit.matching.lives import (
    LATER,
    LATER_DAY,
    OUTCOME,
    STATES,
    accepted,
    active,
    ended,
    paused,
    proposed,
    refused,
)

MONTH = timedelta(days=30)
IN_A_MONTH = LATER_DAY + MONTH
WAITS = Outcome("waits", "waits", may_meet_again=False)


def test_a_meeting_is_one_a_day_and_a_later_record_replaces_it() -> None:
    pair, facts = log_meeting(active(), IN_A_MONTH, 2, LATER + MONTH)
    assert (pair.meetings, facts) == ((Meeting(IN_A_MONTH, 2),), (Fact.MEETING_LOGGED,))
    pair, _ = log_meeting(pair, LATER_DAY, 1.5, LATER + MONTH)
    assert [meeting.held_on for meeting in pair.meetings] == [LATER_DAY, IN_A_MONTH]
    assert log_meeting(pair, IN_A_MONTH, 2, LATER + MONTH) == (pair, ())
    mended, facts = log_meeting(pair, IN_A_MONTH, 3, LATER + MONTH)
    assert (mended.meetings[1], facts) == (Meeting(IN_A_MONTH, 3), (Fact.MEETING_LOGGED,))
    taken_back, facts = log_meeting(pair, IN_A_MONTH, 0, LATER + MONTH)
    assert (taken_back.meetings, facts) == ((Meeting(LATER_DAY, 1.5),), (Fact.MEETING_LOGGED,))
    assert log_meeting(taken_back, IN_A_MONTH, 0, LATER + MONTH) == (taken_back, ())


@pytest.mark.parametrize(
    ("held_on", "hours", "code"),
    [
        (LATER_DAY - timedelta(days=1), 2, "date_before_pair"),
        (LATER_DAY + timedelta(days=1), 2, "date_in_future"),
        (LATER_DAY, 24.5, "hours_out_of_range"),
    ],
)
def test_a_meeting_that_cannot_have_been_is_refused(held_on: date, hours: float, code: str) -> None:
    assert refused(lambda: log_meeting(active(), held_on, hours, LATER)) == code


def test_meetings_of_a_pair_that_is_over_are_logged_up_to_its_last_day() -> None:
    over = ended()
    assert over.ended_on is not None
    later = LATER + 2 * MONTH
    assert log_meeting(over, over.ended_on, 2, later)[1] == (Fact.MEETING_LOGGED,)
    assert refused(lambda: log_meeting(over, IN_A_MONTH + MONTH, 2, later)) == "date_after_pair"
    assert refused(lambda: log_meeting(accepted(), LATER_DAY, 2, LATER)) == "not_created"


def test_a_pause_ends_by_itself_on_its_day() -> None:
    until = LATER_DAY + timedelta(days=10)
    pair, facts = pause(active(), "coordinator", LATER_DAY, until, LATER)
    assert (pair.status, pair.is_open, facts) == ("paused", True, (Fact.PAIR_PAUSED,))
    assert pair.holds == (Hold("coordinator", LATER_DAY, until),)
    assert resume_due(pair, LATER + timedelta(days=9)) == (pair, ())
    on, facts = resume_due(pair, LATER + timedelta(days=12))
    assert (on.status, on.holds, facts) == ("active", (), (Fact.PAIR_RESUMED,))
    assert on.spells[-1] == Spell("active", until)


def test_a_pair_pauses_until_nobody_holds_it_any_more() -> None:
    both, facts = pause(paused(), "giving", LATER_DAY, None, LATER)
    assert facts == (Fact.PAIR_PAUSED,)
    still, facts = resume(both, "coordinator", LATER_DAY, LATER)
    assert (still.status, facts) == ("paused", (Fact.PAIR_PAUSED,))
    assert resume(still, "coordinator", LATER_DAY, LATER) == (still, ())
    assert resume(still, "giving", LATER_DAY, LATER)[1] == (Fact.PAIR_RESUMED,)


def test_the_same_pause_again_changes_nothing_and_another_moves_its_end() -> None:
    pair, until = paused(), IN_A_MONTH
    assert pause(pair, "coordinator", LATER_DAY, None, LATER) == (pair, ())
    moved, facts = pause(pair, "coordinator", LATER_DAY + timedelta(days=1), until, LATER + timedelta(days=1))
    assert (moved.holds, facts) == ((Hold("coordinator", LATER_DAY, until),), (Fact.PAIR_PAUSED,))
    assert len(moved.spells) == len(pair.spells)
    assert refused(lambda: pause(pair, "coordinator", LATER_DAY, LATER_DAY, LATER)) == "until_not_later"


@pytest.mark.parametrize("status", ["proposed", "accepted"])
def test_what_is_not_active_neither_pauses_nor_completes(status: PairStatus) -> None:
    pair = STATES[status]()
    assert refused(lambda: pause(pair, "coordinator", LATER_DAY, None, LATER)) == "not_active"
    assert refused(lambda: resume(pair, "coordinator", LATER_DAY, LATER)) == "not_active"
    assert refused(lambda: complete(pair, LATER_DAY, None, OUTCOME, LATER)) == "not_active"


@pytest.mark.parametrize("status", ["declined", "expired", "completed", "ended"])
def test_what_is_over_stays_over(status: PairStatus) -> None:
    pair = STATES[status]()
    later = LATER + 9 * MONTH
    assert refused(lambda: pause(pair, "coordinator", LATER_DAY, None, later)) == "pair_closed"
    assert refused(lambda: end(pair, EndReason.OTHER, LATER_DAY, WAITS, later)) == "pair_closed"
    assert complete_due(replace(pair, ends_on=LATER_DAY), OUTCOME, later)[1] == ()


def test_a_pair_is_completed_from_its_least_months_on() -> None:
    pair = active()
    assert pair.created_on == LATER_DAY == date(2026, 11, 25)
    nine = date(2027, 8, 25)
    now = LATER + timedelta(days=400)
    assert refused(lambda: complete(pair, date(2027, 8, 24), 9, OUTCOME, now)) == "too_early"
    over, facts = complete(pair, nine, 9, OUTCOME, now)
    assert (over.status, over.ended_on, over.end_reason, over.outcome) == ("completed", nine, None, OUTCOME)
    assert facts == (Fact.PAIR_COMPLETED,)
    assert complete(over, nine, 9, OUTCOME, now) == (over, ())


@pytest.mark.parametrize("status", ["active", "paused"])
def test_a_pair_completes_by_itself_on_the_day_of_its_most_months(status: PairStatus) -> None:
    pair = STATES[status]()
    assert pair.ends_on == date(2027, 11, 25)
    assert complete_due(pair, OUTCOME, LATER + timedelta(days=364)) == (pair, ())
    over, facts = complete_due(pair, OUTCOME, LATER + timedelta(days=370))
    assert (over.status, over.ended_on, over.holds, facts) == (
        "completed",
        date(2027, 11, 25),
        (),
        (Fact.PAIR_COMPLETED,),
    )


@pytest.mark.parametrize("status", ["proposed", "accepted", "active", "paused"])
def test_whatever_is_open_ends_with_a_reason(status: PairStatus) -> None:
    over, facts = end(STATES[status](), EndReason.PERSONAL_GIVING, LATER_DAY, WAITS, LATER)
    assert (over.status, over.end_reason, over.outcome, facts) == (
        "ended",
        EndReason.PERSONAL_GIVING,
        WAITS,
        (Fact.PAIR_ENDED,),
    )
    assert end(over, EndReason.PERSONAL_GIVING, LATER_DAY, WAITS, LATER) == (over, ())
    early = proposed().proposed_on - timedelta(days=1)
    assert (
        refused(lambda: end(STATES[status](), EndReason.OTHER, early, WAITS, LATER)) == "date_before_proposal"
    )


LONG_AFTER = LATER + 12 * MONTH


def test_a_pair_ends_on_the_day_of_its_last_meeting_at_the_earliest() -> None:
    met, _ = log_meeting(active(), IN_A_MONTH, 2, LONG_AFTER)
    before = IN_A_MONTH - timedelta(days=1)
    assert refused(lambda: end(met, EndReason.OTHER, before, WAITS, LONG_AFTER)) == "date_before_meeting"
    assert refused(lambda: complete(met, before, None, OUTCOME, LONG_AFTER)) == "date_before_meeting"
    assert end(met, EndReason.OTHER, IN_A_MONTH, WAITS, LONG_AFTER)[1] == (Fact.PAIR_ENDED,)
    assert complete(met, IN_A_MONTH, None, OUTCOME, LONG_AFTER)[1] == (Fact.PAIR_COMPLETED,)
    without, _ = log_meeting(met, IN_A_MONTH, 0, LONG_AFTER)
    assert end(without, EndReason.OTHER, before, WAITS, LONG_AFTER)[1] == (Fact.PAIR_ENDED,)


def test_a_pair_ends_no_day_before_its_guide_was_it() -> None:
    other = replace(active(), former_guides=(FormerGuide("volunteer-0", LATER_DAY, IN_A_MONTH),))
    before = IN_A_MONTH - timedelta(days=1)
    assert refused(lambda: end(other, EndReason.OTHER, before, WAITS, LONG_AFTER)) == "date_before_guide"
    assert refused(lambda: complete(other, before, None, OUTCOME, LONG_AFTER)) == "date_before_guide"
    assert end(other, EndReason.OTHER, IN_A_MONTH, WAITS, LONG_AFTER)[1] == (Fact.PAIR_ENDED,)


def test_a_meeting_after_the_end_that_is_on_record_is_taken_back() -> None:
    over = replace(ended(), meetings=(Meeting(IN_A_MONTH + MONTH, 2),))
    assert refused(lambda: log_meeting(over, IN_A_MONTH + MONTH, 1, LONG_AFTER)) == "date_after_pair"
    assert log_meeting(over, IN_A_MONTH + MONTH, 0, LONG_AFTER)[0].meetings == ()
    assert refused(lambda: log_meeting(ended(), IN_A_MONTH + MONTH, 0, LONG_AFTER)) == "date_after_pair"


def test_what_is_over_is_not_over_otherwise() -> None:
    over, _ = complete(active(), IN_A_MONTH, None, OUTCOME, LONG_AFTER)
    assert complete(over, IN_A_MONTH, None, OUTCOME, LONG_AFTER) == (over, ())
    assert refused(lambda: complete(over, IN_A_MONTH, None, WAITS, LONG_AFTER)) == "pair_closed"
    assert refused(lambda: complete(over, LONG_AFTER.date(), None, OUTCOME, LONG_AFTER)) == "pair_closed"


def test_the_same_end_again_is_the_same_where_its_day_was_moved() -> None:
    held, _ = pause(active(), "coordinator", IN_A_MONTH, None, LONG_AFTER)
    over, _ = end(held, EndReason.OTHER, LATER_DAY, WAITS, LONG_AFTER)
    assert over.ended_on == IN_A_MONTH
    for on in (LATER_DAY, IN_A_MONTH):
        assert end(over, EndReason.OTHER, on, WAITS, LONG_AFTER) == (over, ())
    later = IN_A_MONTH + timedelta(days=1)
    assert refused(lambda: end(over, EndReason.OTHER, later, WAITS, LONG_AFTER)) == "pair_closed"


READY, OVER = date(2026, 1, 10), date(2026, 6, 1)


@pytest.mark.parametrize(
    ("ready_since", "does", "since"),
    [
        (READY, "waits", READY),
        (READY, "waits_anew", OVER),
        (READY, "rests", None),
        (OVER + timedelta(days=1), "rests", OVER + timedelta(days=1)),
        (OVER + timedelta(days=1), "waits_anew", OVER + timedelta(days=1)),
    ],
)
def test_since_when_somebody_waits_whose_pair_is_over(
    ready_since: date, does: str, since: date | None
) -> None:
    assert waiting_since(ready_since, (does, OVER)) == since  # type: ignore[arg-type]
    assert waiting_since(ready_since, None) == ready_since
