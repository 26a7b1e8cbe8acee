"""Days and months by a municipality's own clock."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.clock import ZONES, local_day, local_midnight, local_time

BERGEN, AARHUS = "no-4601", "dk-751"


@pytest.mark.parametrize("municipality", [BERGEN, AARHUS, None])
@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2016, 6, 30, 21, 59, 59, tzinfo=UTC), date(2016, 6, 30)),
        (datetime(2016, 6, 30, 22, tzinfo=UTC), date(2016, 7, 1)),
        (datetime(2016, 12, 31, 22, 59, 59, tzinfo=UTC), date(2016, 12, 31)),
        (datetime(2016, 12, 31, 23, tzinfo=UTC), date(2017, 1, 1)),
    ],
)
def test_a_day_begins_two_hours_ahead_in_summer_and_one_in_winter(
    municipality: str | None, moment: datetime, day: date
) -> None:
    assert local_day(moment, municipality) == day


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_day_has_as_many_hours_as_the_clocks_make_it(day: date, hours: int) -> None:
    begins, ends = local_midnight(day, BERGEN), local_midnight(day + timedelta(days=1), BERGEN)
    assert ends - begins == timedelta(hours=hours)
    assert local_day(begins, BERGEN) == local_day(ends - timedelta(seconds=1), BERGEN) == day


def test_norway_and_denmark_keep_the_same_time() -> None:
    """So a figure whose municipality is not known yet falls in the month that it has there."""
    moment = datetime(1990, 1, 1, tzinfo=UTC)
    while moment.year < 2037:
        norway, denmark = (moment.astimezone(zone).utcoffset() for zone in ZONES.values())
        assert norway == denmark
        moment += timedelta(hours=23)


def test_where_no_zone_is_known_the_common_one_holds() -> None:
    moment = datetime(2016, 6, 30, 22, tzinfo=UTC)
    for nowhere in ("se-0180", "bergen"):
        assert local_time(moment, nowhere) == local_time(moment)
        assert local_day(moment, nowhere) == date(2016, 7, 1)
        assert local_midnight(date(2016, 7, 1), nowhere) == moment
