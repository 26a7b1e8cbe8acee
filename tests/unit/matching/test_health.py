"""Pair health: hours against the dose, silence, expectations."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.matching.domain.health import Concern, findings
from services.matching.domain.pair import FormerGuide, Meeting, Pair, PairStatus, Spell
from tests.unit.matching.lives import active as of_today

DAY = timedelta(days=1)


def active(since: date, *meetings: tuple[date, float]) -> Pair:
    spells = (Spell("proposed", since, since), Spell("active", since))
    held = tuple(Meeting(day, hours) for day, hours in sorted(meetings))
    return replace(of_today(), status="active", spells=spells, created_on=since, meetings=held)


TODAY = date(2026, 3, 29)
WEEKLY = [TODAY - timedelta(weeks=week) for week in range(4)]
LONG_AGO = date(2026, 1, 1)


def concerns(pair: Pair, weekly_hours: float | None = 2.0) -> list[Concern]:
    return [finding.concern for finding in findings(pair, weekly_hours, TODAY)]


def test_who_meets_two_hours_a_week_is_well() -> None:
    assert concerns(active(LONG_AGO, *((day, 2.0) for day in WEEKLY))) == []


def test_one_week_of_an_hour_and_a_half_is_below_the_dose() -> None:
    (finding,) = findings(active(LONG_AGO, *((day, 2.0) for day in WEEKLY[:3]), (WEEKLY[3], 1.5)), 2.0, TODAY)
    assert (finding.concern, finding.hours, finding.expected) == (Concern.BELOW_DOSE, 7.5, 8.0)


def test_hours_of_more_than_four_weeks_ago_are_no_hours_of_these_weeks() -> None:
    before = TODAY - timedelta(weeks=4)
    assert concerns(active(LONG_AGO, (before + DAY, 8.0))) == [Concern.SILENT]
    assert Concern.BELOW_DOSE in concerns(active(LONG_AGO, (before, 8.0)))


@pytest.mark.parametrize(("days", "expected"), [(13, []), (14, [Concern.BELOW_DOSE])])
def test_a_new_pair_has_two_weeks(days: int, expected: list[Concern]) -> None:
    assert concerns(active(TODAY - timedelta(days=days - 1))) == expected


def test_days_of_a_pause_ask_for_no_hours() -> None:
    paused = TODAY - timedelta(weeks=3)
    pair = active(LONG_AGO, (TODAY, 4.0))
    spells = (
        Spell("active", LONG_AGO, paused),
        Spell("paused", paused, TODAY - timedelta(days=13)),
        Spell("active", TODAY - timedelta(days=13)),
    )
    (finding,) = findings(replace(pair, spells=spells, meetings=()), 2.0, TODAY)
    # Six days before the pause and fourteen since.
    assert finding.expected == round(2.0 * 20 / 7, 2)


@pytest.mark.parametrize(("days", "silent"), [(20, False), (21, True)])
def test_three_weeks_without_a_meeting_are_silence(days: int, silent: bool) -> None:
    pair = active(LONG_AGO, (TODAY - timedelta(days=days), 50.0))
    assert (Concern.SILENT in concerns(pair, None)) == silent


def test_another_guide_was_not_silent_before_they_were_the_pairs() -> None:
    replaced = FormerGuide("volunteer-1", LONG_AGO, TODAY - timedelta(days=20))
    assert concerns(replace(active(LONG_AGO), former_guides=(replaced,)), None) == []
    assert concerns(active(LONG_AGO), None) == [Concern.SILENT]


def test_expectations_that_differ_stay_a_concern_while_the_pair_lasts() -> None:
    pair = active(TODAY)
    warned = replace(pair, receipt=replace(pair.receipt, warnings=("expectations_differ",)))
    assert concerns(warned) == [Concern.EXPECTATIONS_DIFFER]


@pytest.mark.parametrize("status", ["proposed", "accepted", "paused", "completed", "ended"])
def test_nothing_is_asked_of_a_pair_that_is_not_active(status: PairStatus) -> None:
    assert concerns(replace(active(LONG_AGO), status=status)) == []
