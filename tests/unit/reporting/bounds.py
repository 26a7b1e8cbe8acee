"""What a reader of published figures can work out, by integer programming and not by the code under test."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

UNBOUNDED, SOLVED = 3, 0


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

    def works_out(self, cell: Mapping[str, float]) -> tuple[float, float]:
        """The least and the greatest value of a weighted sum that fits everything."""
        return self._extreme(cell, 1), -self._extreme(cell, -1)

    def _extreme(self, cell: Mapping[str, float], sign: int) -> float:
        place = {one: index for index, one in enumerate(self.names)}
        target = np.zeros(len(place))
        for one, weight in cell.items():
            target[place[one]] = sign * weight
        matrix = np.zeros((max(len(self.rows), 1), len(place)))
        lows, highs = np.full(len(matrix), -math.inf), np.full(len(matrix), math.inf)
        for index, (weights, low, high) in enumerate(self.rows):
            for one, weight in weights.items():
                matrix[index, place[one]] = weight
            lows[index], highs[index] = low, high
        found = milp(
            target,
            integrality=np.ones(len(place), dtype=np.int8),
            bounds=Bounds(
                [self.low.get(one, 0) for one in self.names],
                [self.high.get(one, math.inf) for one in self.names],
            ),
            constraints=LinearConstraint(matrix, lows, highs),
        )
        if found.status == SOLVED and found.fun is not None:
            return float(found.fun)
        # HiGHS also says "unbounded or infeasible" (4): the true counts always fit, so it is unbounded.
        assert found.status in {UNBOUNDED, 4}, found.message
        return -math.inf
