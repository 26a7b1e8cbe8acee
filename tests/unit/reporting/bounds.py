"""What a reader of published figures can work out, by integer programming and not by the code under test."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

SOLVED, INFEASIBLE = 0, 2


@dataclass
class Reader:
    """Counts by name, whole and not negative, and what is known of them."""

    names: Sequence[str]
    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    rows: list[tuple[Mapping[str, float], float, float]] = field(default_factory=list)

    def knows(self, name: str, low: float, high: float = math.inf) -> None:
        self.low[name], self.high[name] = low, high

    def relates(self, weights: Mapping[str, float], low: float, high: float = math.inf) -> None:
        """The weighted sum lies between `low` and `high`."""
        self.rows.append((weights, low, high))

    def broken(self, counts: Mapping[str, float]) -> list[Mapping[str, float]]:
        """What these counts, by name, do not keep to; where one is not given, nothing is said."""
        known = [row for row in self.rows if row[0].keys() <= counts.keys()]
        return [weights for weights, low, high in known if not low <= _sum(weights, counts) <= high]

    def can_be(self, cell: Mapping[str, float], value: int) -> bool:
        """Whether a weighted sum can have this value, for all that is known: if such counts are found."""
        place = {one: index for index, one in enumerate(self.names)}
        rows = [*self.rows, (cell, value, value)]
        matrix = np.zeros((len(rows), len(place)))
        for index, (weights, _, _) in enumerate(rows):
            for one, weight in weights.items():
                matrix[index, place[one]] = weight
        found = milp(
            np.zeros(len(place)),
            integrality=np.ones(len(place), dtype=np.int8),
            bounds=Bounds(
                [self.low.get(one, 0) for one in self.names],
                [self.high.get(one, math.inf) for one in self.names],
            ),
            constraints=LinearConstraint(matrix, [low for _, low, _ in rows], [high for _, _, high in rows]),
            # With it, HiGHS calls some of these infeasible for which it finds a solution without.
            options={"presolve": False},
        )
        assert found.status in {SOLVED, INFEASIBLE}, found.message
        return bool(found.status == SOLVED)


def _sum(weights: Mapping[str, float], counts: Mapping[str, float]) -> float:
    return sum(weight * counts[one] for one, weight in weights.items())
