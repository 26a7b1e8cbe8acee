"""What a reader works out of all that was published of a programme and its municipality."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.reporting.domain.book import Month
from services.reporting.domain.figures import ALL, late, names
from services.reporting.domain.identities import (
    ACTIVE_IS,
    BOUNDS,
    BY_ROUNDS,
    ENDED,
    OF_ANY_DAYS,
    OF_EACH_MONTH,
    RESTS,
    WAITED,
    in_course,
)
from services.reporting.domain.outcomes import MET_EARLY, OUTCOMES, OVER
from services.reporting.domain.periods import first_day, month_of, shifted
from tests.unit.reporting.bounds import Reader
from tests.unit.reporting.plays import (
    ACTIVE,
    ANSWERED_WITHIN,
    APPROVED,
    CREATED,
    DECLINED,
    GUIDE,
    GUIDES_WAITING,
    LAPSED,
    PAUSED,
    PROPOSED,
    REGISTERED,
    SIGNED_ON,
    VOLUNTEERS,
    WAITING,
    WITHDRAWN,
    Play,
    Publication,
    Published,
)

STEP = 4
"""How much more than a shown figure there may be."""
WOMEN, MEN = "refugees_waiting_women", "refugees_waiting_men"
FLOWS = {
    ALL: tuple(name for flow in (REGISTERED, *VOLUNTEERS) for name in (flow, late(flow))),
    GUIDE: tuple(name for flow in (PROPOSED, DECLINED, CREATED) for name in (flow, late(flow))),
}
COUNTS = (*FLOWS[ALL], *FLOWS[GUIDE], ENDED)
COME = tuple(name for flow in OUTCOMES for name in (flow, late(flow)))
LEVELS = (WAITING, WOMEN, MEN, GUIDES_WAITING, PAUSED, LAPSED)
AT_CLOSES = (*COME, *LEVELS)
"""What is shown when a month closes, and means something then alone."""


def reader(play: Play) -> Reader:
    """Everything published, with what binds it. A count's name is its figure at a publication."""
    moments = range(len(play.guides.publications))
    closes = closed(play)
    found = Reader(
        [f"{name}@{at}" for name in COUNTS for at in moments]
        + [f"{name}@{at}" for name in AT_CLOSES for at in closes]
    )
    for at in moments:
        for name in (name for name in COUNTS if at):
            found.relates({f"{name}@{at}": 1, f"{name}@{at - 1}": -1}, 0)
        for place in (play.town, play.guides):
            _flows(found, play, place, at)
        for part in (one for one in OF_EACH_MONTH if one.more in COUNTS):
            _part(found, part.less, part.more, at, start(play, at))
        for bound in BOUNDS:
            if at in closes or {*bound.less, bound.more} <= {*COUNTS, ACTIVE}:
                found.relates(_weights(bound.less, bound.more, at, bound.times), 0)
        _any_days(found, at)
        _by_rounds(found, play, at)
    for at in closes:
        _outcomes(found, play, at, start(play, at))
        for since in (None, *(close for close in closes if close < at)):
            _in_course(found, play, at, since)
        _waited(found, play, at)
    ended = 0
    for at in closes:
        ended = _levels(found, play, at, ended)
    return found


def as_shown(play: Play) -> dict[str, float]:
    """Counts as if what was published were exact: of pairs that ended, as many as at the last close; without
    what is shown at the close alone, before that.
    """
    shown: dict[str, float] = {}
    ended = 0
    for at, publication in enumerate(play.guides.publications):
        town = play.town.publications[at]
        shown |= {f"{name}@{at}": town.whole(name) for name in FLOWS[ALL]}
        known = [name for name in FLOWS[GUIDE] if publication.closed or _of_late(name) != DECLINED]
        shown |= {f"{name}@{at}": publication.whole(name) for name in known}
        if publication.closed:
            shown |= {f"{name}@{at}": publication.whole(name) for name in COME}
            ended = publication.whole(CREATED) - publication.last.get(ACTIVE, 0)
            now = {**town.last, **publication.last}
            shown |= {f"{name}@{at}": now.get(name, 0) for name in LEVELS}
        shown[f"{ENDED}@{at}"] = ended
    return shown


def closed(play: Play) -> list[int]:
    """The publications that closed a month."""
    return [at for at, one in enumerate(play.guides.publications) if one.closed]


def start(play: Play, at: int) -> int | None:
    """The publication that closed the month before a publication's."""
    return max((close for close in closed(play) if close < at), default=None)


def _close_of(play: Play, month: str) -> int | None:
    """The publication that closed a month; the last one before it, if there is none."""
    closes = [close for close in closed(play) if play.guides.publications[close].month <= month]
    return max(closes, default=None)


