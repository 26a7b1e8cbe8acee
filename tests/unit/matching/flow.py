"""An oracle for rounds that shares nothing with their solver: OR-tools' min-cost flow on the whole pool."""

import numpy as np
import numpy.typing as npt
from ortools.graph.python import min_cost_flow

A_PAIR = 10**9
"""What a pair costs before its points: more than all points of any pool here together."""


def most_pairs_and_points(
    points: npt.NDArray[np.int64], allowed: npt.NDArray[np.bool_], slots: npt.NDArray[np.int32]
) -> tuple[int, int]:
    """The most pairs there can be, and the most points that so many can have.

    `points` and `allowed` are (n, m), `slots` (m,). Each receiving party is one unit of flow, through a guide
    or past all of them.
    """
    n, m = points.shape
    source, sink, party, guide = n + m, n + m + 1, np.arange(n), n + np.arange(m)
    rows, guides = np.nonzero(allowed)
    through = -(A_PAIR + points[rows, guides])
    tails = np.concatenate([np.full(n, source), rows, guide, [source]])
    heads = np.concatenate([party, n + guides, np.full(m, sink), [sink]])
    rooms = np.concatenate([np.ones(n), np.ones(len(rows)), slots, [n]])
    costs = np.concatenate([np.zeros(n), through, np.zeros(m), [0]])
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(
        tails.astype(np.int32), heads.astype(np.int32), rooms.astype(np.int64), costs.astype(np.int64)
    )
    flow.set_nodes_supplies(np.array([source, sink], dtype=np.int32), np.array([n, -n], dtype=np.int64))
    if flow.solve() != flow.OPTIMAL:
        raise RuntimeError("the flow was not solved")
    pairs = -flow.optimal_cost() // A_PAIR
    return pairs, -flow.optimal_cost() - pairs * A_PAIR
