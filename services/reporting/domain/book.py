"""A programme's year: its months' counts, and what is shown of them and of the year.

A flow is rounded as the sum since the programme began, and a month's figure is what the rounded sum grew by:
nothing is lost from month to month, a year's figure is the sum of its months', and what was published is
never taken back. Levels, what people answered and what came of pairs are shown when a month closes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from services.reporting.domain import figures, levels, outcomes
from services.reporting.domain.around import NOTHING, Around
from services.reporting.domain.figures import ALL, FIGURES
from services.reporting.domain.outcomes import OUTCOMES, Trail, Values
from services.reporting.domain.rounding import down
from shared.values import value

PROPOSED, DECLINED = figures.PAIRS_PROPOSED.name, figures.PROPOSALS_DECLINED.name
CREATED, ACTIVE, ROUNDS = figures.PAIRS_CREATED.name, figures.PAIRS_ACTIVE.name, figures.ROUNDS_RUN.name
LATE = figures.late(PROPOSED)
REGISTERED = figures.VOLUNTEERS_REGISTERED.name
OF_REGISTERED = (figures.VOLUNTEERS_APPROVED.name, figures.VOLUNTEERS_WITHDRAWN.name)
"""Of volunteers, what each has been registered before."""
FROM_PROPOSALS = frozenset({PROPOSED, DECLINED, CREATED, ACTIVE, *OUTCOMES})
"""What comes of proposals, and so of rounds."""
ROOM = "room"
"""Kept beside what an open month showed: its `room`."""
AT_CLOSE = tuple(figure.name for figure in FIGURES if figure.at_close)
AS_COUNTED = frozenset(figure.name for figure in FIGURES if not figure.of_people)


@value
class Opening:
    """What there was before a year: flows as counted and as shown, and `ended`, pairs created but not active
    as shown.

    `idle`: no round has ever been run. `room` is how many late proposals its rounds let be shown. `trail` is
    what was shown in all by the end of each month before.
    """

    counted: Values = field(default_factory=dict)
    shown: Values = field(default_factory=dict)
    ended: int = 0
    idle: bool = True
    room: int = 0
    trail: Trail = field(default_factory=dict)


@value
class Month:
    """A month's counts. `shown` is what was shown at its close for good; None while it is open.

    `room` is how many proposals its rounds let be shown (see `Room`).
    """

    name: str
    counts: Values
    shown: Values | None = None
    room: int = 0


@value
class Room:
    """How many proposals of an open month itself may be shown, so that none tell of registrations withheld:
    for each of its rounds as many as were shown as registered when it was counted; `now`, for new rounds
    beside those shown already.
    """

    in_all: int
    now: int


@value
class Disclosed:
    """What may be shown: of each month, and of the year; and what that leaves to the next."""

    opening: Opening
    months: tuple[Month, ...]
    year: Month
    closing: Opening


def disclose(
    programme: str,
    year: str,
    opening: Opening,
    months: Sequence[Month],
    before: Mapping[str, Values],
    *,
    closing: bool,
    around: Around = NOTHING,
) -> Disclosed:
    """What to show of a year's months so far; `before` is what open months showed last, and their ROOM.

    `around` is what the municipality shows, and how long the programme's pairs last.
    """
    state = opening
    floor = dict(opening.shown)
    done: list[Month] = []
    for month in months:
        earlier = before.get(month.name, {}) if month.shown is None else month.shown
        floor = _sum(floor, earlier, programme)
        shown, in_all = month.shown, month.room
        if shown is None:
            room = _room(month, earlier, around.couples(month.name))
            shown = _flows(programme, state, month, floor, room, closing=closing)
            if closing:
                shown |= _closed(programme, state, month, shown, around)
            known = AS_COUNTED | (_impossible(state, month) if closing else frozenset())
            shown = {name: count for name, count in shown.items() if count or name in known}
            in_all = room.in_all
        done.append(replace(month, shown=shown, room=in_all))
        state = after(programme, state, done[-1])
    whole = _year(programme, done)
    return Disclosed(opening, tuple(done), Month(year, whole, whole), state)


def after(programme: str, opening: Opening, month: Month) -> Opening:
    """What a month leaves to the next, by what was counted and shown."""
    shown = month.shown or {}
    flows = _sum(opening.shown, shown, programme)
    ended = flows.get(CREATED, 0) - shown.get(ACTIVE, 0)
    counted = _sum(opening.counted, month.counts, programme)
    room = max(0, opening.room + month.room - shown.get(PROPOSED, 0))
    idle = opening.idle and not month.counts.get(ROUNDS)
    return Opening(counted, flows, ended, idle, room, outcomes.longer(opening.trail, month.name, flows))


def _flows(
    programme: str, state: Opening, month: Month, floor: Values, room: Room, *, closing: bool
) -> dict[str, int]:
    counted = _sum(state.counted, month.counts, programme)

    def grown(name: str) -> int:
        before = state.shown.get(name, 0)
        return max(down(counted[name]), floor.get(name, 0), before) - before

    shown = {name: grown(name) for name in figures.flows(programme)}
    if PROPOSED in shown:
        shown |= _proposed(state, shown, down(counted[PROPOSED] - month.counts.get(LATE, 0)), room)
        shown |= _answered(state.shown, shown)
    if REGISTERED in shown:
        shown |= _of_registered(state.shown, shown)
    if not closing:
        # Who saw on which day declines are counted would know of proposals shortly before: OF_ANY_DAYS.
        shown |= dict.fromkeys([name for name in AT_CLOSE if name in shown], 0)
    for name in figures.names(programme, "flow"):
        late = figures.late(name)
        # What is late of a month is part of it.
        shown[late] = min(shown[late], shown[name])
        if name in AS_COUNTED:
            shown |= {one: month.counts.get(one, 0) for one in (name, late)}
    return shown


def _proposed(state: Opening, grown: Values, in_time: int, room: Room) -> Values:
    """Late ones fell in earlier months' rounds and in none that are new; others may be read after theirs.

    `in_time` is the rounded sum without the month's late ones.
    """
    late = min(grown[LATE], state.room)
    own = min(room.in_all, max(in_time - state.shown.get(PROPOSED, 0), room.now))
    return {PROPOSED: min(grown[PROPOSED], late + own), LATE: late}


def _room(month: Month, earlier: Values, registered: int) -> Room:
    """By what was shown `earlier` of a month, and what is registered by what is shown now: who is registered
    later was in none of the rounds before.
    """
    shown = _in_time(PROPOSED, earlier)
    rounds = max(0, _in_time(ROUNDS, month.counts) - _in_time(ROUNDS, earlier))
    new = rounds * registered
    return Room(max(earlier.get(ROOM, 0), shown) + new, shown + new)


def _in_time(name: str, counts: Values) -> int:
    return counts.get(name, 0) - counts.get(figures.late(name), 0)


def _answered(before: Values, shown: Values) -> Values:
    """No more are shown as created and declined than as proposed, though counts that begin anew at what was
    shown may outgrow it; and in no month more as declined.
    """
    unanswered = before.get(PROPOSED, 0) + shown[PROPOSED] - before.get(CREATED, 0) - before.get(DECLINED, 0)
    created = min(shown[CREATED], max(0, unanswered))
    return {CREATED: created, DECLINED: min(shown[DECLINED], shown[PROPOSED], max(0, unanswered - created))}


def _of_registered(before: Values, shown: Values) -> Values:
    """No more volunteers are shown as approved, nor as withdrawn, than as registered."""
    registered = before.get(REGISTERED, 0) + shown[REGISTERED]
    return {name: max(0, min(shown[name], registered - before.get(name, 0))) for name in OF_REGISTERED}


def _closed(programme: str, state: Opening, month: Month, flows: Values, around: Around) -> Mapping[str, int]:
    """What is shown at the close alone: levels, shares and what came of pairs."""
    if programme == ALL:
        return levels.of_municipality(month.counts, _total(OF_REGISTERED[0], state, flows))
    created = _total(CREATED, state, flows)
    shown = dict(levels.of_programme(month.name, month.counts, created, state.ended, around))
    ended = created - shown[ACTIVE] - state.ended
    shown |= outcomes.held(flows, state.shown, state.trail, month.name, ended, around.duration)
    return shown | {figures.late(name): min(flows[figures.late(name)], shown[name]) for name in OUTCOMES}


def _total(name: str, state: Opening, flows: Values) -> int:
    return state.shown.get(name, 0) + flows[name]


def _impossible(state: Opening, month: Month) -> frozenset[str]:
    """What can't have occurred, which is no secret: where no round was ever run, nobody was proposed; after
    one, a month without rounds may count late proposals. Known at the close alone, as a round's record may be
    read after its proposals'.
    """
    return FROM_PROPOSALS if state.idle and not month.counts.get(ROUNDS) else frozenset()


def _year(programme: str, months: Sequence[Month]) -> Values:
    """A year's flows are those of its months that show them; its levels are its last month's, its shares the
    mean of its months'.
    """
    whole: dict[str, int] = {}
    seen = [month.shown or {} for month in months]
    for name in figures.flows(programme):
        total = sum(shown.get(name, 0) for shown in seen)
        if total or all(name in shown for shown in seen):
            whole[name] = total
    of_last = figures.names(programme, "level")
    whole |= {name: count for name, count in seen[-1].items() if name in of_last}
    for name in figures.names(programme, "share"):
        shares = [shown[name] for shown in seen if name in shown]
        whole |= {name: down(sum(shares) // len(shares))} if shares else {}
    return whole


def _sum(before: Values, more: Values, programme: str) -> dict[str, int]:
    return {name: before.get(name, 0) + more.get(name, 0) for name in figures.flows(programme)}
