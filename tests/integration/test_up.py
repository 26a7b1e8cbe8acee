"""`python -m deploy up`, interrupted or asked for twice, leaves what it says it leaves."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer

from deploy import background
from deploy.installation import addresses_file
from deploy.local.supervision import is_supervised, supervisor_lock

UP = """
import signal, sys
from deploy.__main__ import up
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(up())
"""
BEGINS_WITHIN = 6.0
"""Seconds within which an installation that was left behind would have its lock."""


def up(directory: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "KOBLING_RUN": str(directory)}
    command = [sys.executable, "-c", UP]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 (our own command)


def test_nothing_comes_up_after_an_early_interrupt(tmp_path: Path) -> None:
    with up(tmp_path) as process:
        while not (tmp_path / "installation.log").exists():
            assert process.poll() is None
            # Between looks at another process's file.
            time.sleep(0.01)
        # Long enough for the installation to be a process, too short for it to hold its lock.
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    until = time.monotonic() + BEGINS_WITHIN
    try:
        while time.monotonic() < until:
            # Looked at all the while: nothing may happen, and nothing tells when it does.
            assert not is_supervised(tmp_path)
            time.sleep(0.1)
    finally:
        background.stop(tmp_path)


def test_the_second_of_two_leaves_what_the_first_has_written(tmp_path: Path) -> None:
    found = {"pid": os.getpid(), "kafka": "127.0.0.1:1"}
    written = {tmp_path / "logs" / "intake.log", tmp_path / "mail" / "1", tmp_path / "installation.log"}
    for path in written:
        path.parent.mkdir(exist_ok=True)
        path.write_text("the first's")
    with supervisor_lock(tmp_path):
        ready = Timer(1, lambda: addresses_file(tmp_path).write_text(json.dumps(found)))
        ready.start()
        assert background.start(tmp_path) == found
        ready.join()
    assert {path: path.read_text() for path in written if path.exists()} == dict.fromkeys(
        written, "the first's"
    )


def test_what_a_killed_one_has_left_is_not_taken_for_the_next_ones(tmp_path: Path) -> None:
    addresses_file(tmp_path).write_text(json.dumps({"pid": os.getpid() + 1}))
    with supervisor_lock(tmp_path):
        assert background.running(tmp_path) is None
