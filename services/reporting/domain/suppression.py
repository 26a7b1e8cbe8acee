"""What must be withheld so that no small count can be worked out (promise 14).

A count of 0 to 4 is withheld. So are others, where those that are shown would bound a withheld one. A reader
is taken to know the rules, which withheld counts are small, and everything ever published. For each withheld
count there must remain, whatever is shown,

- of a small one, all of 0 to 4;
- of any other, at least five possible values in a row, the true one among them.

Zero is withheld like 1 to 4: were it shown, a withheld count would be 1 to 4.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from shared.values import value

SMALL = 4
"""The largest count that is withheld for being small."""

Range = tuple[float, float]
"""The least and the greatest value that a count may have."""


class NotATree(ValueError):
    """Sums that share more than one count: `ranges` would be wider than what a reader can work out."""


@value
class Sum:
    """A count that is the sum of others."""

    total: str
    parts: tuple[str, ...]

    @property
    def members(self) -> tuple[str, ...]:
        """The total and its parts."""
        return (self.total, *self.parts)


def is_small(count: int) -> bool:
    """Whether a count is withheld for its own sake."""
    return count <= SMALL


def protect(
    counts: Mapping[str, int],
    sums: Sequence[Sum],
    *,
    withheld: Collection[str] = (),
    public: Collection[str] = (),
) -> frozenset[str]:
    """The counts to withhold: the small ones, `withheld`, and as many more as the sums make necessary.

    `public` counts were shown before and can't be taken back. Each count is part of one sum at most, and sums
    form a tree; raises NotATree, or ValueError where a sum does not hold. Of the counts that would help, the
    smallest is withheld.
    """
    _check(counts, sums)
    hidden = {name for name, count in counts.items() if is_small(count)} - set(public)
    hidden.update(withheld)
    while True:
        found = ranges(counts, hidden, sums)
        revealed = sorted(name for name in hidden if _is_revealed(counts[name], found[name]))
        if not revealed:
            return frozenset(hidden)
        more = _next_to_hide(counts, sums, hidden, revealed, set(public))
        if more is None:
            return frozenset(hidden)
        hidden.add(more)


def ranges(counts: Mapping[str, int], hidden: Collection[str], sums: Sequence[Sum]) -> dict[str, Range]:
    """What a reader can work out of each count: exact, since the sums form a tree."""
    known = {
        name: (0.0, float(SMALL) if is_small(count) else math.inf)
        if name in hidden
        else (float(count), float(count))
        for name, count in counts.items()
    }
    changed = True
    while changed:
        changed = False
        for relation in sums:
            narrowed = _narrowed(relation, known)
            if any(known[name] != span for name, span in narrowed.items()):
                known.update(narrowed)
                changed = True
    return known


def _narrowed(relation: Sum, known: Mapping[str, Range]) -> dict[str, Range]:
    low, high = known[relation.total]
    parts = [known[name] for name in relation.parts]
    low = max(low, sum(part[0] for part in parts))
    high = min(high, sum(part[1] for part in parts))
    narrowed = {relation.total: (low, high)}
    for name in relation.parts:
        others = [known[other] for other in relation.parts if other != name]
        narrowed[name] = (
            max(known[name][0], low - sum(other[1] for other in others)),
            min(known[name][1], high - sum(other[0] for other in others)),
        )
    return narrowed


def _is_revealed(count: int, found: Range) -> bool:
    low, high = found
    return low > 0 or high < SMALL if is_small(count) else high - low < SMALL


def _next_to_hide(
    counts: Mapping[str, int],
    sums: Sequence[Sum],
    hidden: set[str],
    revealed: Iterable[str],
    public: set[str],
) -> str | None:
    """The smallest count that may still be withheld, nearest to one that is revealed."""
    near = set(revealed)
    while True:
        reached = {name for relation in sums if near & set(relation.members) for name in relation.members}
        free = reached - hidden - public
        if free:
            return min(free, key=lambda name: (counts[name], name))
        if reached <= near:
            return None
        near |= reached


def _check(counts: Mapping[str, int], sums: Sequence[Sum]) -> None:
    group = {name: name for name in counts}

    def leader(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    for relation in sums:
        if counts[relation.total] != sum(counts[name] for name in relation.parts):
            raise ValueError(f"{relation.total} is not the sum of its parts")
        for name in relation.parts:
            if leader(name) == leader(relation.total):
                raise NotATree(name)
            group[leader(name)] = leader(relation.total)
