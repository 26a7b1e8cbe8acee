"""What happens to a pair after it was proposed: meetings, pauses, and its end."""

from dataclasses import replace
from datetime import date, datetime
from typing import Literal

from services.matching.domain.errors import DomainError
from services.matching.domain.pair import (
    Decision,
    EndReason,
    Fact,
    Hold,
    Holder,
    Meeting,
    Outcome,
    Pair,
    become,
    check_day,
    closed,
)
from shared.values import add_months

LONGEST_MEETING = 24.0
"""Hours, a whole day."""


def log_meeting(pair: Pair, held_on: date, hours: float, now: datetime) -> Decision:
    """Records a meeting, one a day: a later record of the same day replaces it, and 0 hours take it back,
    also one after the pair's end.

    Raises `not_created`, `hours_out_of_range`, `date_in_future`, `date_before_pair` or `date_after_pair`.
    """
    if pair.created_on is None:
        raise DomainError("not_created", "meetings are logged once all have signed the agreement")
    if hours > LONGEST_MEETING:
        raise DomainError("hours_out_of_range", "a meeting lasts a day at most", "hours")
    if held_on > now.date():
        raise DomainError("date_in_future", "name a day that has come", "held_on")
    if held_on < pair.created_on:
        raise DomainError(
            "date_before_pair", f"the pair was created on {pair.created_on}: name a later day", "held_on"
        )
    is_taken_back = not hours and any(meeting.held_on == held_on for meeting in pair.meetings)
    if pair.ended_on is not None and held_on > pair.ended_on and not is_taken_back:
        raise DomainError("date_after_pair", f"the pair was over on {pair.ended_on}", "held_on")
    others = [meeting for meeting in pair.meetings if meeting.held_on != held_on]
    held = [Meeting(held_on, hours)] if hours else []
    meetings = tuple(sorted([*others, *held], key=lambda meeting: meeting.held_on))
    if meetings == pair.meetings:
        return pair, ()
    return replace(pair, meetings=meetings), (Fact.MEETING_LOGGED,)


def pause(pair: Pair, by: Holder, on: date, until: date | None, now: datetime) -> Decision:
    """Has a pair pause, from a day on and, where it is known, until another; again by the same moves that.

    Raises `not_active`, `pair_closed`, `date_in_future`, `date_before_proposal` or `until_not_later`.
    """
    _require_active(pair)
    check_day(pair, on, now, "paused_on")
    if until is not None and until <= max(on, now.date()):
        raise DomainError("until_not_later", "name a day that is still to come, or none", "until")
    known = next((hold for hold in pair.holds if hold.by == by), None)
    hold = Hold(by, known.since if known else on, until)
    if hold == known:
        return pair, ()
    holds = (*(other for other in pair.holds if other.by != by), hold)
    paused = pair if pair.status == "paused" else become(pair, "paused", on)
    return replace(paused, holds=holds), (Fact.PAIR_PAUSED,)


def resume(pair: Pair, by: Holder, on: date, now: datetime) -> Decision:
    """Takes one hold back; the pair goes on once there is none. None by that holder: nothing happens.

    Raises `not_active`, `pair_closed`, `date_in_future` or `date_before_proposal`.
    """
    _require_active(pair)
    check_day(pair, on, now, "resumed_on")
    holds = tuple(hold for hold in pair.holds if hold.by != by)
    if holds == pair.holds:
        return pair, ()
    if holds:
        return replace(pair, holds=holds), (Fact.PAIR_PAUSED,)
    return replace(become(pair, "active", on), holds=()), (Fact.PAIR_RESUMED,)


def resume_due(pair: Pair, now: datetime) -> Decision:
    """Takes back the holds whose days are over."""
    facts: tuple[Fact, ...] = ()
    for hold in pair.holds:
        if hold.until is not None and hold.until <= now.date():
            pair, facts = resume(pair, hold.by, hold.until, now)
    return pair, facts


def complete(pair: Pair, on: date, minimum_months: int | None, outcome: Outcome, now: datetime) -> Decision:
    """Ends a pair whose time is over, from the pack's least number of months on. The same again: nothing more
    happens.

    Raises `not_active`, `pair_closed`, `too_early`, `date_in_future`, `date_before_proposal`, or as
    `_check_last_day` does.
    """
    if pair.status == "completed" and _is_over_so(pair, on, None, outcome):
        return pair, ()
    _require_active(pair)
    check_day(pair, on, now, "completed_on")
    _check_last_day(pair, on, "completed_on")
    earliest = add_months(pair.created_on or on, minimum_months or 0)
    if on < earliest:
        raise DomainError(
            "too_early",
            f"the pair lasts until {earliest} at least; end_pair ends it before its time",
            "completed_on",
        )
    return _over(pair, "completed", on, None, outcome), (Fact.PAIR_COMPLETED,)


def complete_due(pair: Pair, outcome: Outcome, now: datetime) -> Decision:
    """Ends a pair that has reached its most months; nothing of one that is over or has none."""
    if not pair.is_open or pair.ends_on is None or pair.ends_on > now.date():
        return pair, ()
    return _over(pair, "completed", pair.ends_on, None, outcome), (Fact.PAIR_COMPLETED,)


def end(pair: Pair, reason: EndReason, on: date, outcome: Outcome, now: datetime) -> Decision:
    """Ends a proposal or a pair before its time. The same end again: nothing more happens.

    Raises `pair_closed`, `date_in_future`, `date_before_proposal`, or as `_check_last_day` does.
    """
    if pair.status == "ended" and _is_over_so(pair, on, reason, outcome):
        return pair, ()
    if not pair.is_open:
        raise closed(pair)
    check_day(pair, on, now, "ended_on")
    _check_last_day(pair, on, "ended_on")
    return _over(pair, "ended", on, reason, outcome), (Fact.PAIR_ENDED,)


def end_because(pair: Pair, reason: EndReason, now: datetime) -> Decision:
    """Ends an open pair, at whatever point it is. Raises `pair_closed` if it is over already."""
    if not pair.is_open:
        raise closed(pair)
    return _over(pair, "ended", now.date(), reason, None), (Fact.PAIR_ENDED,)


def _over(
    pair: Pair,
    status: Literal["completed", "ended"],
    on: date,
    reason: EndReason | None,
    outcome: Outcome | None,
) -> Pair:
    over = become(pair, status, on)
    return replace(over, holds=(), ended_on=over.spells[-1].since, end_reason=reason, outcome=outcome)


def _is_over_so(pair: Pair, on: date, reason: EndReason | None, outcome: Outcome) -> bool:
    """Whether a pair that is over is so as somebody says, on the day that theirs comes to."""
    day = max(on, pair.spells[-2].since)
    return (pair.ended_on, pair.end_reason, pair.outcome) == (day, reason, outcome)


def _check_last_day(pair: Pair, on: date, field: str) -> None:
    """Refuses an end before what the pair did later: `date_before_guide`, `date_before_meeting`."""
    day = max(on, pair.spells[-1].since)
    if pair.former_guides and day < (since := pair.former_guides[-1].to):
        raise DomainError(
            "date_before_guide", f"the present guide is it since {since}: name that day or a later one", field
        )
    if pair.meetings and day < (met := pair.meetings[-1].held_on):
        remedy = "name that day or a later one, or take the meeting back by LogMeeting with 0 hours"
        raise DomainError("date_before_meeting", f"the two met on {met}: {remedy}", field)


def _require_active(pair: Pair) -> None:
    if not pair.is_open:
        raise closed(pair)
    if pair.created_on is None:
        raise DomainError("not_active", "all sign the agreement first")
