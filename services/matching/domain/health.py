"""How an active pair fares, by plain rules: each finding names its reason."""

from datetime import date, timedelta
from enum import StrEnum

from services.matching.domain.pair import Pair
from services.matching.domain.proposal import WarningCode
from shared.values import value

WINDOW = timedelta(weeks=4)
LEAST_ACTIVE = timedelta(weeks=2)
"""How long a pair has been active within the window before its hours are held against the dose: a first
meeting within two weeks is early enough (the project's own choice).
"""
SILENT_AFTER = timedelta(weeks=3)
"""Three weekly meetings in a row that did not take place (the project's own choice)."""


class Concern(StrEnum):
    """What a coordinator should ask the two about."""

    BELOW_DOSE = "below_dose"
    SILENT = "silent"
    EXPECTATIONS_DIFFER = "expectations_differ"


@value
class Finding:
    """A concern and what it rests on: the `hours` of the last four weeks and the pack's for as many days as
    the pair was active then, or `since` when the two have not met.
    """

    concern: Concern
    hours: float | None = None
    expected: float | None = None
    since: date | None = None


def findings(pair: Pair, weekly_hours: float | None, today: date) -> tuple[Finding, ...]:
    """What is to be asked of an active pair, today's day included; nothing of others."""
    if pair.status != "active" or pair.created_on is None:
        return ()
    found = [_hours(pair, weekly_hours, today), _silence(pair, today)]
    if WarningCode.EXPECTATIONS_DIFFER in pair.receipt.warnings:
        found.append(Finding(Concern.EXPECTATIONS_DIFFER))
    return tuple(finding for finding in found if finding is not None)


def _hours(pair: Pair, weekly_hours: float | None, today: date) -> Finding | None:
    begins = today - WINDOW + timedelta(days=1)
    active = _active_days(pair, begins, today)
    if weekly_hours is None or active < LEAST_ACTIVE.days:
        return None
    hours = sum(meeting.hours for meeting in pair.meetings if begins <= meeting.held_on <= today)
    expected = weekly_hours * active / 7
    return Finding(Concern.BELOW_DOSE, round(hours, 2), round(expected, 2)) if hours < expected else None


def _silence(pair: Pair, today: date) -> Finding | None:
    met = [meeting.held_on for meeting in pair.meetings if meeting.held_on <= today]
    # Another guide has not been silent while somebody else was the pair's.
    since = max([pair.spells[-1].since, *met, *(former.to for former in pair.former_guides)])
    return Finding(Concern.SILENT, since=since) if today - since >= SILENT_AFTER else None


def _active_days(pair: Pair, begins: date, today: date) -> int:
    """On how many days of these the pair was active; the day on which it paused is none."""
    after = today + timedelta(days=1)
    spells = [spell for spell in pair.spells if spell.status == "active"]
    return sum(max(0, (min(spell.to or after, after) - max(spell.since, begins)).days) for spell in spells)
