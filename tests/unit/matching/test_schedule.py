"""When the next round runs: by the municipality's own clock, each day or week once."""

from datetime import UTC, datetime

import pytest

from services.matching.schedule import next_time
from shared.contracts.pairing import PackRounds
from shared.programmes import shipped_packs
from shared.programmes.checks import weekday_of_daily_rounds

BERGEN, AARHUS = "no-4601", "dk-751"
DAILY = PackRounds(every="P1D", at="03:00")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("rounds", "after", "expected"),
    [
        (DAILY, "2026-11-22T01:59", "2026-11-22T02:00"),
        (DAILY, "2026-11-22T02:00", "2026-11-23T02:00"),
        (DAILY, "2026-06-22T02:00", "2026-06-23T01:00"),
        # Summer time begins at 01:00 UTC on 29 March and ends at 01:00 UTC on 25 October.
        (DAILY, "2026-03-28T02:00", "2026-03-29T01:00"),
        (DAILY, "2026-10-24T01:00", "2026-10-25T02:00"),
        # 02:30 is left out in March, and comes twice in October.
        (PackRounds(every="P1D", at="02:30"), "2026-03-28T01:30", "2026-03-29T01:30"),
        (PackRounds(every="P1D", at="02:30"), "2026-03-29T01:30", "2026-03-30T00:30"),
        (PackRounds(every="P1D", at="02:30"), "2026-10-24T00:30", "2026-10-25T00:30"),
        (PackRounds(every="P1D", at="02:30"), "2026-10-25T00:30", "2026-10-26T01:30"),
        # 22 November 2026 is a Sunday.
        (PackRounds(every="P7D", at="06:15"), "2026-11-22T12:00", "2026-11-23T05:15"),
        (PackRounds(every="P7D", at="06:15"), "2026-11-23T05:15", "2026-11-30T05:15"),
        (PackRounds(every="P7D", at="06:15", weekday="sunday"), "2026-11-22T05:00", "2026-11-22T05:15"),
        (PackRounds(every="P7D", at="06:15", weekday="sunday"), "2026-11-22T05:15", "2026-11-29T05:15"),
        # By the local calendar: a quarter past midnight on Monday is Sunday in UTC.
        (PackRounds(every="P7D", at="00:15"), "2026-11-22T23:00", "2026-11-22T23:15"),
    ],
)
@pytest.mark.parametrize("municipality", [BERGEN, AARHUS])
def test_rounds_keep_local_time(rounds: PackRounds, after: str, expected: str, municipality: str) -> None:
    assert next_time(rounds, utc(after), municipality) == utc(expected)


@pytest.mark.parametrize("at", ["02:30", "03:00"])
def test_a_year_has_a_round_for_each_of_its_days(at: str) -> None:
    rounds, moment, times = PackRounds(every="P1D", at=at), utc("2026-01-01T00:00"), []
    while (moment := next_time(rounds, moment, BERGEN)) < utc("2027-01-01T00:00"):
        times.append(moment)
    assert len(times) == len({time.date() for time in times}) == 365


def test_a_weekday_beside_daily_rounds_is_a_fault() -> None:
    pack = shipped_packs()["flyktningguide-bergen@1.0"]
    faults = [
        weekday_of_daily_rounds(
            pack.model_copy(update={"pairing": pack.pairing.model_copy(update={"rounds": rounds})})
        )
        for rounds in (
            None,
            DAILY,
            PackRounds(every="P7D", at="03:00", weekday="friday"),
            PackRounds(every="P1D", at="03:00", weekday="friday"),
        )
    ]
    assert faults[:3] == [None, None, None]
    assert faults[3] is not None
    assert faults[3].startswith("pairing.rounds.weekday: ")
