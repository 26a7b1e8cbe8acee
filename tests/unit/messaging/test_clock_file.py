import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.clock import Clock, FileTime, move_clock
from shared.settings import ServiceSettings, load_settings

MACHINE = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clock"
    move_clock(path, timedelta(days=-365))
    return path


@pytest.fixture
def clock(file: Path) -> Clock:
    return Clock(source=FileTime(file, lambda: MACHINE))


def test_the_offset_is_what_the_file_holds(clock: Clock) -> None:
    assert clock.now() == datetime(2025, 11, 27, 12, tzinfo=UTC)


def test_a_clock_that_runs_is_moved_on(clock: Clock, file: Path) -> None:
    clock.now()
    move_clock(file, timedelta(days=-300))
    assert clock.now() == MACHINE - timedelta(days=300)
    file.write_text("-P10DT12H")
    os.utime(file, ns=(1, 1))
    assert clock.now() == MACHINE - timedelta(days=10, hours=12)


def test_time_never_goes_back(clock: Clock, file: Path) -> None:
    move_clock(file, timedelta(days=-400))
    assert clock.now() == MACHINE - timedelta(days=365)


@pytest.mark.parametrize("content", ["", "soon", "P"])
def test_what_holds_no_span_changes_nothing(clock: Clock, file: Path, content: str) -> None:
    file.write_text(content)
    os.utime(file, ns=(1, 1))
    assert clock.now() == MACHINE - timedelta(days=365)
    file.unlink()
    assert clock.now() == MACHINE - timedelta(days=365)
    move_clock(file, timedelta(days=-1))
    assert clock.now() == MACHINE - timedelta(days=1)


def test_settings_give_the_clock_of_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_CLOCK_FILE", str(file))
    monkeypatch.setenv("INTAKE_CLOCK_OFFSET", "P1000D")
    clock = load_settings(ServiceSettings, prefix="INTAKE_").clock()
    assert abs(clock.now() - (datetime.now(UTC) - timedelta(days=365))) < timedelta(hours=1)


def test_a_service_does_not_start_without_its_clock_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INTAKE_CLOCK_FILE", str(tmp_path / "none"))
    with pytest.raises(SystemExit):
        load_settings(ServiceSettings, prefix="INTAKE_")
    assert "INTAKE_CLOCK_FILE: Value error, must be a file that holds a span" in capsys.readouterr().err