def _part(found: Reader, less: Sequence[str], more: str, at: int, since: int | None) -> None:
    """Since a moment, the sum of `less` has grown by no more than `more`."""
    weights = dict(_grown(more, at, since))
    for one in less:
        for name, weight in _grown(one, at, since).items():
            weights[name] = weights.get(name, 0) - weight
    found.relates(weights, 0)


def _by_rounds(found: Reader, play: Play, at: int) -> None:
    """Of any days until a moment, and of all: in these late ones fell in some round as well."""
    for bound in BY_ROUNDS:
        for since in range(-1, at):
            weights = dict(_grown(bound.less, at, since if since >= 0 else None))
            if since >= 0:
                late_ones = _grown(late(bound.less), at, since)
                weights |= {name: -weight for name, weight in late_ones.items()}
            weights = {name: -weight for name, weight in weights.items()}
            weights[f"{bound.of}@{at}"] = bound.times * (play.rounds(at) - play.rounds(since))
            found.relates(weights, 0)


def _any_days(found: Reader, at: int) -> None:
    for bound in OF_ANY_DAYS:
        for since in range(-1, at):
            before = since + 1 - ANSWERED_WITHIN
            weights = dict(_grown(bound.more, at, before if before >= 0 else None))
            for one in bound.less:
                grown = _grown(one, at, since if since >= 0 else None)
                weights |= {name: -weight for name, weight in grown.items()}
            found.relates(weights, 0)


def _in_course(found: Reader, play: Play, at: int, since: int | None) -> None:
    """What came of pairs between two closes came of those created in the months that they may be of: in time,
    or late and by now.
    """
    month = play.guides.publications[at].month
    earlier = None if since is None else play.guides.publications[since].month
    for bound in RESTS:
        _part(found, bound.less, bound.more, at, since)
    for course in in_course(play.lasts):
        if course.outcome == MET_EARLY:
            _met_early(found, play, at, since)
            continue
        last = _close_of(play, shifted(month, -course.after))
        first = None
        if earlier is not None and course.until is not None:
            first = _close_of(play, shifted(earlier, -course.until))
        weights: dict[str, float] = {}
        _add(weights, CREATED, last, first, 1)
        _add(weights, late(CREATED), last, first, -1)
        _add(weights, late(CREATED), at, first, 1)
        _add(weights, course.outcome, at, since, -1)
        if since is not None:
            _add(weights, late(course.outcome), at, since, 1)
        found.relates(weights, 0)


def _met_early(found: Reader, play: Play, at: int, since: int | None) -> None:
    """Who met within 14 days was created in the same days, or in the publication or two before them."""
    before = None if since is None else max(0, since + 1 - ANSWERED_WITHIN)
    weights: dict[str, float] = {}
    _add(weights, CREATED, at, before, 1)
    _add(weights, MET_EARLY, at, since, -1)
    if since is not None:
        _add(weights, late(MET_EARLY), at, since, 1)
    found.relates(weights, 0)


def _add(weights: dict[str, float], name: str, at: int | None, since: int | None, sign: int) -> None:
    for moment, weight in ((at, sign), (since, -sign)):
        if moment is not None:
            weights[f"{name}@{moment}"] = weights.get(f"{name}@{moment}", 0) + weight


def _flows(found: Reader, play: Play, place: Published, at: int) -> None:
    publication = place.publications[at]
    for name in FLOWS[place.programme]:
        total = publication.whole(name)
        most: float = _most(total)
        whole = _of_late(name)
        # No more of a month is shown as late than is shown of the month.
        if name != whole and publication.last.get(name) == publication.last.get(whole):
            most = math.inf
        # Declines are shown at the close, and no more of a month than proposals.
        if whole == DECLINED and not (
            publication.closed and publication.last.get(DECLINED, 0) < publication.last.get(PROPOSED, 0)
        ):
            most = math.inf
        if whole in {DECLINED, CREATED} and _all_answered(publication):
            most = math.inf
        if whole in {APPROVED, WITHDRAWN} and total == publication.whole(SIGNED_ON):
            most = math.inf
        if name == PROPOSED:
            # Of late ones as many more as there are.
            found.relates(
                {f"{PROPOSED}@{at}": 1, f"{late(PROPOSED)}@{at}": -1}, -math.inf, _proposed(play, at)
            )
            most = math.inf
        elif name == late(PROPOSED):
            most = max(most, _proposed_late(play, at))
        found.knows(f"{name}@{at}", total, most)


def _outcomes(found: Reader, play: Play, at: int, since: int | None) -> None:
    """What is shown as come of pairs; any number more where more would not have been shown."""
    publication = play.guides.publications[at]
    for name in COME:
        total = publication.whole(name)
        whole = _of_late(name)
        is_held = publication.last.get(whole, 0) >= _room_of_outcome(play, whole, at, since)
        if name != whole and publication.last.get(name) == publication.last.get(whole):
            is_held = True
        found.knows(f"{name}@{at}", total, math.inf if is_held else _most(total))


