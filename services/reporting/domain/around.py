"""What binds a programme's figures from outside: what its municipality shows, and how long its pairs last."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from services.reporting.domain import figures
from services.reporting.domain.outcomes import Duration, Trail, Values
from shared.values import value

REGISTERED, APPROVED = figures.SETTLEMENTS_REGISTERED.name, figures.VOLUNTEERS_APPROVED.name
AWAY = (figures.VOLUNTEERS_PAUSED.name, figures.VOLUNTEERS_LAPSED.name)
MOST_PAIRS = 20
"""The greatest capacity that a guide may have: so many pairs at once."""


@value
class Around:
    """What a municipality shows in all by the end of each month, by month: `registered` as settled,
    `approved` of its volunteers and `free` of these, without those shown as away. `trail`: what it showed as
    registered by the end of each month that is closed.
    """

    registered: Values = field(default_factory=dict)
    approved: Values = field(default_factory=dict)
    free: Values = field(default_factory=dict)
    trail: Trail = field(default_factory=dict)
    duration: Duration = field(default_factory=Duration)

    def couples(self, month: str) -> int:
        """How many pairs there may be at once, by who is shown on either side."""
        return min(self.registered.get(month, 0), MOST_PAIRS * self.approved.get(month, 0))


NOTHING = Around()


def around(years: Sequence[tuple[Values, Trail, Mapping[str, Values]]], duration: Duration) -> Around:
    """What the municipality's years show, each given by what it began with, shown in all and by month, and
    what its months show.
    """
    registered: dict[str, int] = {}
    approved: dict[str, int] = {}
    free: dict[str, int] = {}
    trail: dict[str, Values] = {}
    for before, earlier, months in years:
        trail |= earlier
        settled, volunteers = before.get(REGISTERED, 0), before.get(APPROVED, 0)
        for month, shown in months.items():
            settled += shown.get(REGISTERED, 0)
            volunteers += shown.get(APPROVED, 0)
            registered[month], approved[month] = settled, volunteers
            free[month] = volunteers - sum(shown.get(name, 0) for name in AWAY)
            trail[month] = {REGISTERED: settled}
    return Around(registered, approved, free, trail, duration)
