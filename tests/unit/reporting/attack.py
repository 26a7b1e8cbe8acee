"""Programmes that are generated and published over and over, and what a reader works out of all of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from services.reporting.domain.book import ROOM, Month, Opening, Values, disclose
from services.reporting.domain.figures import ALL, flows, late, names
from services.reporting.domain.identities import (
    ACTIVE_IS,
    BOUNDS,
    BY_ROUNDS,
    ENDED,
    OF_ANY_DAYS,
    OF_EACH_MONTH,
)
from tests.unit.reporting.bounds import Reader

GUIDE = "guide"
STEP = 4
"""How much more than a shown figure there may be."""
ANSWERED_WITHIN = 2
"""A proposal is declined before the next publication or not at all, as a pack's days are public."""
REGISTERED, WAITING, ACTIVE, ROUNDS = (
    "settlements_registered",
    "refugees_waiting",
    "pairs_active",
    "rounds_run",
)
PROPOSED, DECLINED, CREATED = "pairs_proposed", "proposals_declined", "pairs_created"
FLOWS = {
    ALL: (REGISTERED, late(REGISTERED)),
    GUIDE: tuple(name for flow in (PROPOSED, DECLINED, CREATED) for name in (flow, late(flow))),
}


COUNTS = (*FLOWS[ALL], *FLOWS[GUIDE], ENDED, WAITING)


@dataclass
class Publication:
    """All that was shown at one moment of one place, by month, and whether it closed the last of them."""

    shown: Mapping[str, Values]
    closed: bool

    @property
    def last(self) -> Values:
        """What was shown of the last month."""
        *_, month = self.shown.values()
        return month


@dataclass
class Published:
    """A place's months one after the other, published as reporting does."""

    programme: str
    publications: list[Publication] = field(default_factory=list)
    opening: Opening = field(default_factory=Opening)
    months: list[Month] = field(default_factory=list)
    before: dict[str, Values] = field(default_factory=dict)
    closing: Opening = field(default_factory=Opening)

    def publish(self, counts: Mapping[str, int], *, closing: bool, registered: int = 0) -> Values:
        """`counts` are the open month's, `registered` what is shown as such in all. Returns what is shown."""
        name = f"2016-{len(self.months) + 1:02}"
        filled = {one: counts.get(one, 0) for one in (*names(self.programme), *flows(self.programme))}
        months = (*self.months, Month(name, filled))
        found = disclose(
            self.programme,
            "2016",
            self.opening,
            months,
            self.before,
            closing=closing,
            registered={name: registered},
        )
        self.closing = found.closing
        shown = found.months[-1].shown or {}
        self.before[name] = {**shown, ROOM: found.months[-1].room}
        self.publications.append(Publication({one.name: one.shown or {} for one in found.months}, closing))
        if closing:
            self.months.append(found.months[-1])
        return shown

    def rebuild(self) -> None:
        """Of closed months no more is known than what they showed."""
        self.months = [replace(month, counts=month.shown or {}, room=0) for month in self.months]


@dataclass
class Play:
    """A municipality and its programme, and what happens there in the open month."""

    town: Published = field(default_factory=lambda: Published(ALL))
    guides: Published = field(default_factory=lambda: Published(GUIDE))
    flows: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    proposals: int = 0
    active: int = 0

    def happens(
        self,
        registered: int = 0,
        *,
        rounds: int = 0,
        proposed: int = 0,
        declined: int = 0,
        created: int = 0,
        ended: int = 0,
    ) -> None:
        """What is proposed is declined, created or open; who is free again waits."""
        for name, more in (
            (REGISTERED, registered),
            (ROUNDS, rounds),
            (PROPOSED, proposed),
            (DECLINED, declined),
            (CREATED, created),
        ):
            self.flows[name] = self.flows.get(name, 0) + more
        self.waiting += registered - proposed + declined + ended
        self.proposals += proposed - declined - created
        self.active += created - ended

    def publish(self, *, closing: bool = False) -> tuple[Values, Values]:
        """Shows both places' open month, for the last time if it closes."""
        levels = {WAITING: self.waiting, ACTIVE: self.active}
        town = self.town.publish(self.flows, closing=closing)
        registered = self.town.closing.shown.get(REGISTERED, 0)
        guides = self.guides.publish({**self.flows, **levels}, closing=closing, registered=registered)
        if closing:
            self.flows = {}
        return town, guides

    def registered(self, at: int) -> int:
        """How many a publication shows as registered in all."""
        return sum(values.get(REGISTERED, 0) for values in self.town.publications[at].shown.values())

    def rounds(self, at: int) -> int:
        """How many rounds were shown by a publication, which is no secret."""
        return sum(values[ROUNDS] for values in self.guides.publications[at].shown.values()) if at >= 0 else 0