def _room_of_outcome(play: Play, name: str, at: int, since: int | None) -> float:
    """How much more of an outcome than before a month's close might have shown."""
    publications = play.guides.publications
    publication, rooms = publications[at], []
    before = 0 if since is None else publications[since].whole(name)
    for course in (one for one in in_course(play.lasts) if one.outcome == name):
        created = _shown(play, CREATED, shifted(publication.month, -course.after))
        missed = [0]
        for close in closed(play):
            if close < at and course.until is not None:
                month = shifted(publications[close].month, -course.until)
                missed.append(_shown(play, CREATED, month) - publications[close].whole(name))
        rooms.append(created - max(missed) - before)
    if name in OVER:
        earlier = [] if since is None else [publications[since]]
        ended = [one.whole(CREATED) - one.last.get(ACTIVE, 0) for one in (publication, *earlier)]
        others = sum(publication.last.get(one, 0) for one in OVER if one != name)
        rooms.append(ended[0] - sum(ended[1:]) - others)
    return min(rooms)


def _shown(play: Play, name: str, month: str) -> int:
    close = _close_of(play, month)
    return 0 if close is None else play.guides.publications[close].whole(name)


def _all_answered(publication: Publication) -> bool:
    """Whether as many are shown as created and declined as proposed: there may be any number more."""
    proposed, created, declined = (publication.whole(name) for name in (PROPOSED, CREATED, DECLINED))
    return created + declined == proposed


def _proposed(play: Play, at: int) -> float:
    """The most that may be proposed: any number where another five would be more than rounds let be shown."""
    publication = play.guides.publications[at]
    total = publication.whole(PROPOSED)
    room = _room(play, range(_first_of_month(play, at), at + 1))
    return math.inf if publication.last.get(PROPOSED, 0) + STEP >= room else _most(total)


def _proposed_late(play: Play, at: int) -> float:
    """The same of those that fell in earlier months' rounds."""
    publication = play.guides.publications[at]
    room = _room(play, range(_first_of_month(play, at))) - publication.whole(PROPOSED)
    return math.inf if room <= STEP else _most(publication.whole(late(PROPOSED)))


def _room(play: Play, publications: range) -> int:
    return sum((play.rounds(at) - play.rounds(at - 1)) * play.registered(at) for at in publications)


def _first_of_month(play: Play, at: int) -> int:
    months = [publication.month for publication in play.guides.publications]
    return months.index(months[at])


def _weights(less: Sequence[str], more: str, at: int, times: int = 1) -> Mapping[str, float]:
    weights: dict[str, float] = {}
    for name, weight in (*((one, -1) for one in less), (more, times)):
        parts = zip(ACTIVE_IS, (1, -1), strict=True) if name == ACTIVE else ((name, 1),)
        for part, sign in parts:
            weights[f"{part}@{at}"] = weights.get(f"{part}@{at}", 0) + weight * sign
    return weights


def _of_late(name: str) -> str:
    return name.removesuffix(late(""))


def _grown(name: str, at: int, start: int | None) -> Mapping[str, float]:
    return {f"{name}@{at}": 1} | ({f"{name}@{start}": -1} if start is not None else {})


def _levels(found: Reader, play: Play, at: int, ended: int) -> int:
    """What a month's last publication says of who waits and is away, and which pairs are active.

    At least `ended` pairs are shown to have ended before: where that limits those shown as active, there
    may be any number more. Returns how many are shown to have ended now.
    """
    publication, town = play.guides.publications[at], play.town.publications[at]
    last = publication.last
    active, created = last.get(ACTIVE, 0), publication.whole(CREATED)
    approved = town.whole(APPROVED)
    away = town.last.get(PAUSED, 0) + town.last.get(LAPSED, 0)
    waiting = last.get(WAITING, 0)
    for name, shown, room in (
        (WAITING, waiting, math.inf),
        (WOMEN, last.get(WOMEN, 0), waiting - last.get(MEN, 0)),
        (MEN, last.get(MEN, 0), waiting - last.get(WOMEN, 0)),
        (GUIDES_WAITING, last.get(GUIDES_WAITING, 0), approved - away),
        (PAUSED, town.last.get(PAUSED, 0), approved - town.last.get(LAPSED, 0)),
        (LAPSED, town.last.get(LAPSED, 0), approved - town.last.get(PAUSED, 0)),
    ):
        found.knows(f"{name}@{at}", shown, _most(shown) if shown < room else math.inf)
    is_held = active >= min(created - ended, 20 * approved)
    most = 0 if last.get(ACTIVE) == 0 else math.inf if is_held else _most(active)
    found.relates(_active(at), active, most)
    return created - active


