"""Since when people waited in programmes that they left by moving: it holds once they wait in one of the same
name where they live now.
"""

from datetime import date

from shared.values import value


@value
class Waited:
    """Since when somebody waited in a programme."""

    programme: str
    since: date


Seniority = tuple[Waited, ...]
"""What somebody brings from where they lived before, a programme once."""


def since(seniority: Seniority, programme: str) -> date | None:
    """Since when they waited in a programme, if they did."""
    return next((one.since for one in seniority if one.programme == programme), None)


def without(seniority: Seniority, programme: str) -> Seniority:
    """The same but for a programme, in which they wait again, or anew."""
    return tuple(one for one in seniority if one.programme != programme)
