"""Processes of this machine."""

import os


def lives(pid: int) -> bool:
    """Whether there is a process with this id, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