def _waited(found: Reader, play: Play, at: int) -> None:
    """Who has waited was registered by the first publication after their first day of waiting."""
    last = play.guides.publications[at]
    end = first_day(shifted(last.month, 1))
    known: list[tuple[int, str, int]] = []
    for part, number, name in WAITED:
        if name in last.last:
            by = _published_by(play, end - timedelta(days=last.last[name]))
            known.append((by, number, part))
    for by, *_ in known:
        # One of two of a group includes one of ten.
        there: dict[str, int] = {}
        for _, number, part in (one for one in known if one[0] <= by):
            there[number] = min(part, there.get(number, part))
        weights: dict[str, float] = {f"{REGISTERED}@{by}": 1}
        weights |= {f"{number}@{at}": -1 / part for number, part in there.items()}
        found.relates(weights, 0)


def _published_by(play: Play, day: date) -> int:
    """The first publication on or after a day, taking months' publications for evenly spread."""
    months = [one.month for one in play.guides.publications]
    for at, month in enumerate(months):
        place, of = at - months.index(month) + 1, months.count(month)
        following = first_day(shifted(month, 1))
        moment = first_day(month) + (following - first_day(month)) * place / of
        if moment >= day and month >= month_of(day):
            return at
    return len(months) - 1


def _most(shown: int) -> int:
    """The most that there may be: a figure that isn't rounded can be seen to be exact."""
    return shown if shown % (STEP + 1) else shown + STEP


def _active(at: int) -> Mapping[str, float]:
    return dict(zip((f"{one}@{at}" for one in ACTIVE_IS), (1, -1), strict=True))


def withheld(play: Play) -> list[Mapping[str, float]]:
    """Each cell that any publication withheld, as weights of counts; but for those known to be 0 since no
    round was ever run, or not long enough ago, and what is shown at the close alone.
    """
    cells: list[Mapping[str, float]] = []
    for at, publication in enumerate(play.guides.publications):
        since = start(play, at)
        for place in (play.town, play.guides):
            shown, in_the_end = place.publications[at].last, place.publications[-1].shown[publication.month]
            hidden = [name for name in FLOWS[place.programme] if name not in shown]
            known = {name for name in hidden if in_the_end.get(_of_late(name)) == 0}
            before = -1 if since is None else since
            if not play.rounds(at):
                known |= {PROPOSED, late(PROPOSED), CREATED, late(CREATED)}
            if not publication.closed or play.rounds(at) == play.rounds(before + 1 - ANSWERED_WITHIN):
                known |= {DECLINED, late(DECLINED)}
            cells += [_grown(name, at, since) for name in hidden if name not in known]
        if publication.closed:
            cells += _withheld_at_close(play, at, since)
    return cells


def _withheld_at_close(play: Play, at: int, since: int | None) -> list[Mapping[str, float]]:
    shown = {**play.guides.publications[at].last, **play.town.publications[at].last}
    cells: list[Mapping[str, float]] = [{f"{name}@{at}": 1} for name in LEVELS if name not in shown]
    if not play.rounds(at):
        return cells
    if ACTIVE not in shown:
        cells.append(_active(at))
    after = {course.outcome: course.after for course in in_course(play.lasts)}
    for name in (name for name in COME if name not in shown):
        by = _close_of(play, shifted(play.guides.publications[at].month, -after.get(_of_late(name), 0)))
        if by is not None and play.rounds(by):
            cells.append(_grown(name, at, since))
    return cells


@dataclass
class Share:
    """How many figures of people there are, how many of them are shown; and of those of five or more."""

    figures: int = 0
    shown: int = 0
    large: int = 0
    large_shown: int = 0

    def add(self, play: Play, *, by_year: bool) -> None:
        """Counts the figures of a play's closed months, or of its year."""
        for place in (play.town, play.guides):
            months = [_year(place.months)] if by_year else place.months
            for month in months:
                for name in OF_PEOPLE:
                    if name in names(place.programme):
                        shown, large = name in (month.shown or {}), month.counts[name] >= STEP + 1
                        self.figures, self.shown = self.figures + 1, self.shown + shown
                        self.large, self.large_shown = (
                            self.large + large,
                            self.large_shown + (shown and large),
                        )


OF_PEOPLE = (REGISTERED, *FLOWS[GUIDE], WAITING, ACTIVE)


def _year(months: Sequence[Month]) -> Month:
    last = months[-1]
    flows = (*FLOWS[ALL], *FLOWS[GUIDE])
    counts = {name: sum(month.counts[name] for month in months) for name in flows if name in last.counts}
    shown = {name: value for month in months for name, value in (month.shown or {}).items() if name in flows}
    levels = {name: count for name, count in last.counts.items() if name in {WAITING, ACTIVE}}
    return Month(
        "2016", counts | levels, shown | {n: v for n, v in (last.shown or {}).items() if n in levels}
    )
