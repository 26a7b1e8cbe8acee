"""Ids that a sender's system makes."""

import re
import uuid

_TEN_DIGITS = re.compile("[0-9]{10}")


def foreign_id() -> str:
    """A random UUID that nobody could take for a personal number, as one in 75 could be: those are replaced
    where they are passed on, and a test would look for them in vain.
    """
    while True:
        found = uuid.uuid4()
        if not _TEN_DIGITS.search(found.hex):
            return str(found)
