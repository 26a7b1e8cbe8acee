from datetime import UTC, datetime, timedelta

from shared.messaging.work import Revision, microseconds

NOW = datetime(2016, 6, 15, 8, tzinfo=UTC)


def test_order_is_the_time_while_the_clock_runs() -> None:
    assert Revision(3, microseconds(NOW) - 1).next(NOW) == Revision(4, microseconds(NOW))


def test_order_never_falls_when_a_replicas_clock_is_behind() -> None:
    ahead = Revision().next(NOW + timedelta(minutes=10))
    behind = ahead.next(NOW - timedelta(minutes=10))
    assert behind.order == ahead.order + 1
    assert behind.number == 2
