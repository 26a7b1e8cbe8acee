"""What lies ahead of somebody, and how they stand on a day: what lapses, what is awaited, what is lacking."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal

from services.intake.domain.person import Participation, Person
from services.intake.domain.requirements import Approval, Check, Requirement, Requirements, Standing
from shared.values import value

RENEWABLE = timedelta(days=60)
"""How long before it lapses something is to be renewed: when the first task to do so opens."""
ANSWERED_WITHIN = timedelta(days=14)
"""How long an approval waits for those of other organisations."""
LACKING_FOR = timedelta(days=30)
"""How long somebody may lack something before their coordinator is told to see to it."""

DueKind = Literal["lapse", "approval", "lacking"]
Standings = Literal["valid", "renewable", "none"]


@value
class Due:
    """Something that is to be done about somebody by a day, and from which day on it is said.

    `codes` name the requirements. A `lapse` is of what holds until `on`, an `approval` of one that is missing
    while others have been given; on `on` somebody has been `lacking` the rest for a while.
    """

    kind: DueKind
    programme: str
    codes: tuple[str, ...]
    on: date
    shown_from: date


@value
class StandingOn:
    """How somebody stands on a day with one requirement that lapses, and until when it holds."""

    programme: str
    code: str
    standing: Standings
    until: date | None = None


def due(person: Person, part: Participation, asked: Requirements) -> Iterator[Due]:
    """What is to be done about somebody for one programme. It follows from the file alone, whatever the day
    is, so that it can be stored with it.
    """
    if part.status == "left":
        return
    standings = [(item, item.standing(person, asked.programme)) for item in asked.items]
    for _, standing in standings:
        if standing.until is not None:
            shown_from = standing.until - RENEWABLE
            yield Due("lapse", asked.programme, (standing.code,), standing.until, shown_from)
    approvals = [standing for item, standing in standings if isinstance(item, Approval)]
    given = [standing.since for standing in approvals if standing.since is not None]
    awaited = {standing.code for standing in approvals if standing.since is None}
    for code in sorted(awaited) if given else ():
        yield Due("approval", asked.programme, (code,), min(given) + ANSWERED_WITHIN, min(given))
    said = {standing.code for _, standing in standings if standing.until is not None}
    said |= awaited if given else set()
    lacking = tuple(code for code in part.missing if code not in said)
    if lacking:
        long_ago = part.joined_on + LACKING_FOR
        yield Due("lacking", asked.programme, lacking, long_ago, long_ago)


def standing_on(person: Person, asked: Requirements, day: date) -> Iterator[StandingOn]:
    """How somebody stands on a day with what lapses of a programme, by what is known today."""
    for item in asked.items:
        standing = item.standing(person, asked.programme)
        if _lapses(item, standing):
            holds = standing.is_met(day)
            is_near = standing.until is not None and standing.until - day <= RENEWABLE
            word: Standings = "none" if not holds else "renewable" if is_near else "valid"
            yield StandingOn(asked.programme, standing.code, word, standing.until if holds else None)


def waits_since(person: Person, part: Participation, asked: Requirements) -> date:
    """Since when somebody waits: for a pair who is ready, for what they lack who isn't. Who has lapsed lacks
    something since the day after the first of it lapsed.
    """
    if part.status == "ready" and part.ready_since is not None:
        return part.ready_since
    if part.status != "lapsed":
        return part.joined_on
    standings = [item.standing(person, asked.programme) for item in asked.items]
    ends = [one.until for one in standings if one.until is not None and one.code in part.missing]
    return min(ends) + timedelta(days=1) if ends else part.joined_on


def _lapses(item: Requirement, standing: Standing) -> bool:
    """Whether a requirement is one that lapses, and is asked of this person at all."""
    is_asked = standing.since != date.min or standing.until is not None
    return isinstance(item, Check | Approval) and item.valid_for is not None and is_asked
