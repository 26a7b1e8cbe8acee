from datetime import timedelta

import pytest
from aiokafka.errors import KafkaConnectionError
from pymongo.errors import (
    AutoReconnect,
    DuplicateKeyError,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WriteError,
)

from shared.retry import Backoff, FailureBudget, Waits, is_infrastructure


def test_backoff_doubles_up_to_its_ceiling() -> None:
    backoff = Backoff(timedelta(seconds=1), timedelta(seconds=30))
    whole = [backoff.delay(attempt, 1.0).total_seconds() for attempt in range(8)]
    assert whole == [1, 2, 4, 8, 16, 30, 30, 30]


def test_jitter_takes_up_to_half() -> None:
    backoff = Backoff(timedelta(seconds=1), timedelta(seconds=30))
    assert backoff.delay(3, 0.0) == timedelta(seconds=4)
    assert backoff.delay(10_000, 0.5) == timedelta(seconds=22.5)


def test_jitter_is_drawn_anew_for_each_wait() -> None:
    backoff = Backoff(timedelta(seconds=1), timedelta(seconds=30))
    drawn = {backoff.delay(0) for _ in range(50)}
    assert len(drawn) > 1
    assert all(timedelta(seconds=0.5) <= delay <= timedelta(seconds=1) for delay in drawn)


def test_waits_grow_with_each_failure_and_begin_anew_when_something_went_well() -> None:
    waits = Waits(Backoff(timedelta(seconds=1), timedelta(hours=1)))
    # A wait is between a half and the whole, so that each lies within a range of its own.
    for whole in (1, 2, 4, 8):
        assert timedelta(seconds=whole / 2) <= waits.next() <= timedelta(seconds=whole)
    waits.reset()
    assert waits.next() <= timedelta(seconds=1)


async def test_sleeping_counts_as_a_failure() -> None:
    waits = Waits(Backoff(timedelta(microseconds=100), timedelta(seconds=1)))
    for _ in range(3):
        await waits.sleep()
    assert timedelta(microseconds=400) <= waits.next() <= timedelta(microseconds=800)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AutoReconnect("x"), True),
        (NotPrimaryError("x"), True),
        (ServerSelectionTimeoutError("x"), True),
        (OperationFailure("x", code=112), True),
        (OperationFailure("x", code=14031), True),
        (OperationFailure("x", code=1, details={"errorLabels": ["TransientTransactionError"]}), True),
        (KafkaConnectionError(), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (OperationFailure("x", code=2), False),
        (WriteError("x", code=121), False),
        (DuplicateKeyError("x"), False),
        (ValueError("x"), False),
        (KeyError("x"), False),
    ],
)
def test_only_servers_and_networks_are_infrastructure(error: Exception, expected: bool) -> None:
    assert is_infrastructure(error) is expected


def test_five_failures_in_a_thousand_are_borne_and_a_sixth_is_not() -> None:
    budget = FailureBudget()
    budget.succeeded(500)
    assert [budget.allows(more) for more in (1, 5, 6)] == [True, True, False]
    budget.count(failures=3, records=100)
    assert [budget.allows(more) for more in (2, 3)] == [True, False]


def test_failures_are_forgotten_after_a_thousand_records() -> None:
    budget = FailureBudget()
    budget.count(failures=5, records=10)
    budget.succeeded(999)
    assert not budget.allows(1)
    budget.succeeded(1)
    assert budget.allows(5)
