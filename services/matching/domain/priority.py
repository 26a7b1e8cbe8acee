"""What whom a round proposes first adds to the points: waiting, scarcity of guides, a cohort that waits
longer.

None of it says how well two suit each other, so each is kept apart in everything that is shown. All of it is
the receiving party's own, whoever their guide will be.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import log2

import numpy as np
import numpy.typing as npt

from services.matching.domain.columns import Bools, Ints, PoolColumns
from services.matching.domain.party import Rules
from services.matching.domain.rules import BLOCK, RULES, vetoes
from shared.values import value

Units = npt.NDArray[np.int64]

FINEST = 1000
"""Most units of a point: a pack's points a day are exact to a thousandth of a point for each day waited."""

COMMON_SHARE = 0.25
"""Whoever suits a quarter of the guides or more gets nothing for scarcity."""
DOUBLING = 10
"""Points for each halving of the share beneath that."""
MOST_SCARCITY = 6
"""Most points for scarcity, a month of waiting (all three from two simulated years of a programme)."""
RECENT = timedelta(days=180)
"""Guides who became ready no longer ago say which guides come."""


@value
class Priorities:
    """Of each receiving party, (n,): whole points by what gives them, and `exact` their sum in units, of
    which a point has `unit`: a day's waiting need not be a whole point.
    """

    unit: int
    exact: Units
    waiting: Ints
    scarcity: Ints
    cohort: Ints


def priorities(columns: PoolColumns) -> Priorities:
    """The priorities of a pool's receiving parties by its pack's policy."""
    rules, today = columns.pool.rules, columns.pool.today
    unit = unit_of(rules)
    since = [party.ready_since for party in columns.receiving]
    units = {day: waiting_units(rules, day, today) for day in set(since)}
    exact = np.array([units[day] for day in since], dtype=np.int64)
    scarcity = _whole([scarcity_bonus(share) for share in suiting_shares(columns)] if rules.scarcity else [])
    attribute, favoured = rules.cohort_attribute, columns.pool.favoured
    groups = [getattr(party, attribute) for party in columns.receiving] if attribute else []
    cohort = _whole([favoured.get(group, 0) for group in groups])
    none = np.zeros(len(exact), dtype=np.int32)
    scarcity, cohort = (points if len(points) else none for points in (scarcity, cohort))
    return Priorities(
        unit=unit,
        exact=exact + (scarcity + cohort).astype(np.int64) * unit,
        waiting=(exact // unit).astype(np.int32),
        scarcity=scarcity,
        cohort=cohort,
    )


def unit_of(rules: Rules) -> int:
    """How many units make a point, so that each day's waiting is a whole number of them."""
    return _a_day(rules.waiting_points_per_day)[1]


@cache
def _a_day(points: float) -> tuple[Decimal, int]:
    """Points a day as a decimal number, and how many units make a point of them."""
    exact = Decimal(str(points))
    return exact, min(Fraction(exact).denominator, FINEST)


def waiting_units(rules: Rules, ready_since: date, today: date) -> int:
    """Units for waiting: the pack's points a day * whole days since the party was ready.

    Linear and uncapped, so that nobody who is hard to match waits for ever. In decimals: 0.29 * 100 is 29,
    while binary fractions make it 28.
    """
    points, unit = _a_day(rules.waiting_points_per_day)
    return int(points * max(0, (today - ready_since).days) * unit)


def scarcity_bonus(share: float) -> int:
    """Whole points for whom this share of the guides suits."""
    if share <= 0:
        return MOST_SCARCITY
    return int(min(max(DOUBLING * log2(COMMON_SHARE / share), 0), MOST_SCARCITY))


def suiting_shares(columns: PoolColumns) -> Sequence[float]:
    """For each receiving party the share of guides whom no lasting rule forbids: of all who became ready
    within `RECENT` and are still in the programme, with a free slot or without, and of all others with a free
    slot.

    Who has left is not known any more. 1 where there is no guide: nobody is scarcer than others then.
    """
    counted = np.flatnonzero(_counted(columns))
    if not len(counted):
        return [1.0] * len(columns.receiving)
    shares: list[float] = []
    for start in range(0, len(columns.receiving), BLOCK):
        rows = slice(start, min(start + BLOCK, len(columns.receiving)))
        forbidden = np.zeros((rows.stop - start, len(counted)), dtype=np.bool_)
        for code, matrix in vetoes(columns, rows, counted).items():
            if RULES[code].lasting:
                forbidden |= matrix
        shares += (1 - forbidden.mean(axis=1)).tolist()
    return shares


def _counted(columns: PoolColumns) -> Bools:
    since = columns.pool.today - RECENT
    recent = [guide.ready_since is not None and guide.ready_since >= since for guide in columns.giving]
    counted: Bools = np.array(recent, dtype=np.bool_) | (columns.right.free > 0)
    return counted


def _whole(points: Sequence[int]) -> Ints:
    return np.array(points, dtype=np.int32)
