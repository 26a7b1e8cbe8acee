"""A programme's year: its months' counts, what of them is shown, and what the year as a whole shows."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from itertools import combinations

from services.reporting.domain import figures
from services.reporting.domain.figures import ALL
from services.reporting.domain.flows import Reach, Step, Stock, Totals, after, tells
from services.reporting.domain.suppression import SMALL, Sum, is_small, protect
from shared.values import value

PROPOSED, ACTIVE = figures.PAIRS_PROPOSED.name, figures.PAIRS_ACTIVE.name
OUTCOMES = (figures.PAIRS_CREATED.name, figures.PROPOSALS_DECLINED.name)
CREATED = OUTCOMES[0]
TOTAL = "total"


@value
class Opening:
    """What earlier years mean for what this one may show."""

    stock: Stock = field(default_factory=Stock)
    reach: Reach = field(default_factory=Reach)


@value
class Month:
    """A month's counts by figure. `shown` is what was shown at its close for good; None while it is open.

    `lost` are figures whose counts are not known any more, since what was published is all that is left: they
    stand as 0, and no total is made of them.
    """

    name: str
    counts: Mapping[str, int]
    shown: frozenset[str] | None = None
    lost: frozenset[str] = frozenset()


@value
class Disclosed:
    """What may be shown: of each month, and of the year with its counts; and what that leaves to the next."""

    opening: Opening
    months: tuple[Month, ...]
    year: Month
    closing: Opening


def disclose(
    programme: str, year: str, opening: Opening, months: Sequence[Month], *, complete: bool
) -> Disclosed:
    """Decides what to show of a year's months so far; `complete` once all of them are over and closed.

    While a year is open, a flow's total is shown only where every month is: else two totals, one before and
    one after, would tell a withheld month.
    """
    reach = opening.reach
    done: list[Month] = []
    for month in months:
        shown = month.shown
        if shown is None:
            shown = frozenset(name for name, count in month.counts.items() if not is_small(count))
            if programme != ALL:
                shown = _sparing_flows(opening.stock, done, month, shown)
        reach = reach.created(month.counts.get(CREATED) if CREATED in shown else None)
        if month.shown is None and not reach.explains(month.counts.get(ACTIVE, 0)):
            shown -= {ACTIVE}
        reach = reach.published(month.counts.get(ACTIVE, 0), shown=ACTIVE in shown)
        done.append(replace(month, shown=shown))
    whole = _year(programme, year, opening.stock, done, complete=complete)
    stock = after(opening.stock, [_step(month) for month in done], _totals(done, whole))
    return Disclosed(opening, tuple(done), whole, Opening(stock, reach))


def closing(opening: Opening, months: Sequence[Month], whole: Month) -> Opening:
    """What a closed year leaves to the next, from what was shown of it."""
    reach = opening.reach
    for month in months:
        reach = reach.created(month.counts[CREATED] if _shows(month, CREATED) else None)
        reach = reach.published(month.counts.get(ACTIVE, 0), shown=_shows(month, ACTIVE))
    stock = after(opening.stock, [_step(month) for month in months], _totals(months, whole))
    return Opening(stock, reach)


def _sparing_flows(
    stock: Stock, earlier: Sequence[Month], month: Month, shown: frozenset[str]
) -> frozenset[str]:
    """Withholds what would tell of withheld counts: the proposals first, since with them unknown any number
    of pairs may be created or declined.
    """

    def reveals(rest: frozenset[str]) -> bool:
        months = (*earlier, Month(month.name, month.counts, rest))
        return tells(stock, [_step(known) for known in months], Totals(most=_most_proposed(months)))

    return _sparing([name for name in (PROPOSED, *OUTCOMES) if name in shown], shown, reveals)


def _sparing(
    candidates: Sequence[str], shown: frozenset[str], reveals: Callable[[frozenset[str]], bool]
) -> frozenset[str]:
    """Withholds the fewest candidates, the earlier ones first, with which nothing more is reveals."""
    for size in range(len(candidates)):
        for some in combinations(candidates, size):
            if not reveals(shown.difference(some)):
                return shown.difference(some)
    return shown.difference(candidates)


def _step(month: Month) -> Step:
    def seen(name: str) -> int | None:
        count = month.counts.get(name, 0)
        return count if month.shown is not None and name in month.shown else None

    proposed = seen(PROPOSED)
    many = proposed is None and not is_small(month.counts.get(PROPOSED, 0))
    return Step(proposed, tuple(seen(name) for name in OUTCOMES), unbounded=many)


def _year(programme: str, year: str, stock: Stock, months: Sequence[Month], *, complete: bool) -> Month:
    counts: dict[str, int] = {}
    shown: set[str] = set()
    for name in figures.names(programme, "flow"):
        counts[name] = sum(month.counts[name] for month in months)
        if _total_is_safe(name, counts[name], months) if complete else _all_show(name, months):
            shown.add(name)
    for name in figures.names(programme, "level"):
        counts[name] = months[-1].counts[name]
        if _shows(months[-1], name):
            shown.add(name)
    if programme == ALL or not complete:
        return Month(year, counts, frozenset(shown))
    steps = [_step(month) for month in months]

    def reveals(rest: frozenset[str]) -> bool:
        return tells(stock, steps, _totals(months, Month(year, counts, rest)))

    # Who sees all months has their total: to withhold it would hide nothing.
    flows = [name for name in (PROPOSED, *reversed(OUTCOMES)) if name in shown]
    candidates = [name for name in flows if not _all_show(name, months)]
    return Month(year, counts, _sparing(candidates, frozenset(shown), reveals))


def _totals(months: Sequence[Month], whole: Month) -> Totals:
    def left(name: str) -> int | None:
        if not _shows(whole, name):
            return None
        return whole.counts[name] - sum(month.counts[name] for month in months if _shows(month, name))

    return Totals(left(PROPOSED), tuple(left(name) for name in OUTCOMES), _most_proposed(months))


def _most_proposed(months: Sequence[Month]) -> float:
    """The most that a year may have, for all that a reader knows of a total that is withheld as small."""
    return SMALL if is_small(sum(month.counts.get(PROPOSED, 0) for month in months)) else math.inf


def _total_is_safe(name: str, total: int, months: Sequence[Month]) -> bool:
    """Whether a closed year's total can stand beside its months, which are public as they are."""
    hidden = {month.name for month in months if not _shows(month, name)}
    if any(name in month.lost for month in months):
        return False
    if any(month.name in hidden and not is_small(month.counts[name]) for month in months):
        return False
    counts = {month.name: month.counts[name] for month in months}
    relation = Sum(TOTAL, tuple(counts))
    withheld = protect(
        {**counts, TOTAL: total},
        [relation],
        withheld=hidden,
        public=[name for name in counts if name not in hidden],
    )
    return TOTAL not in withheld


def _all_show(name: str, months: Sequence[Month]) -> bool:
    return all(_shows(month, name) for month in months)


def _shows(month: Month, name: str) -> bool:
    return month.shown is not None and name in month.shown
