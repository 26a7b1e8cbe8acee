"""A receipt in sentences: what a coordinator asks about a proposal, answered in words."""

from collections.abc import Iterator

from services.matching.domain.proposal import Alternative, Receipt, WarningCode
from services.matching.domain.solve import LEAST_BASE

_WARNINGS = {
    WarningCode.EXPECTATIONS_DIFFER: "What the two expect differs: talk about it before they meet.",
    WarningCode.NO_COMMON_LANGUAGE: "They have no language in common, and no interpreter was said to do.",
}


def sentences(receipt: Receipt) -> Iterator[str]:
    """Why these two, why not the one who scores more, and what to talk about. People by their references."""
    parts = ", ".join(f"{code} {points}" for code, points in receipt.parts.items() if points)
    yield f"They score {receipt.score}: {parts or 'nothing in common that counts'}."
    if receipt.waiting_bonus:
        yield f"Waiting adds {receipt.waiting_bonus}, apart from how well they suit each other."
    yield _place(receipt)
    if receipt.vetoes:
        removed = ", ".join(f"{code} {count}" for code, count in receipt.vetoes.items())
        yield f"Rules removed guides, each counted under every rule that removed it: {removed}."
    if receipt.alternative is not None:
        yield from _instead(receipt.alternative)
    yield from (_WARNINGS[code] for code in WarningCode if code in receipt.warnings)


def _place(receipt: Receipt) -> str:
    if receipt.candidates == 1:
        return "No other guide was possible."
    place = "best" if receipt.rank == 1 else f"best but {receipt.rank - 1}"
    return f"Of {receipt.candidates} possible guides this one scores {place}."


def _instead(other: Alternative) -> Iterator[str]:
    """What another guide would have given and taken; a bound is called one."""
    lost = f"{'exactly' if other.exact else 'at least'} {other.costs_pool} points"
    if other.costs_pool >= LEAST_BASE:
        lost = f"{'' if other.exact else 'at least '}one pair"
    more = f"{other.giving} scores {other.score_more} more, but taking" if other.score_more else "Taking"
    yield f"{more} {other.giving} costs the pool {lost}."
    need = other.need
    if need is None:
        return
    asks = [f"wishes a guide who is {need.gender}"] if need.gender else []
    asks += [f"shares {' and '.join(need.languages)} with this one"] if need.languages else []
    told = f", who {' and '.join(asks)}" if asks else ""
    count = "no other guide" if need.candidates == 1 else f"{need.candidates} possible guides in all"
    yield f"{need.receiving}{told}, has {count}."
