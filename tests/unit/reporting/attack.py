"""Programmes that are generated and published over and over, and what a reader works out of all of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from services.reporting.domain.book import Month, Opening, Values, disclose
from services.reporting.domain.figures import ALL, flows, late, names
from services.reporting.domain.identities import ACTIVE_IS, BOUNDS, ENDED, OF_EACH_MONTH, ONLY_BY_ROUNDS
from tests.unit.reporting.bounds import Reader

GUIDE = "guide"
STEP = 4
"""How much more than a shown figure there may be."""
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

    def publish(self, counts: Mapping[str, int], *, closing: bool) -> Values:
        """`counts` are the open month's. Returns what is shown of it."""
        name = f"2016-{len(self.months) + 1:02}"
        filled = {one: counts.get(one, 0) for one in (*names(self.programme), *flows(self.programme))}
        months = (*self.months, Month(name, filled))
        found = disclose(self.programme, "2016", self.opening, months, self.before, closing=closing)
        shown = found.months[-1].shown or {}
        self.before[name] = shown
        self.publications.append(Publication({one.name: one.shown or {} for one in found.months}, closing))
        if closing:
            self.months.append(found.months[-1])
        return shown


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
        shown = (
            self.town.publish(self.flows, closing=closing),
            self.guides.publish({**self.flows, **levels}, closing=closing),
        )
        if closing:
            self.flows = {}
        return shown


def played(random: Random, people: int, months: int) -> Play:
    """Some `people` are registered in these months, each of which is published thrice."""
    play = Play()
    for _ in range(months):
        for revision in range(3):
            play.happens(random.randint(0, 2 * people // (3 * months)), rounds=random.randint(0, 1))
            proposed = random.randint(0, play.waiting) if play.flows[ROUNDS] else 0
            play.happens(proposed=proposed)
            created = random.randint(0, play.proposals)
            declined = random.randint(0, play.proposals - created)
            play.happens(created=created, declined=declined)
            for flow in (REGISTERED, PROPOSED, DECLINED, CREATED):
                play.flows[late(flow)] = random.randint(play.flows.get(late(flow), 0), play.flows[flow])
            # Not everybody waits again.
            ended = random.randint(0, play.active // 3)
            play.happens(ended=ended)
            play.waiting -= random.randint(0, ended)
            play.publish(closing=revision == 2)
    return play


def reader(play: Play) -> Reader:
    """Everything published, with what binds it. A count's name is its figure at a publication."""
    moments = range(len(play.guides.publications))
    found = Reader([f"{name}@{at}" for name in COUNTS for at in moments])
    start, ended = None, 0
    for at in moments:
        for name in (name for name in COUNTS if at and name != WAITING):
            found.relates({f"{name}@{at}": 1, f"{name}@{at - 1}": -1}, 0)
        for place in (play.town, play.guides):
            _flows(found, place, at)
        for part in (one for one in OF_EACH_MONTH if one.more in COUNTS):
            weights = dict(_grown(part.more, at, start))
            for one in part.less:
                weights |= {name: -weight for name, weight in _grown(one, at, start).items()}
            found.relates(weights, 0)
        for bound in BOUNDS:
            found.relates(_weights(bound.less, bound.more, at), 0)
        publication = play.guides.publications[at]
        if publication.closed:
            ended = _levels(found, publication, at, ended)
            if publication.last[ROUNDS] == 0:
                for name in ONLY_BY_ROUNDS:
                    found.relates(_grown(name, at, start), 0, 0)
            start = at
    return found


def _flows(found: Reader, place: Published, at: int) -> None:
    publication = place.publications[at]
    for name in FLOWS[place.programme]:
        total = sum(values.get(name, 0) for values in publication.shown.values())
        most: float = _most(total)
        whole = _of_late(name)
        # No more of a month is shown as late than is shown of the month.
        if name != whole and publication.last.get(name) == publication.last.get(whole):
            most = math.inf
        found.knows(f"{name}@{at}", total, most)


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
    round was run in the month.
    """
    cells: list[Mapping[str, float]] = []
    start: int | None = None
    for at, publication in enumerate(play.guides.publications):
        *_, month = publication.shown
        for place in (play.town, play.guides):
            shown, in_the_end = place.publications[at].last, place.publications[-1].shown[month]
            hidden = [name for name in FLOWS[place.programme] if name not in shown]
            cells += [_grown(name, at, start) for name in hidden if in_the_end.get(_of_late(name)) != 0]
        if publication.closed:
            if WAITING not in publication.last:
                cells.append({f"{WAITING}@{at}": 1})
            if ACTIVE not in publication.last:
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
