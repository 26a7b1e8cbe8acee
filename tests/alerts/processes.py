"""Processes of an installation, to be stopped, gone on with and killed by their ids."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def standing_still(*pids: int) -> Iterator[None]:
    """Processes that do nothing meanwhile."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            # A pool of workers ends those that were idle for long.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def below(pid: int) -> list[int]:
    """The process's children and theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *below(child)]
    return found


def with_word(word: str, directory: Path) -> int:
    """The process of an installation's directory whose command holds a word."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            told = any(str(directory) in part for part in command)
            if told and any(word in part for part in command) and int(entry.name) != os.getpid():
                return int(entry.name)
    raise LookupError(word)
