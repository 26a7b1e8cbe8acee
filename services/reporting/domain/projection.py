"""What is kept of a refugee, a volunteer or a pair: as much as the figures need.

An occurrence is held `open` until its month is closed, and then only remembered as `counted`, so that no
later record of the same subject counts it again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from services.reporting.domain.figures import PAIRS_ACTIVE, REFUGEES_WAITING, VOLUNTEERS_WAITING, late
from shared.values import value

Place = tuple[str, str]
"""A municipality and a programme, or `all`."""

Counts = Counter[tuple[Place, str, str]]
"""How many of a figure in a month, by (place, figure, month)."""


@value
class Occurrence:
    """Something that is counted once: which figure, where, and in which month it fell."""

    figure: str
    municipality: str
    programme: str
    month: str

    @property
    def key(self) -> str:
        """What may happen to one subject but once: a refugee can settle in several municipalities."""
        return f"{self.figure}@{self.municipality}"


@value
class Occurrences:
    """A subject's occurrences: those of open months, and the keys of all that ever counted."""

    open: tuple[Occurrence, ...] = ()
    counted: frozenset[str] = frozenset()

    def with_new(self, found: Iterable[Occurrence]) -> "Occurrences":
        """Adds those that did not count before."""
        new: dict[str, Occurrence] = {}
        for occurrence in found:
            key = occurrence.key
            if key not in self.counted:
                new.setdefault(key, occurrence)
        return Occurrences((*self.open, *new.values()), self.counted | new.keys())

    def under(self, municipality: str, former_codes: Iterable[str]) -> "Occurrences":
        """The same: what counted under a code that the municipality had before counts no more under this."""
        keys = (key.partition("@") for key in self.counted)
        codes = frozenset(former_codes)
        known = {f"{figure}@{municipality}" for figure, _, code in keys if code in codes}
        return Occurrences(self.open, self.counted | known) if known else self

    def with_counted(self, found: Iterable[Occurrence]) -> "Occurrences":
        """Notes occurrences that the figures of a closed month hold already."""
        keys = {occurrence.key for occurrence in found}
        return Occurrences(self.open, self.counted | keys) if keys else self


@value
class Rebuilt:
    """What a rebuilt database takes for counted: occurrences of months before `first_open`, in records that
    the broker had by `until` (milliseconds): the published figures of closed months hold them.
    """

    first_open: str = ""
    until: int = -1

    def counted(self, month: str, timestamp: int) -> bool:
        """Whether an occurrence of this month was counted before the database was lost."""
        return timestamp <= self.until and month < self.first_open


@value
class Refugee:
    """Where a refugee lives, their household, and the programmes they are ready for."""

    municipality: str
    household: str | None
    ready: tuple[str, ...]


@value
class Volunteer:
    """Where a volunteer lives, the programmes they are approved and ready for, and how many pairs at once."""

    municipality: str
    capacity: int
    ready: tuple[str, ...]


@value
class Pair:
    """A pair's parties. `is_open`: it holds a place on both sides; `is_active`: created and not over."""

    municipality: str
    programme: str
    receiving: str
    giving: str
    is_open: bool
    is_active: bool


Live = Refugee | Volunteer | Pair


def counted(occurrences: Counts, first: str) -> Counts:
    """Occurrences by the open month that counts them, `first` being the first of these.

    Those of a month that is closed already count in the first open one, and there once more as late.
    """
    found: Counts = Counter()
    for (place, figure, month), count in occurrences.items():
        found[place, figure, max(month, first)] += count
        if month < first:
            found[place, late(figure), first] += count
    return found


def levels(
    refugees: Mapping[str, Refugee], volunteers: Mapping[str, Volunteer], pairs: Iterable[Pair]
) -> dict[Place, Counter[str]]:
    """How many wait and how many pairs are active now, by place; people and pairs are given by subject."""
    found: dict[Place, Counter[str]] = {}
    paired: set[tuple[str, str]] = set()
    guiding: Counter[str] = Counter()
    for pair in pairs:
        if pair.is_open:
            paired.add((pair.receiving, pair.programme))
            guiding[pair.giving] += 1
        if pair.is_active:
            found.setdefault((pair.municipality, pair.programme), Counter())[PAIRS_ACTIVE.name] += 1
    for subject, refugee in refugees.items():
        for programme in refugee.ready:
            if (subject, programme) not in paired and (refugee.household, programme) not in paired:
                found.setdefault((refugee.municipality, programme), Counter())[REFUGEES_WAITING.name] += 1
    for subject, volunteer in volunteers.items():
        if guiding[subject] < volunteer.capacity:
            for programme in volunteer.ready:
                found.setdefault((volunteer.municipality, programme), Counter())[VOLUNTEERS_WAITING.name] += 1
    return found
