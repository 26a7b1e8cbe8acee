"""Work on a whole pool in a worker process, with the event loop free meanwhile.

A pool of thousands is pickled, and its result read, a few people at a time: at once it would keep every
consumer of the process waiting for as long as that takes.
"""

import asyncio
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from anyio import to_process

from services.matching import wire
from services.matching.domain.party import Pool
from services.matching.domain.solve import prepare

SLICE = 200
"""People, or proposals, that are pickled or read at once: a few milliseconds."""
NICE = 5
"""What a worker's priority is lowered by: where processors are scarce, records go before rounds, which get a
third of what they would have had."""

P = ParamSpec("P")
T = TypeVar("T")
Part = tuple[str, bytes]
"""A slice of the field of this name; of no name, all that is in no slice."""


async def warm_up() -> None:
    """Starts a worker process and has it import the solver, so that the first round need not wait for it."""
    await to_process.run_sync(_ready)


def _ready() -> None:
    """What a worker does to be ready."""
    prepare()


async def on_pool(
    work: Callable[Concatenate[Pool, P], T], pool: Pool, *given: P.args, **named: P.kwargs
) -> T:
    """What `work` says of a pool, its people's languages made comparable, in a worker process."""
    sent: list[Part] = []
    for part in parts_of(pool):
        sent.append(part)
        await asyncio.sleep(0)
    found: Joined[T] = Joined()
    for part in await to_process.run_sync(worked, os.getpid(), work, sent, given, named):
        found.take(part)
        await asyncio.sleep(0)
    return found.whole()


def worked(
    asker: int, work: Callable[..., Any], sent: list[Part], given: Any, named: dict[str, Any]
) -> list[Part]:
    """What a worker does; never in the process of who asks but in tests."""
    if os.getpid() != asker and os.nice(0) < NICE:
        os.nice(NICE)
    pool: Joined[Pool] = Joined()
    for part in sent:
        pool.take(part)
    return list(parts_of(work(wire.compared(pool.whole()), *given, **named)))


def parts_of(value: Any) -> Iterator[Part]:
    """A value in parts: the tuples among a data class's fields in slices, before them the rest."""
    fields = getattr(value, "__dataclass_fields__", ())
    tuples = {name: item for name in fields if isinstance(item := getattr(value, name), tuple)}
    yield "", pickle.dumps(replace(value, **dict.fromkeys(tuples, ())) if tuples else value)
    for name, items in tuples.items():
        for start in range(0, len(items), SLICE):
            yield name, pickle.dumps(items[start : start + SLICE])


class Joined(Generic[T]):
    """A value from its parts."""

    def __init__(self) -> None:
        self._rest: Any = None
        self._tuples: dict[str, list[Any]] = {}

    def take(self, part: Part) -> None:
        """The next part, in order."""
        name, data = part
        # Only ever between this process and its own worker.
        read = pickle.loads(data)  # noqa: S301 (our own worker's bytes)
        if name:
            self._tuples.setdefault(name, []).extend(read)
        else:
            self._rest = read

    def whole(self) -> T:
        """The value, once all parts are there."""
        tuples = {name: tuple(items) for name, items in self._tuples.items()}
        whole: T = replace(self._rest, **tuples) if tuples else self._rest
        return whole
