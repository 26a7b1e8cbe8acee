"""Starts a service with something in it that goes wrong: `python -m tests.faults.launcher SERVICE`.

The service's own code is untouched: what it awaits of its libraries is wrapped before it starts. The
environment says what (`Flaw.environment` writes it):

- `FAULTS_POINT` `name:n:signal`: at the n-th passage of a named point the process sends itself the signal
- `FAULTS_RAISES` `*` or the beginning of a key: handlers raise on all records, or on those with such keys
- `FAULTS_NEWER` `1`: everything sent carries fields that this release does not know
- `FAULTS_LARGEST` bytes: records to send may be no larger
"""

import functools
import json
import os
import runpy
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from signal import Signals
from typing import Any, Literal, get_args

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.consumer.group_coordinator import GroupCoordinator
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorCollection

from shared.messaging import work
from shared.messaging.batches.batch_consumer import BatchConsumer
from shared.messaging.reading.outcome import Outcome
from shared.messaging.reading.records import Handled, Readable
from shared.messaging.subscription import Hearing, Subscription

Point = Literal[
    "after_poll",
    "in_transaction",
    "before_commit",
    "after_commit",
    "after_offset_commit",
    "during_revoke",
    "sent_not_acked",
    "acked_not_deleted",
]
CONSUMER_POINTS: tuple[Point, ...] = get_args(Point)[:6]
MEBIBYTE = 1024 * 1024
NEWER_ATTRIBUTE = "addedlater"

Step = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a process; nothing by default."""

    point: Point | None = None
    passage: int = 1
    signal: Signals = Signals.SIGKILL
    raises: str = ""
    newer: bool = False
    largest: int = 0

    @property
    def environment(self) -> dict[str, str]:
        """The flaw as the launcher reads it; empty where there is none."""
        point = f"{self.point}:{self.passage}:{int(self.signal)}" if self.point else ""
        settings = {
            "FAULTS_POINT": point,
            "FAULTS_RAISES": self.raises,
            "FAULTS_NEWER": "1" if self.newer else "",
            "FAULTS_LARGEST": str(self.largest or ""),
        }
        return {name: value for name, value in settings.items() if value}


SOUND = Flaw()


@dataclass(slots=True)
class _Trap:
    """Sends the signal at the n-th passage, and at no other."""

    passages: int
    signal: int

    def pass_by(self) -> None:
        self.passages -= 1
        if self.passages == 0:
            os.kill(os.getpid(), self.signal)


def _wrap(owner: type, name: str, around: Callable[[Step], Step]) -> None:
    """Replaces a method; a library that has it no more is an error, not a point that is never met."""
    setattr(owner, name, functools.wraps(getattr(owner, name))(around(getattr(owner, name))))


def _before(trap: _Trap) -> Callable[[Step], Step]:
    def around(step: Step) -> Step:
        async def wrapped(*arguments: Any, **options: Any) -> Any:
            trap.pass_by()
            return await step(*arguments, **options)

        return wrapped

    return around


def _after(
    trap: _Trap, counts: Callable[[Sequence[Any], dict[str, Any], Any], bool]
) -> Callable[[Step], Step]:
    """Passes by where `counts(arguments, options, result)` says that it is a passage."""

    def around(step: Step) -> Step:
        async def wrapped(*arguments: Any, **options: Any) -> Any:
            result = await step(*arguments, **options)
            if counts(arguments, options, result):
                trap.pass_by()
            return result

        return wrapped

    return around


def _always(*_: Any) -> bool:
    return True


def _of_subscription(arguments: Sequence[Any], _: dict[str, Any], result: Any) -> bool:
    """Whether a subscription's consumer has got something, or committed something."""
    return isinstance(arguments[0], BatchConsumer) and (result is None or bool(result))


def _in_transaction(_: Sequence[Any], options: dict[str, Any], __: Any) -> bool:
    session = options.get("session")
    return session is not None and bool(session.in_transaction)


