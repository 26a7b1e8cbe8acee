"""What is counted once: what occurred to a refugee, a volunteer or a pair, in the month in which it fell.

An occurrence is held `open` until its month is closed, and then only remembered as `counted`, so that no
later record of the same subject counts it again.
"""

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import replace

from services.reporting.domain.figures import MINUTES_MET, PAIRS_IN_CONTACT, PAIRS_MET_EARLY, late
from shared.values import value

Place = tuple[str, str]
"""A municipality and a programme, or `all`."""

Counts = Counter[tuple[Place, str, str]]
"""How many of a figure in a month, by (place, figure, month)."""

OF_MEETINGS = frozenset({PAIRS_MET_EARLY.name, PAIRS_IN_CONTACT.name, MINUTES_MET})
"""Meetings are corrected and taken back: until its month is closed, what is counted of them is as the newest
state has it.
"""


@value
class Occurrence:
    """Something that is counted once: which figure, where, and in which month it fell.

    `amount` is how much it counts for. What may happen to one subject on several days has its `day`.
    """

    figure: str
    municipality: str
    programme: str
    month: str
    amount: int = 1
    day: str = ""

    @property
    def key(self) -> str:
        """What may happen to one subject but once: a refugee can settle in several municipalities."""
        return self.day or f"{self.figure}@{self.municipality}"


@value
class Occurrences:
    """A subject's occurrences: those of open months, and the keys of all that ever counted."""

    open: tuple[Occurrence, ...] = ()
    counted: frozenset[str] = frozenset()

    def with_new(self, found: Iterable[Occurrence]) -> "Occurrences":
        """Adds those that did not count before, and counts anew what is open OF_MEETINGS."""
        kept, counted = self.open, self.counted
        if anew := {occurrence.key for occurrence in kept if occurrence.figure in OF_MEETINGS}:
            kept = tuple(occurrence for occurrence in kept if occurrence.key not in anew)
            counted -= anew
        new: dict[str, Occurrence] = {}
        for occurrence in found:
            key = occurrence.key
            if key not in counted:
                new.setdefault(key, occurrence)
        return Occurrences((*kept, *new.values()), counted | new.keys())

    def under(self, municipality: str, former_codes: Iterable[str]) -> "Occurrences":
        """The same: what counted under a code that the municipality had before counts no more under this."""
        codes = frozenset(former_codes)
        if not codes:
            return self
        keys = (key.partition("@") for key in self.counted)
        known = {f"{figure}@{municipality}" for figure, _, code in keys if code in codes}
        if not known:
            return self
        # What is counted anew is so under this code.
        return Occurrences(
            tuple(
                replace(one, municipality=municipality)
                if one.figure in OF_MEETINGS and one.municipality in codes
                else one
                for one in self.open
            ),
            self.counted | known,
        )

    def with_counted(self, found: Iterable[Occurrence]) -> "Occurrences":
        """Notes occurrences that the figures of a closed month hold already."""
        keys = {occurrence.key for occurrence in found}
        return Occurrences(self.open, self.counted | keys) if keys else self

    def municipalities(self, figures: Set[str]) -> set[str]:
        """Where any of these figures has counted the subject."""
        found = set()
        for key in self.counted:
            figure, _, municipality = key.partition("@")
            if figure in figures:
                found.add(municipality)
        return found


@value
class Rebuilt:
    """What a rebuilt database takes for counted: occurrences of months before `first_open`, in records that
    the broker had by `until` (milliseconds), of `figures`: those published of closed months hold them.
    """

    first_open: str = ""
    until: int = -1
    figures: tuple[str, ...] = ()

    def counted(self, occurrence: Occurrence, timestamp: int) -> bool:
        """Whether an occurrence was counted before the database was lost."""
        before = timestamp <= self.until and occurrence.month < self.first_open
        return before and occurrence.figure in self.figures


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


def summed(occurrences: Iterable[Occurrence]) -> Counts:
    """How much these count."""
    found: Counts = Counter()
    for one in occurrences:
        found[(one.municipality, one.programme), one.figure, one.month] += one.amount
    return found
