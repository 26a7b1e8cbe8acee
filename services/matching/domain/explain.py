"""Why these two, why not those, and what would help."""

from collections.abc import Callable, Sequence

import numpy as np

from services.matching.domain.columns import Bools, Indexes, Ints, PoolColumns
from services.matching.domain.party import Giving, Receiving
from services.matching.domain.priority import Priorities
from services.matching.domain.proposal import Alternative, Need, Reason, Receipt, Unmatched, WarningCode
from services.matching.domain.rules import BLOCK, Compatibility, common_language_level, vetoes
from services.matching.domain.score import score_parts
from services.matching.domain.solve import Assignment, Market, Points, is_exact
from shared.values import value

DIFFERENT_HOURS = 2
"""Expected hours a week that differ by this much are worth a talk: two hours a week is the whole of what
programmes such as Tromsø's ask (the project's own choice)."""


@value
class Solved:
    """A component with its solution; `rows` and `guides` are its places in the pool's columns.

    `losses` gives a row's losses by guide; None if the assignment has no prices. `priorities` are the whole
    pool's.
    """

    rows: Indexes
    guides: Indexes
    market: Market
    found: Assignment
    losses: Callable[[int], Points] | None
    priorities: Priorities


def receipts(columns: PoolColumns, compatible: Compatibility, solved: Solved, round_id: str) -> list[Receipt]:
    """The receipts of a component's pairs, in the order of its assignment."""
    market, found, first = solved.market, solved.found, solved.priorities
    rows, guides = solved.rows[found.rows], solved.guides[found.guides]
    left, right = columns.left.at(rows), columns.right.at(guides)
    parts = score_parts(left, right, columns.pool.rules)
    common = common_language_level(left, right)
    made = []
    for place, (row, guide) in enumerate(zip(found.rows, found.guides, strict=True)):
        whole_row = int(rows[place])
        receiving, giving = columns.receiving[whole_row], columns.giving[int(guides[place])]
        own = int(market.score[row, guide])
        better = market.allowed[row] & (market.score[row] > own)
        ahead = int(np.count_nonzero(better))
        made.append(
            Receipt(
                score=own,
                parts={code: int(points[place]) for code, points in parts.items()},
                waiting_bonus=int(first.waiting[whole_row]),
                scarcity_bonus=int(first.scarcity[whole_row]),
                cohort_bonus=int(first.cohort[whole_row]),
                rank=1 + ahead,
                candidates=int(np.count_nonzero(market.allowed[row])),
                vetoes=_counts(compatible.codes, compatible.removed[whole_row]),
                warnings=warnings(receiving, giving, bool(common[place])),
                pack_version=columns.pool.rules.version,
                round_id=round_id,
                alternative=_best(columns, solved, int(row), better, own) if ahead else None,
            )
        )
    return made


def outbid(columns: PoolColumns, compatible: Compatibility, solved: Solved) -> list[Unmatched]:
    """The component's receiving parties whose candidates all went to others."""
    without = np.setdiff1d(np.arange(len(solved.rows)), solved.found.rows)
    return [
        Unmatched(
            subject=columns.receiving[int(solved.rows[row])].subject,
            reason=Reason.OUTBID,
            vetoes=_counts(compatible.codes, compatible.removed[solved.rows[row]]),
            alternative=_closest(columns, solved, int(row)),
        )
        for row in without
    ]


def no_candidate(columns: PoolColumns, compatible: Compatibility) -> list[Unmatched]:
    """The receiving parties to whom hard rules forbid every guide, and how many guides each rule removes."""
    alone = np.flatnonzero(~compatible.allowed.any(axis=1))
    return [
        Unmatched(
            columns.receiving[int(row)].subject,
            Reason.NO_CANDIDATE,
            _counts(compatible.codes, compatible.removed[row]),
        )
        for row in alone
    ]


