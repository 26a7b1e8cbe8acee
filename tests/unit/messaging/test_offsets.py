import pytest

from shared.messaging.places.offsets import (
    Behind,
    Committed,
    Expired,
    Log,
    OtherLog,
    Skipped,
    Sound,
    Stored,
    Verdict,
    judge,
    reading_begins,
    stamp,
)

THEN, NOW = 1_466_000_000_000, 1_466_000_060_000


@pytest.mark.parametrize(
    ("committed", "stored", "log_start", "verdict"),
    [
        pytest.param(None, None, 0, Sound(), id="never met"),
        pytest.param(None, None, 40, Sound(), id="never met, and its beginning has expired"),
        pytest.param(None, Stored(50, NOW), 0, Sound(), id="the group's offsets are gone"),
        pytest.param(Committed(50, NOW), Stored(50, NOW), 0, Sound(), id="at rest"),
        pytest.param(Committed(40, THEN), Stored(50, NOW), 0, Sound(), id="killed before the commit"),
        pytest.param(Committed(0, None), Stored(50, NOW), 0, Sound(), id="replay"),
        pytest.param(Committed(70, None), Stored(50, NOW), 0, Skipped(50, 70), id="skipped"),
        pytest.param(
            Committed(70, None), Stored(50, NOW), 60, Skipped(50, 70), id="skipped past expired ones"
        ),
        pytest.param(Committed(70, None), None, 20, Skipped(20, 70), id="skipped and never met"),
        pytest.param(Committed(20, None), None, 20, Sound(), id="reset to earliest on an empty database"),
        pytest.param(Committed(70, NOW), Stored(50, THEN), 0, Behind(50, 70), id="restored"),
        pytest.param(
            Committed(70, NOW), Stored(50, NOW), 0, Behind(50, 70), id="restored, in one millisecond"
        ),
        pytest.param(Committed(70, NOW), None, 0, Behind(0, 70), id="restored from before the topic"),
        pytest.param(Committed(70, THEN), Stored(5, NOW), 0, OtherLog(5), id="topic made again"),
        pytest.param(Committed(50, NOW), Stored(50, NOW), 60, Expired(50, 60), id="expired unread"),
        pytest.param(Committed(30, None), Stored(50, NOW), 40, Sound(), id="replay of what has expired"),
        pytest.param(None, Stored(50, NOW), 60, Expired(50, 60), id="expired, and the group's offsets too"),
    ],
)
def test_verdict(
    committed: Committed | None, stored: Stored | None, log_start: int, verdict: Verdict
) -> None:
    assert judge(committed, stored, log_start) == verdict


@pytest.mark.parametrize(
    ("committed", "stored", "log", "begins"),
    [
        pytest.param(None, None, Log(40), 40, id="never met"),
        pytest.param(Committed(50, NOW), Stored(50, NOW), Log(0, None), 50, id="at rest"),
        pytest.param(Committed(50, NOW), Stored(50, NOW), Log(0, 50), 50, id="something came"),
        pytest.param(Committed(50, NOW), Stored(50, NOW), Log(0, 0), 0, id="made again, and longer"),
        pytest.param(Committed(50, NOW), Stored(50, NOW), Log(0, 48), 48, id="lost its end, and longer"),
        pytest.param(Committed(50, NOW), Stored(50, NOW), Log(0, None, 40), 40, id="lost its end"),
        pytest.param(Committed(50, NOW), Stored(50, NOW), Log(0, 42, 45), 42, id="lost its end, and shorter"),
        pytest.param(None, Stored(50, NOW), Log(0, 0), 0, id="the group's offsets went with the topic"),
        pytest.param(Committed(30, NOW), Stored(50, NOW), Log(0, 48), 30, id="killed before the commit"),
        pytest.param(Committed(0, None), Stored(50, NOW), Log(0, 50), 0, id="replay"),
        pytest.param(Committed(70, None), Stored(50, NOW), Log(0, 50), 70, id="skipped"),
        pytest.param(Committed(70, NOW), Stored(70, NOW, 50), Log(0, 50), 70, id="skipped before"),
        pytest.param(Committed(70, NOW), Stored(70, NOW, 50), Log(0, 20), 20, id="skipped, then made again"),
        pytest.param(Committed(70, THEN), Stored(5, NOW), Log(0, 5), 5, id="a commit of the former log"),
        pytest.param(Committed(50, NOW), Stored(50, NOW), Log(60, 60), 60, id="expired unread"),
    ],
)
def test_reading_begins_at(committed: Committed | None, stored: Stored | None, log: Log, begins: int) -> None:
    assert reading_begins(committed, stored, log) == begins


def test_a_stamp_is_read_back_and_a_foreign_text_is_none() -> None:
    assert Committed.of(7, stamp(NOW)) == Committed(7, NOW)
    assert Committed.of(7, "") == Committed.of(7, "kobling") == Committed(7, None)
    assert Committed.of(-1, "") is None
