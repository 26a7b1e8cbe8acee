"""Lengths of time and times of day in packs, as ISO 8601 writes them, each with its bounds."""

import re
from typing import Annotated

from pydantic import StringConstraints

AnswerDays = Annotated[
    str, StringConstraints(pattern=r"^P([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])D$")
]
"""1 to 365 whole days as ISO 8601 writes them: `P14D`."""
ExclusionDays = Annotated[
    str,
    StringConstraints(pattern=r"^P([0-9]|[1-9][0-9]{1,2}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]|3650)D$"),
]
"""0 to 3,650 whole days."""
Months = Annotated[str, StringConstraints(pattern=r"^P([1-9]|[1-5][0-9]|60)M$")]
"""1 to 60 whole months: `P12M`."""
LocalTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of day by a municipality's own clock: `03:00`."""
_NUMBER = re.compile(r"[0-9]+")


def number_of(period: str) -> int:
    """How many days or months such a period has."""
    found = _NUMBER.search(period)
    if found is None:
        raise ValueError("a period has a number, such as P14D")
    return int(found[0])