def guides_left(columns: PoolColumns, compatible: Compatibility, matched: Bools) -> list[Unmatched]:
    """The guides with a free slot and no proposal; `matched` (guides,) is who has one.

    A guide whose slots are all taken does not wait, and is not listed.
    """
    left = np.flatnonzero(~matched & (columns.right.free > 0))
    wanted = np.asarray(compatible.allowed.any(axis=0))
    alone = left[~wanted[left]]
    removed = np.zeros((len(alone), len(compatible.codes)), dtype=np.int32)
    for start in range(0, len(columns.receiving) if len(alone) else 0, BLOCK):
        matrices = vetoes(columns, slice(start, start + BLOCK), alone)
        for index, code in enumerate(compatible.codes):
            removed[:, index] += matrices[code].sum(axis=0, dtype=np.int32)
    why = dict(zip(alone.tolist(), removed, strict=True))
    return [
        Unmatched(columns.giving[guide].subject, Reason.NO_CANDIDATE, _counts(compatible.codes, why[guide]))
        if guide in why
        else Unmatched(columns.giving[guide].subject, Reason.SURPLUS)
        for guide in left.tolist()
    ]


def warnings(receiving: Receiving, giving: Giving, common_language: bool) -> tuple[str, ...]:
    """Codes for the coordinator, alphabetically.

    `expectations_differ`: the expected hours a week differ by two or more, or the form of contact differs;
    unknown expectations differ from nothing. `no_common_language`: where the pack lets such a pair meet and
    the receiving party has not said that an interpreter would do.
    """
    found: list[str] = []
    expects, offers = receiving.expectations, giving.expectations
    if expects and offers:
        hours = abs(expects.weekly_hours - offers.weekly_hours)
        if hours >= DIFFERENT_HOURS or expects.contact != offers.contact:
            found.append(WarningCode.EXPECTATIONS_DIFFER)
    if not common_language and not receiving.interpreter_ok:
        found.append(WarningCode.NO_COMMON_LANGUAGE)
    return tuple(found)


def _best(columns: PoolColumns, solved: Solved, row: int, better: Bools, own: int) -> Alternative | None:
    if solved.losses is None:
        return None
    scores = np.where(better, solved.market.score[row], -1)
    guide = int(scores.argmax())
    return _alternative(columns, solved, guide, int(scores[guide]) - own, solved.losses(row))


def _closest(columns: PoolColumns, solved: Solved, row: int) -> Alternative | None:
    if solved.losses is None:
        return None
    losses = solved.losses(row)
    guide = int(np.where(solved.market.allowed[row], losses, np.iinfo(np.int64).max).argmin())
    return _alternative(columns, solved, guide, 0, losses)


def _alternative(columns: PoolColumns, solved: Solved, guide: int, more: int, losses: Points) -> Alternative:
    place = int(solved.guides[guide])
    holders = solved.found.rows[solved.found.guides == guide]
    return Alternative(
        giving=columns.giving[place].subject,
        score_more=more,
        costs_pool=int(losses[guide]),
        exact=is_exact(solved.found),
        need=_need(columns, solved, int(holders[0]), place) if len(holders) else None,
    )


def _counts(codes: Sequence[str], removed: Ints) -> dict[str, int]:
    return {code: int(count) for code, count in zip(codes, removed, strict=True) if count}


def _need(columns: PoolColumns, solved: Solved, row: int, place: int) -> Need:
    """Why a receiving party, by its row in the component, holds a guide, by its place in the pool."""
    receiving, giving = columns.receiving[int(solved.rows[row])], columns.giving[place]
    rules = columns.pool.rules.rules
    gender = receiving.wished_gender if "gender_wish" in rules else None
    shared: set[str] = set()
    if rules.get("language", {}).get("strength") == "hard":
        shared = {code for code, _ in receiving.languages} & {code for code, _ in giving.languages}
    candidates = int(np.count_nonzero(solved.market.allowed[row]))
    return Need(receiving.subject, candidates, gender, tuple(sorted(shared)))
