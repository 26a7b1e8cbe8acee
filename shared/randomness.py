"""Random bytes of the system's generator, read in blocks.

A call of the system for each key and each nonce took a tenth of what deciding on a settlement does.
"""

import os
import threading

BLOCK = 4096
"""Bytes read at once."""


class _Block(threading.local):
    """What is left of a thread's block: two threads never get the same bytes."""

    held: bytes = b""
    taken: int = 0


_block = _Block()


def random_bytes(count: int) -> bytes:
    """`count` bytes that nobody can foretell and nobody else gets: for keys, nonces and references."""
    start = _block.taken
    end = start + count
    if end > len(_block.held):
        _block.held, start, end = os.urandom(max(BLOCK, count)), 0, count
    _block.taken = end
    return _block.held[start:end]


def _forget() -> None:
    """A forked process would give out what its parent does."""
    _block.held, _block.taken = b"", 0


os.register_at_fork(after_in_child=_forget)
