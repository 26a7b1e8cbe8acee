"""Programmes that are generated and published over and over, and what a reader works out of all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from services.reporting.domain.book import ACTIVE, CREATED, Month, Opening, Values, disclose
from services.reporting.domain.figures import ALL, NEVER_SHOWN, names
from services.reporting.domain.identities import BOUNDS, ENDED
from tests.unit.reporting.bounds import Reader

GUIDE = "guide"
STEP = 4
FLOWS = {ALL: ("settlements_registered",), GUIDE: ("pairs_proposed", "proposals_declined", "pairs_created")}
WAITING = "refugees_waiting"


@dataclass
class Publication:
    """All that was shown at one moment of one place, by month, and which of them it closed."""

    shown: Mapping[str, Values]
    closed: bool


@dataclass
class Published:
    """A place's months one after the other, published as reporting does."""

    programme: str
    publications: list[Publication] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    opening: Opening = field(default_factory=Opening)
    months: list[Month] = field(default_factory=list)
    before: dict[str, Values] = field(default_factory=dict)

    def publish(self, counts: Mapping[str, int], *, closing: bool) -> Month:
        """`counts` are the open month's."""
        name = f"2016-{len(self.months) + 1:02}"
        filled = {one: counts.get(one, 0) for one in names(self.programme)}
        found = disclose(
            self.programme,
            "2016",
            self.opening,
            (*self.months, Month(name, filled)),
            self.before,
            closing=closing,
        )
        month = found.months[-1]
        self.before[name] = month.shown or {}
        self.publications.append(Publication({one.name: one.shown or {} for one in found.months}, closing))
        if closing:
            self.months.append(month)
        return month


def played(random: Random, people: int, months: int) -> tuple[Published, Published]:
    """A municipality and its programme, with two revisions of each month before it closes."""
    town, guides = Published(ALL), Published(GUIDE)
    registered = waiting = open_ = active = 0
    for _ in range(months):
        flows = dict.fromkeys((*FLOWS[ALL], *FLOWS[GUIDE]), 0)
        for revision in range(3):
            new = random.randint(0, 2 * people // (3 * months))
            registered, waiting = registered + new, waiting + new
            proposed = random.randint(0, waiting)
            waiting, open_ = waiting - proposed, open_ + proposed
            created = random.randint(0, open_)
            declined = random.randint(0, open_ - created)
            open_, active = open_ - created - declined, active + created
            waiting += declined
            active -= random.randint(0, active // 3)
            new_counts = (new, proposed, declined, created)
            flows = {one: flows[one] + more for one, more in zip(flows, new_counts, strict=True)}
            levels = {WAITING: waiting, ACTIVE: active}
            town.publish(flows, closing=revision == 2)
            guides.publish({**flows, **levels}, closing=revision == 2)
    return town, guides


def reader(town: Published, guides: Published) -> Reader:
    """Everything published, with what binds it. A count's name is its figure at a publication."""
    moments = range(len(guides.publications))
    found = Reader(
        [f"{name}@{at}" for name in (*FLOWS[ALL], *FLOWS[GUIDE], ENDED, WAITING) for at in moments]
    )
    for at in moments:
        for place, figures in ((town, FLOWS[ALL]), (guides, FLOWS[GUIDE])):
            shown = place.publications[at].shown
            for name in figures:
                total = sum(values[name] for values in shown.values())
                found.knows(f"{name}@{at}", total, total + STEP)
        for name in (*FLOWS[ALL], *FLOWS[GUIDE], ENDED):
            if at:
                found.relates({f"{name}@{at}": 1, f"{name}@{at - 1}": -1}, 0)
        publication = guides.publications[at]
        if publication.closed:
            _levels(found, publication, at)
        for bound in BOUNDS:
            weights: dict[str, float] = {}
            for name, weight in (*((less, -1) for less in bound.less), (bound.more, 1)):
                parts = ((CREATED, 1), (ENDED, -1)) if name == ACTIVE else ((name, 1),)
                for part, sign in parts:
                    weights[f"{part}@{at}"] = weights.get(f"{part}@{at}", 0) + weight * sign
            found.relates(weights, 0)
    return found


def _levels(found: Reader, publication: Publication, at: int) -> None:
    *_, last = publication.shown.values()
    found.knows(f"{WAITING}@{at}", last[WAITING], last[WAITING] + STEP)
    created = sum(values[CREATED] for values in publication.shown.values())
    ended = created - last[ACTIVE]
    if last[ACTIVE]:
        found.knows(f"{ENDED}@{at}", max(ended - STEP, 0), ended)
    else:
        found.knows(f"{ENDED}@{at}", max(created - STEP, 0))


def withheld(town: Published, guides: Published) -> list[Mapping[str, float]]:
    """Each cell that any publication withheld, as weights of counts."""
    cells: list[Mapping[str, float]] = []
    starts: list[int | None] = [None]
    for at, publication in enumerate(guides.publications):
        *_, month = publication.shown
        for place, figures in ((town, FLOWS[ALL]), (guides, FLOWS[GUIDE])):
            for name in figures:
                if place.publications[at].shown[month][name] == 0:
                    start = starts[-1]
                    cells.append({f"{name}@{at}": 1} | ({f"{name}@{start}": -1} if start is not None else {}))
        if publication.closed:
            if publication.shown[month][WAITING] == 0:
                cells.append({f"{WAITING}@{at}": 1})
            if publication.shown[month][ACTIVE] == 0:
                cells.append({f"{CREATED}@{at}": 1, f"{ENDED}@{at}": -1})
            starts.append(at)
    return cells


def share_shown(places: Sequence[Published]) -> tuple[int, int]:
    """How many figures of closed months are shown, and how many there are but for messages."""
    cells = [
        value
        for place in places
        for month in place.months
        for name, value in (month.shown or {}).items()
        if name not in NEVER_SHOWN and name in (*FLOWS[ALL], *FLOWS[GUIDE], WAITING, ACTIVE)
    ]
    return sum(value > 0 for value in cells), len(cells)
