"""What goes to a worker and comes back is whole, however many slices it is in."""

import os
from typing import Any

from services.matching import wire
from services.matching.domain.party import Pool
from services.matching.domain.rounds import RoundResult, run_round
from services.matching.worker import SLICE, Joined, parts_of, worked
from tests.unit.matching.pools import random_pool


def still() -> float:
    return 0.0


def answered(work: Any, pool: Pool, *given: Any) -> Any:
    """What a worker's answer says, in this process."""
    found: Joined[Any] = Joined()
    for part in worked(os.getpid(), work, list(parts_of(pool)), given, {}):
        found.take(part)
    return found.whole()


def test_a_pool_in_several_slices_gives_the_same_round() -> None:
    pool = random_pool(1, SLICE + 60, SLICE + 50)
    found = answered(run_round, pool, "round-1", still)
    assert isinstance(found, RoundResult)
    assert found == run_round(wire.compared(pool), "round-1", still)


def test_no_slice_holds_more_people_than_are_read_at_once() -> None:
    names = [name for name, _ in parts_of(random_pool(1, SLICE + 1, 2 * SLICE))]
    assert sorted(names) == ["", "giving", "giving", "receiving", "receiving"]


def test_what_has_no_slices_comes_back_too() -> None:
    assert answered(lambda _: None, random_pool(1, 3, 3)) is None
    assert answered(lambda pool: len(pool.giving), random_pool(1, 3, 4)) == 4
