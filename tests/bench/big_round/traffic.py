"""Records at a steady rate, and when each of them was handled."""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pymongo import MongoClient
from pymongo.read_concern import ReadConcern

from shared.contracts.envelope import CONTENT_TYPE
from tests.bench.big_round.crowd import State

_HEADERS: list[tuple[str, str | bytes | None]] = [("content-type", CONTENT_TYPE.encode())]
LOOK_SECONDS = 0.01
"""How often the database is asked how far each partition was handled: what a time is known to."""
PATIENCE_SECONDS = 120.0

Place = tuple[str, int]


def _producer(kafka: str, linger_ms: int) -> Producer:
    return Producer({"bootstrap.servers": kafka, "enable.idempotence": True, "linger.ms": linger_ms})


class Handled:
    """How far each partition has been handled, looked at again and again in a thread of its own.

    `positions` are written with the effects of the records, in one transaction.
    """

    def __init__(self, mongodb: str, database: str) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(mongodb)
        found = self._client.get_database(database, read_concern=ReadConcern("majority"))
        self._positions = found["positions"]
        self._seen: dict[Place, tuple[list[int], list[float]]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Handled":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        fields = {"topic": 1, "partition": 1, "next_offset": 1}
        while not self._stopping.wait(LOOK_SECONDS):
            found = list(self._positions.find({}, fields))
            now = time.perf_counter()
            for one in found:
                offsets, times = self._seen.setdefault((one["topic"], one["partition"]), ([], []))
                if not offsets or one["next_offset"] > offsets[-1]:
                    offsets.append(one["next_offset"])
                    times.append(now)

    def at(self, place: Place, offset: int) -> float | None:
        """When the record at an offset was first seen to be handled; None where it has not been."""
        offsets, times = self._seen.get(place, ([], []))
        index = bisect_left(offsets, offset + 1)
        return times[index] if index < len(times) else None

    def wait(self, places: dict[Place, int]) -> None:
        """Returns once the record at each of these offsets is handled."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(self.at(place, offset) is None for place, offset in places.items()):
            if time.monotonic() > deadline:
                raise RuntimeError("not everything was handled")
            # A thread of its own looks: there is no loop to await, and no more to see before it has.
            time.sleep(LOOK_SECONDS)


class Sent:
    """Records that the broker has taken: where each stands, and when it was handed over."""

    def __init__(self) -> None:
        self.records: list[tuple[Place, int, float]] = []
        self._failure: KafkaError | None = None

    def note(self, at: float) -> Callable[[KafkaError | None, Message], None]:
        """What to call once the broker has answered for a record."""

        def answered(error: KafkaError | None, message: Message) -> None:
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            if error is not None or topic is None or partition is None or offset is None:
                self._failure = error
            else:
                self.records.append(((topic, partition), offset, at))

        return answered

    def checked(self) -> "Sent":
        """Raises KafkaException where one was not taken."""
        if self._failure is not None:
            raise KafkaException(self._failure)
        return self

    @property
    def last(self) -> dict[Place, int]:
        """The last offset of each partition."""
        found: dict[Place, int] = {}
        for place, offset, _ in self.records:
            found[place] = max(offset, found.get(place, -1))
        return found

    def waits(self, handled: Handled, since: float, until: float) -> list[float]:
        """Milliseconds from handing over to being handled, ascending, of what was sent in a span of time."""
        return sorted(
            (at - sent) * 1000
            for place, offset, sent in self.records
            if since <= sent < until and (at := handled.at(place, offset)) is not None
        )


def send_all(kafka: str, prefix: str, states: Iterable[State]) -> Sent:
    """Sends states as fast as the broker takes them."""
    sender, sent = _producer(kafka, 5), Sent()
    for topic, key, value in states:
        sender.produce(
            prefix + topic.name,
            key=key.encode(),
            value=value,
            headers=_HEADERS,
            on_delivery=sent.note(time.perf_counter()),
        )
        sender.poll(0)
    if sender.flush(60):
        raise RuntimeError("the broker did not take all states")
    return sent.checked()


class Stream:
    """States at a steady rate until it is told to stop, in a thread of its own."""

    def __init__(self, kafka: str, prefix: str, rate: int, state: Callable[[int], State]) -> None:
        self.sent = Sent()
        self._kafka, self._prefix, self._rate, self._state = kafka, prefix, rate, state
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Stream":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self.sent.checked()

    def _run(self) -> None:
        sender = _producer(self._kafka, 0)
        begun, number = time.perf_counter(), 0
        while not self._stopping.is_set():
            # All that are due by now: a thread that was kept waiting catches up.
            while number < (time.perf_counter() - begun) * self._rate:
                topic, key, value = self._state(number)
                sender.produce(
                    self._prefix + topic.name,
                    key=key.encode(),
                    value=value,
                    headers=_HEADERS,
                    on_delivery=self.sent.note(begun + number / self._rate),
                )
                number += 1
            sender.poll(0.005)
        sender.flush(30)
