"""Pairs at every point of their lives."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from services.matching.domain.agreement import answer, expire, propose, sign
from services.matching.domain.course import complete, end_because, pause
from services.matching.domain.errors import DomainError
from services.matching.domain.pair import EndReason, Outcome, Pair, PairStatus
from services.matching.domain.proposal import Proposal, Receipt
from tests.unit.matching.pools import rules

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = NOW.date()
LATER = NOW + timedelta(days=3)
LATER_DAY = LATER.date()
ALL = ("receiving", "giving", "red_cross")
OUTCOME = Outcome("rests", "waits", may_meet_again=False)
RECEIPT = Receipt(44, {"age": 44}, 6, 1, 2, {}, (), "1.0", "round-1")


def proposal(**changes: object) -> Proposal:
    values = {"receiving": "refugee-1", "giving": "volunteer-1", "municipality": "no-4601", "slot": 1}
    return Proposal(**(values | {"receipt": RECEIPT} | changes))  # type: ignore[arg-type]


def proposed() -> Pair:
    return propose(proposal(), rules(), subject="pair-1", coordinator="anna-bergen", on=DAY, now=NOW)[0]


def accepted() -> Pair:
    answered, _ = answer(proposed(), "giving", True, DAY, NOW)
    return answer(answered, "receiving", True, LATER_DAY, LATER)[0]


def signed(pair: Pair, signatory: str, on: date = LATER_DAY, now: datetime = LATER) -> Pair:
    return sign(pair, signatory, "2", on, signatories=ALL, maximum_months=12, now=now)[0]


def active() -> Pair:
    pair = accepted()
    for signatory in ALL:
        pair = signed(pair, signatory)
    return pair


def declined() -> Pair:
    return answer(proposed(), "giving", False, DAY, NOW)[0]


def expired() -> Pair:
    return expire(proposed(), NOW + timedelta(days=15))[0]


def ended() -> Pair:
    return end_because(active(), EndReason.MOVED, LATER + timedelta(days=30))[0]


def completed() -> Pair:
    return complete(active(), LATER_DAY, None, OUTCOME, LATER)[0]


def paused() -> Pair:
    return pause(active(), "coordinator", LATER_DAY, None, LATER)[0]


STATES: dict[PairStatus, Callable[[], Pair]] = {
    "proposed": proposed,
    "accepted": accepted,
    "declined": declined,
    "expired": expired,
    "active": active,
    "paused": paused,
    "completed": completed,
    "ended": ended,
}


def refused(operation: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as caught:
        operation()
    return caught.value.code
