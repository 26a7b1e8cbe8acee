"""Ports are given to one process at a time."""

import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import ports

GIVE = "from deploy.local.ports import free_ports; print(*free_ports(1), flush=True); input()"


def chosen(monkeypatch: pytest.MonkeyPatch, *offers: int) -> list[int]:
    """What is given where chance offers these first, one after the other."""
    drawn, by_chance = iter(offers), secrets.randbelow
    monkeypatch.setattr(
        secrets, "randbelow", lambda below: next(drawn, ports._LOWEST + by_chance(below)) - ports._LOWEST
    )
    return ports.free_ports(1)


def test_a_port_is_given_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ports.free_ports(2)
    (third,) = chosen(monkeypatch, first, second)
    assert len({first, second, third}) == 3


def test_a_port_that_another_process_was_given_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[3]
    with subprocess.Popen(  # noqa: S603 (our own program)
        [sys.executable, "-c", GIVE], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        taken = int(other.stdout.readline())
        assert chosen(monkeypatch, taken) != [taken]
        other.stdin.write("\n")
    monkeypatch.undo()
    assert chosen(monkeypatch, taken) == [taken]