def _revoked(arguments: Sequence[Any], _: dict[str, Any], __: Any) -> bool:
    return arguments[1] is not None and bool(arguments[1].tps)


def set_trap(point: Point, trap: _Trap) -> None:
    """Wraps what the point is about."""
    match point:
        case "after_poll":
            _wrap(AIOKafkaConsumer, "getmany", _after(trap, _of_subscription))
        case "in_transaction":
            _wrap(AsyncIOMotorCollection, "bulk_write", _after(trap, _in_transaction))
            _wrap(AsyncIOMotorCollection, "insert_many", _after(trap, _in_transaction))
        case "before_commit":
            _wrap(AsyncIOMotorClientSession, "commit_transaction", _before(trap))
        case "after_commit":
            _wrap(AsyncIOMotorClientSession, "commit_transaction", _after(trap, _always))
        case "after_offset_commit":
            _wrap(AIOKafkaConsumer, "commit", _after(trap, _of_subscription))
        case "during_revoke":
            _wrap(GroupCoordinator, "_on_join_prepare", _after(trap, _revoked))
        case "sent_not_acked":
            _wrap(AIOKafkaProducer, "commit_transaction", _before(trap))
        case "acked_not_deleted":
            _wrap(AIOKafkaProducer, "commit_transaction", _after(trap, _always))


def raise_on(keys: str) -> None:
    """Has every subscription's handler raise on records whose key begins so; `*` is every record."""
    whole = Subscription.__init__

    def made(self: Subscription, topic: Any, apply: Any, *more: Any, **options: Any) -> None:
        hears = isinstance(apply, Hearing)
        step = apply.apply if hears else apply

        async def flawed(items: Sequence[Readable | Handled], *doing: Any) -> Sequence[Outcome]:
            fresh = [item for item in items if not isinstance(item, Handled)]
            if any(keys == "*" or record.key.startswith(keys) for record in fresh):
                raise ZeroDivisionError
            outcomes: Sequence[Outcome] = await step(items, *doing)
            return outcomes

        whole(self, topic, Hearing(flawed) if hears else flawed, *more, **options)

    Subscription.__init__ = made  # type: ignore[method-assign]


def write_as_a_newer_release() -> None:
    """Adds a field and an attribute to everything sent that has data, where it goes into the outbox."""

    def around(step: Step) -> Step:
        async def wrapped(self: Any, documents: list[dict[str, Any]], *rest: Any, **options: Any) -> Any:
            if self.name == "outbox":
                documents = [_newer_bundle(bundle) for bundle in documents]
            return await step(self, documents, *rest, **options)

        return wrapped

    _wrap(AsyncIOMotorCollection, "insert_many", around)


def _newer_bundle(bundle: dict[str, Any]) -> dict[str, Any]:
    return {**bundle, "rows": [[key, _newer(value)] for key, value in bundle["rows"]]}


def _newer(value: bytes | None) -> bytes | None:
    if not value or not value.startswith(b"{"):
        return value
    document = json.loads(value)
    document[NEWER_ATTRIBUTE] = "1"
    document["data"]["added_later"] = {"level": 1}
    return json.dumps(document).encode()


def limit_outgoing(largest: int) -> None:
    """Leaves a record so few bytes under its topic's limit."""
    if not hasattr(work, "HEADROOM"):
        raise AttributeError("shared.messaging.work has no HEADROOM any more")
    work.HEADROOM = MEBIBYTE - largest


def main() -> None:
    """Makes the flaw, then runs the service's own main."""
    said = os.environ
    if point := said.get("FAULTS_POINT"):
        name, passage, number = point.split(":")
        set_trap(name, _Trap(int(passage), int(number)))  # type: ignore[arg-type]
    if keys := said.get("FAULTS_RAISES"):
        raise_on(keys)
    if said.get("FAULTS_NEWER"):
        write_as_a_newer_release()
    if largest := said.get("FAULTS_LARGEST"):
        limit_outgoing(int(largest))
    runpy.run_module(f"services.{sys.argv[1]}", run_name="__main__")


if __name__ == "__main__":
    main()
