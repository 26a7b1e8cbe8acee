"""Why somebody in a pool has no proposal: which rule removes how many others, and what would help."""

from collections.abc import Mapping

import numpy as np

from services.matching.domain.columns import PoolColumns, columns_of
from services.matching.domain.party import Pool
from services.matching.domain.proposal import Alternative, Unmatched
from services.matching.domain.rounds import RoundResult, run_round
from services.matching.domain.rules import vetoes
from shared.values import value

FULL = "full"
"""Why a guide is proposed to nobody who has as many pairs as they take."""


@value
class Explained:
    """Of the `others` on the other side, each is counted once: under the first rule that `removed` it, in the
    order of the rules, or as one of the `candidates`. `would_help` is how many would be candidates too if one
    rule alone did not hold.

    `proposed` is whom a round would propose now; else `reason` is why it would not, and `alternative` the
    guide whom an outbid party came closest to.
    """

    others: int
    removed: Mapping[str, int]
    candidates: int
    would_help: Mapping[str, int]
    proposed: str | None = None
    reason: str | None = None
    alternative: Alternative | None = None


def explain(pool: Pool, subject: str) -> Explained | None:
    """Why a round would leave somebody out; None for who isn't in the pool. Pure, and picklable."""
    columns = columns_of(pool)
    forbidden = _forbidden(columns, subject)
    if forbidden is None:
        return None
    rules, matrix = list(forbidden), np.array(list(forbidden.values()), dtype=np.bool_)
    broken = matrix.sum(axis=0)
    first = np.where(broken > 0, matrix.argmax(axis=0), len(rules))
    alone = np.where(broken == 1, first, len(rules))
    counts = np.bincount(first, minlength=len(rules) + 1)
    helped = np.bincount(alone, minlength=len(rules) + 1)
    result = run_round(pool, "")
    left, proposed = _left(result, subject), _proposed(result, subject)
    return Explained(
        others=matrix.shape[1],
        removed={code: int(counts[index]) for index, code in enumerate(rules) if counts[index]},
        candidates=int(counts[len(rules)]),
        would_help={code: int(helped[index]) for index, code in enumerate(rules) if helped[index]},
        proposed=proposed,
        reason=str(left.reason) if left is not None else None if proposed is not None else FULL,
        alternative=None if left is None else left.alternative,
    )


def _forbidden(columns: PoolColumns, subject: str) -> dict[str, np.ndarray] | None:
    """For each rule, whom on the other side it forbids to somebody."""
    everybody = slice(None)
    row = [index for index, party in enumerate(columns.receiving) if party.subject == subject]
    guide = [index for index, party in enumerate(columns.giving) if party.subject == subject]
    if row:
        found = vetoes(columns, np.array(row), everybody)
    elif guide:
        found = vetoes(columns, everybody, np.array(guide))
    else:
        return None
    return {code: matrix.reshape(-1) for code, matrix in found.items()}


def _left(result: RoundResult, subject: str) -> Unmatched | None:
    everybody = (*result.unmatched_receiving, *result.unmatched_giving)
    return next((one for one in everybody if one.subject == subject), None)


def _proposed(result: RoundResult, subject: str) -> str | None:
    for proposal in result.proposals:
        if subject in {proposal.receiving, proposal.giving}:
            return proposal.giving if subject == proposal.receiving else proposal.receiving
    return None
