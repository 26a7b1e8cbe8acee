"""`kobling up`, interrupted or asked for twice, leaves what it says it leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from deploy import background
from deploy.local.supervision import is_supervised

UP = """
import signal, sys
from deploy.cli import up
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(up())
"""
BEGINS_WITHIN = 6.0
"""Seconds within which an installation that was left behind would have its lock."""


def up(directory: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "KOBLING_RUN": str(directory)}
    command = [sys.executable, "-c", UP]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603


def test_nothing_comes_up_after_an_early_interrupt(tmp_path: Path) -> None:
    with up(tmp_path) as process:
        while not (tmp_path / "installation.log").exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    until = time.monotonic() + BEGINS_WITHIN
    try:
        while time.monotonic() < until:
            assert not is_supervised(tmp_path)
            time.sleep(0.1)
    finally:
        background.stop(tmp_path)
