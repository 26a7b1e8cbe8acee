"""Identifiers: time-ordered ones for records, random ones for subjects."""

import uuid_utils

from shared.personal_numbers import is_chosen_as_personal_number
from shared.randomness import random_bytes

SUBJECT_CHARACTERS = 24
"""Five random bits each: 120, past the 80 that contracts promise."""
_BASE32 = bytes(b"abcdefghijklmnopqrstuvwxyz234567"[byte % 32] for byte in range(256))
"""A random byte's character: each stands for as many bytes as any other."""


def new_event_id() -> str:
    """A UUID version 7: unique, and in rough order of time for whoever reads a log."""
    return str(uuid_utils.uuid7())


def new_command_id() -> str:
    """A UUID version 7 under which a command's reply is found: of all others one in some thousands seems a
    personal number, and its reply bears another id.
    """
    while is_chosen_as_personal_number(id_ := new_event_id()):
        continue
    return id_


def new_chain_id() -> str:
    """A UUID version 4, which tells neither what it was made for nor when."""
    return str(uuid_utils.uuid4())


def new_subject(prefix: str) -> str:
    """A random reference such as `refugee-mfzwizltoq2gk3tnnz2gs5dt`, derived from nothing."""
    return f"{prefix}-{random_bytes(SUBJECT_CHARACTERS).translate(_BASE32).decode()}"


def derived_subject(prefix: str, digest: bytes) -> str:
    """A reference of the same form from a keyed digest of `SUBJECT_CHARACTERS` bytes or more: to whoever has
    not the key it is as random, and whoever has it makes the same again.
    """
    return f"{prefix}-{digest[:SUBJECT_CHARACTERS].translate(_BASE32).decode()}"
