"""Receipts ↔ their contract."""

from typing import Any

from services.matching.domain.proposal import Alternative, Need, Receipt
from shared.contracts.matching import states as public
from shared.values import fields_of


def fields(receipt: Receipt) -> dict[str, Any]:
    """A receipt as its contract has it."""
    return {
        "score": receipt.score,
        "parts": dict(receipt.parts),
        "waiting_bonus": receipt.waiting_bonus,
        "scarcity_bonus": receipt.scarcity_bonus,
        "cohort_bonus": receipt.cohort_bonus,
        "rank": receipt.rank,
        "candidates": receipt.candidates,
        "vetoes": dict(receipt.vetoes),
        "warnings": [str(warning) for warning in receipt.warnings],
        "alternative": alternative_fields(receipt.alternative),
        "pack_version": receipt.pack_version,
        "round": receipt.round_id,
    }


def alternative_fields(alternative: Alternative | None) -> dict[str, Any] | None:
    """A guide that somebody did not get, as the contract has it."""
    if alternative is None:
        return None
    need = alternative.need
    told = {name: value for name, value in fields_of(alternative).items() if name != "need"}
    if need is None:
        return told
    stated = {name: value for name, value in fields_of(need).items() if value is not None}
    return {**told, "need": {**stated, "languages": list(need.languages)}}


def read(receipt: public.ScoreReceipt) -> Receipt:
    """A receipt as its contract tells it."""
    other = receipt.alternative
    return Receipt(
        score=receipt.score,
        parts=receipt.parts,
        waiting_bonus=receipt.waiting_bonus,
        scarcity_bonus=receipt.scarcity_bonus,
        cohort_bonus=receipt.cohort_bonus,
        rank=receipt.rank,
        candidates=receipt.candidates,
        vetoes=receipt.vetoes,
        warnings=tuple(receipt.warnings),
        pack_version=receipt.pack_version,
        round_id=receipt.round,
        alternative=None if other is None else _alternative(other),
    )


def _alternative(told: public.Alternative) -> Alternative:
    need = told.need
    return Alternative(
        giving=told.giving,
        score_more=told.score_more,
        costs_pool=told.costs_pool,
        exact=told.exact,
        need=None
        if need is None
        else Need(need.receiving, need.candidates, need.gender, tuple(need.languages)),
    )