def played(random: Random, people: int, months: int, *, rebuilt_after: int = 0) -> Play:
    """Some `people` are registered in these months, each of which is published thrice; the database may be
    rebuilt after so many of them.
    """
    play = Play()
    proposals: list[int] = []
    for month in range(months):
        for revision in range(3):
            rounds = random.randint(0, 1)
            play.happens(random.randint(0, 2 * people // (3 * months)), rounds=rounds)
            proposed = random.randint(0, play.waiting) if rounds else 0
            play.happens(proposed=proposed)
            proposals.append(proposed)
            declined = random.randint(0, sum(proposals[-ANSWERED_WITHIN:]))
            _take(proposals, declined, newest=True)
            created = random.randint(0, play.proposals - declined)
            _take(proposals, created, newest=False)
            play.happens(created=created, declined=declined)
            for flow in (REGISTERED, PROPOSED, DECLINED, CREATED):
                play.flows[late(flow)] = random.randint(play.flows.get(late(flow), 0), play.flows[flow])
            # Not everybody waits again.
            ended = random.randint(0, play.active // 3)
            play.happens(ended=ended)
            play.waiting -= random.randint(0, ended)
            play.publish(closing=revision == 2)
        if month + 1 == rebuilt_after:
            play.town.rebuild()
            play.guides.rebuild()
    return play


def _take(proposals: list[int], count: int, *, newest: bool) -> None:
    places = range(len(proposals))
    for place in reversed(places) if newest else places:
        taken = min(proposals[place], count)
        proposals[place] -= taken
        count -= taken


def reader(play: Play) -> Reader:
    """Everything published, with what binds it. A count's name is its figure at a publication."""
    moments = range(len(play.guides.publications))
    found = Reader([f"{name}@{at}" for name in COUNTS for at in moments])
    start, ended = None, 0
    for at in moments:
        for name in (name for name in COUNTS if at and name != WAITING):
            found.relates({f"{name}@{at}": 1, f"{name}@{at - 1}": -1}, 0)
        for place in (play.town, play.guides):
            _flows(found, play, place, at)
        for part in (one for one in OF_EACH_MONTH if one.more in COUNTS):
            weights = dict(_grown(part.more, at, start))
            for one in part.less:
                weights |= {name: -weight for name, weight in _grown(one, at, start).items()}
            found.relates(weights, 0)
        for bound in BOUNDS:
            found.relates(_weights(bound.less, bound.more, at), 0)
        _any_days(found, at)
        _by_rounds(found, play, at)
        publication = play.guides.publications[at]
        if publication.closed:
            ended = _levels(found, publication, at, ended)
            start = at
    return found


def _by_rounds(found: Reader, play: Play, at: int) -> None:
    """Of any days until a moment, and of all: in these late ones fell in some round as well."""
    for bound in BY_ROUNDS:
        for since in range(-1, at):
            weights = dict(_grown(bound.less, at, since if since >= 0 else None))
            if since >= 0:
                late_ones = _grown(late(bound.less), at, since)
                weights |= {name: -weight for name, weight in late_ones.items()}
            weights = {name: -weight for name, weight in weights.items()}
            weights[f"{bound.of}@{at}"] = play.rounds(at) - play.rounds(since)
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


def _flows(found: Reader, play: Play, place: Published, at: int) -> None:
    publication = place.publications[at]
    for name in FLOWS[place.programme]:
        total = sum(values.get(name, 0) for values in publication.shown.values())
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
        if name == PROPOSED:
            # Of late ones as many more as there are.
            found.relates(
                {f"{PROPOSED}@{at}": 1, f"{late(PROPOSED)}@{at}": -1}, -math.inf, _proposed(play, at)
            )
            most = math.inf
        elif name == late(PROPOSED):
            most = max(most, _proposed_late(play, at))
        found.knows(f"{name}@{at}", total, most)


def _all_answered(publication: Publication) -> bool:
    """Whether as many are shown as created and declined as proposed: there may be any number more."""
    proposed, created, declined = (
        sum(values.get(name, 0) for values in publication.shown.values())
        for name in (PROPOSED, CREATED, DECLINED)
    )
    return created + declined == proposed


def _proposed(play: Play, at: int) -> float:
    """The most that may be proposed: any number where another five would be more than rounds let be shown."""
    publication = play.guides.publications[at]
    total = sum(values.get(PROPOSED, 0) for values in publication.shown.values())
    room = _room(play, range(_first_of_month(play, at), at + 1))
    return math.inf if publication.last.get(PROPOSED, 0) + STEP >= room else _most(total)


def _proposed_late(play: Play, at: int) -> float:
    """The same of those that fell in earlier months' rounds."""
    publication = play.guides.publications[at]
    total = sum(values.get(late(PROPOSED), 0) for values in publication.shown.values())
    proposed = sum(values.get(PROPOSED, 0) for values in publication.shown.values())
    room = _room(play, range(_first_of_month(play, at))) - proposed
    return math.inf if room <= STEP else _most(total)


def _room(play: Play, publications: range) -> int:
    return sum((play.rounds(at) - play.rounds(at - 1)) * play.registered(at) for at in publications)


def _first_of_month(play: Play, at: int) -> int:
    months = [[*publication.shown][-1] for publication in play.guides.publications]
    return months.index(months[at])


def _weights(less: Sequence[str], more: str, at: int) -> Mapping[str, float]:
    weights: dict[str, float] = {}
    for name, weight in (*((one, -1) for one in less), (more, 1)):
        parts = zip(ACTIVE_IS, (1, -1), strict=True) if name == ACTIVE else ((name, 1),)
        for part, sign in parts:
            weights[f"{part}@{at}"] = weights.get(f"{part}@{at}", 0) + weight * sign
    return weights


def _of_late(name: str) -> str:
    return name.removesuffix(late(""))


def _grown(name: str, at: int, start: int | None) -> Mapping[str, float]:
    return {f"{name}@{at}": 1} | ({f"{name}@{start}": -1} if start is not None else {})


def _levels(found: Reader, publication: Publication, at: int, ended: int) -> int:
    """What a month's last publication says of who waits and which pairs are active.

    At least `ended` pairs are shown to have ended before: where that limits those shown as active, there
    may be any number more. Returns how many are shown to have ended now.
    """
    last = publication.last
    waiting, active = last.get(WAITING, 0), last.get(ACTIVE, 0)
    found.knows(f"{WAITING}@{at}", waiting, _most(waiting))
    created = sum(values.get(CREATED, 0) for values in publication.shown.values())
    most = 0 if last.get(ACTIVE) == 0 else _most(active) if active < created - ended else math.inf
    found.relates(_active(at), active, most)
    return created - active


def _most(shown: int) -> int:
    """The most that there may be: a figure that isn't rounded can be seen to be exact."""
    return shown if shown % (STEP + 1) else shown + STEP


def _active(at: int) -> Mapping[str, float]:
    return dict(zip((f"{one}@{at}" for one in ACTIVE_IS), (1, -1), strict=True))


def withheld(play: Play) -> list[Mapping[str, float]]:
    """Each cell that any publication withheld, as weights of counts; but for those known to be 0 since no
    round was ever run, and what is shown at the close alone.
    """
    cells: list[Mapping[str, float]] = []
    start: int | None = None
    for at, publication in enumerate(play.guides.publications):
        *_, month = publication.shown
        for place in (play.town, play.guides):
            shown, in_the_end = place.publications[at].last, place.publications[-1].shown[month]
            hidden = [name for name in FLOWS[place.programme] if name not in shown]
            known = {name for name in hidden if in_the_end.get(_of_late(name)) == 0}
            before = -1 if start is None else start
            if not play.rounds(at):
                known |= {PROPOSED, late(PROPOSED), CREATED, late(CREATED)}
            if not publication.closed or play.rounds(at) == play.rounds(before + 1 - ANSWERED_WITHIN):
                known |= {DECLINED, late(DECLINED)}
            cells += [_grown(name, at, start) for name in hidden if name not in known]
        if publication.closed:
            if WAITING not in publication.last:
                cells.append({f"{WAITING}@{at}": 1})
            if ACTIVE not in publication.last and play.rounds(at):
                cells.append(_active(at))
            start = at
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
        of_people = (*FLOWS[ALL], *FLOWS[GUIDE], WAITING, ACTIVE)
        for place in (play.town, play.guides):
            months = [_year(place.months)] if by_year else place.months
            for month in months:
                for name in of_people:
                    if name in names(place.programme):
                        shown, large = name in (month.shown or {}), month.counts[name] >= STEP + 1
                        self.figures, self.shown = self.figures + 1, self.shown + shown
                        self.large, self.large_shown = (
                            self.large + large,
                            self.large_shown + (shown and large),
                        )


def _year(months: Sequence[Month]) -> Month:
    last = months[-1]
    flows = (*FLOWS[ALL], *FLOWS[GUIDE])
    counts = {name: sum(month.counts[name] for month in months) for name in flows if name in last.counts}
    shown = {name: value for month in months for name, value in (month.shown or {}).items() if name in flows}
    levels = {name: count for name, count in last.counts.items() if name in {WAITING, ACTIVE}}
    return Month(
        "2016", counts | levels, shown | {n: v for n, v in (last.shown or {}).items() if n in levels}
    )
