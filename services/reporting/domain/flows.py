"""What shown figures of pairs say of withheld ones: whoever is paired was proposed, and not before.

Two rules bind the figures of a programme over time, and a reader knows both:

- by the end of each month, the proposals made are at least the pairs created and the proposals declined;
- pairs active grow by no more than the pairs created.

Other figures are bound by nothing that is published: how many became ready, left, were approved or lapsed.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.reporting.domain.suppression import SMALL
from shared.values import value

Shown = int | None
"""A month's count, or None where it is withheld."""


@value
class Step:
    """One month: proposals made, and the two ways that they go. `unbounded`: the proposals are withheld
    though many.
    """

    proposed: Shown
    outcomes: tuple[Shown, ...]
    unbounded: bool = False


@value
class Stock:
    """What earlier years leave: the most proposals that may still be open, for all that a reader knows.

    `uncertain`: a withheld count of those years may be anything from 0 to 4 still, and `most` be less.
    """

    most: float = 0
    uncertain: bool = False


@value
class Totals:
    """What a year's shown totals leave for its withheld months together; None where a total is withheld.

    `most`: of the proposals, where so far they are few in the year, whose total will be withheld as small.
    """

    proposed: int | None = None
    outcomes: tuple[int | None, ...] = (None, None)
    most: float = math.inf


@value
class _Pin:
    """One withheld count, by its row (-1: proposals) and month, held at a value."""

    row: int
    month: int
    value: int


PROPOSALS = -1


def tells(stock: Stock, steps: Sequence[Step], totals: Totals | None = None) -> bool:
    """Whether some withheld count can't be 0, or can't be 4, given what is shown.

    Exact for whole numbers: with everything else proposed as early as can be and decided as late as can be,
    no month may decide more than was proposed.
    """
    totals = totals or Totals()
    if stock.uncertain and not _possible(replace(stock, most=stock.most - SMALL), steps, totals, None):
        return True
    # A month to come may hold all of a year's few proposals: what is shown must not need them earlier.
    if totals.most <= SMALL and not _possible(stock, steps, replace(totals, most=0), None):
        return True
    return any(not _possible(stock, steps, totals, pin) for pin in _pins(steps))


def _pins(steps: Sequence[Step]) -> Iterator[_Pin]:
    for month, step in enumerate(steps):
        for row, count in enumerate((step.proposed, *step.outcomes), PROPOSALS):
            # Proposals that are withheld though many have no upper end: they stay unknown by themselves.
            if count is None and not (row == PROPOSALS and step.unbounded):
                yield _Pin(row, month, 0)
                yield _Pin(row, month, SMALL)


def _possible(stock: Stock, steps: Sequence[Step], totals: Totals, pin: _Pin | None) -> bool:
    supply = _filled(steps, PROPOSALS, totals.proposed, pin, totals.most)
    demands = [_filled(steps, row, left, pin) for row, left in enumerate(totals.outcomes)]
    if supply is None or any(demand is None for demand in demands):
        return False
    open_ = stock.most
    for month in range(len(steps)):
        open_ += supply[month] - sum(demand[month] for demand in demands if demand is not None)
        if open_ < 0:
            return False
    return True


def _filled(
    steps: Sequence[Step], row: int, left: int | None, pin: _Pin | None, most: float = math.inf
) -> list[float] | None:
    """A row's most helpful values that fit the pin, and sum up to `left` where a total is shown.

    Of proposals, those that are withheld sum up to `most` at most.
    """
    early = row == PROPOSALS
    values: list[float] = [0.0] * len(steps)
    free: list[int] = []
    for month, step in enumerate(steps):
        count = step.proposed if early else step.outcomes[row]
        if count is not None:
            values[month] = count
        elif pin is not None and (pin.row, pin.month) == (row, month):
            values[month] = pin.value
            most -= pin.value
            left = None if left is None else left - pin.value
        else:
            free.append(month)
    if left is not None and left < 0:
        return None
    for month in free if early else reversed(free):
        if left is None:
            values[month] = min(most, math.inf if steps[month].unbounded else SMALL) if early else 0
            most -= values[month] if most < math.inf else 0
        else:
            values[month] = min(SMALL, left)
            left -= int(values[month])
    return values if left in {None, 0} else None


def after(stock: Stock, steps: Sequence[Step], totals: Totals) -> Stock:
    """What a closed year leaves to the next."""
    supply = _filled(steps, PROPOSALS, totals.proposed, None, totals.most) or []
    demands = [_filled(steps, row, left, None) or [] for row, left in enumerate(totals.outcomes)]
    free = [totals.proposed is None, *(left is None for left in totals.outcomes)]
    uncertain = stock.uncertain or any(
        count is None and may_move
        for step in steps
        for count, may_move in zip((step.proposed, *step.outcomes), free, strict=True)
    )
    return Stock(stock.most + sum(supply) - sum(map(sum, demands)), uncertain)


@value
class Reach:
    """How many pairs may be active without any having been created in a month whose count is withheld."""

    most: int = 0

    def created(self, shown: Shown) -> "Reach":
        """After a month's creations, as shown."""
        return Reach(self.most + (shown or 0))

    def explains(self, active: int) -> bool:
        """Whether a level can be shown and say nothing of withheld creations."""
        return active <= self.most

    def published(self, active: int, *, shown: bool) -> "Reach":
        """After a month's level: a small one that is withheld may be 0, so nothing may rest on it."""
        if shown:
            return Reach(active)
        return Reach(0) if active <= SMALL else self
