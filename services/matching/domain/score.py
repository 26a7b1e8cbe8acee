"""How well two suit each other: whole points by the pack's criteria, each at most its weight.

Waiting is no part of the score: it says nothing of how well two suit each other, and is kept apart.
"""

import numpy as np

from services.matching.domain.columns import Columns, PoolColumns, Rows, Small
from services.matching.domain.criteria import CRITERIA, Both
from services.matching.domain.party import Rules
from services.matching.domain.rules import BLOCK


def score_parts(left: Columns, right: Columns, rules: Rules) -> dict[str, Small]:
    """Points by criterion of the pack, in the order of `CRITERIA`, of a matrix or a list of couples, as the
    columns form it.
    """
    both = Both(left, right, rules)
    shape = np.broadcast_shapes(left.subject.shape, right.subject.shape)
    return {
        code: np.broadcast_to(criterion.points(both, rules.criteria[code]), shape)
        for code, criterion in CRITERIA.items()
        if code in rules.criteria
    }


def score_matrix(columns: PoolColumns, rows: Rows, guides: Rows) -> Small:
    """The sum of all parts, (rows, guides)."""
    chosen = columns.left.at(rows)
    right = columns.right.across(guides)
    n = chosen.subject.shape[0]
    total: Small = np.empty((n, right.subject.shape[1]), dtype=np.int16)
    for start in range(0, n, BLOCK):
        block = slice(start, start + BLOCK)
        parts = score_parts(chosen.down(block), right, columns.pool.rules)
        out = total[block]
        out[...] = 0
        for points in parts.values():
            out += points
    return total
