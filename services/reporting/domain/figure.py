"""What a figure is: what it counts and of whom, and how it is shown."""

from typing import Literal

from shared.values import value

Kind = Literal["flow", "level", "share"]
Scope = Literal["municipality", "programme"]
Unit = Literal["people", "pairs", "rounds", "days", "percent"]


@value
class Figure:
    """One figure, by its code.

    A `flow` is counted once, in the month it falls in, or in the first open one if that is closed already; a
    year's is the sum of its months'. A `level` is how many there are when the month
    closes; a year's is that of its last month. A `share` is of what the month counted, in percent; a year's
    is the mean of its months'. `source` names the fields and records that define it.
    """

    name: str
    kind: Kind
    scope: Scope
    meaning: str
    source: str
    unit: Unit = "people"
    at_close: bool = False
    """Whether a flow is shown when its month closes, as levels and shares are, and not before."""

    @property
    def of_people(self) -> bool:
        """Whether it says something of people, and so is rounded; else it is shown as it was counted."""
        return self.unit != "rounds"
