"""Follows topics: what is written there, read through the contracts, and no more of it than may be shown."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from kobling.errors import AdministrationError
from kobling.reading import consumer
from shared.cluster import Cluster
from shared.contracts.access import Principal, grants
from shared.contracts.topics import DEAD_LETTERS, REGISTRY, Topic
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Erased, Raw, Received, Tick, Unreadable

POLL_MS = 500
FOR_EACH = 2
"""Offsets for each record that is looked back for: a relay's transaction may be of one, and its marker takes
another. Where they don't suffice, twice as many are read.
"""
_VERSION = ".v1"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to follow. `asked`: topics and families; all unless named. From the end on, unless
    `from_beginning`, or with the newest `last` of each topic. It ends after `count` records, or `seconds`.
    """

    asked: Sequence[str] = ()
    from_beginning: bool = False
    last: int = 0
    count: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A record. `at`: the broker's time. `code`: of one that can't be read, or was refused, why. `data`: as
    the contract has it; what is sealed in it stays so. Of topics with personal data there is neither subject
    nor data here.
    """

    at: datetime
    topic: str
    partition: int
    offset: int
    type: str
    subject: str | None = None
    revision: int | None = None
    code: str | None = None
    data: Mapping[str, Any] | None = None


async def follow(kafka: Cluster, prefix: str, wish: Wish) -> AsyncIterator[Seen]:
    """The records, as they are committed. It joins no group and commits nothing.

    Raises AdministrationError for what is no topic, isn't there or may not be read, and KafkaError.
    """
    ends_at = None if wish.seconds is None else time.monotonic() + wish.seconds
    seen = 0
    async with consumer(kafka) as reader:
        watch = _Watch(reader, prefix, Principal.of(kafka.username), bool(wish.asked), _interrupted())
        topics = _chosen(watch.visible(await reader.topics()), wish.asked, prefix, kafka.username)
        async for record in watch.records(topics, wish, ends_at):
            yield watch.seen(topics[record.topic], record)
            seen += 1
            if seen == wish.count:
                return


def _interrupted() -> asyncio.Event:
    """Set by Ctrl-C from now on. As a cancellation it can get lost: Python 3.11's `wait_for` drops one that
    comes as what it waits for is done (python/cpython#86296).
    """
    interrupted = asyncio.Event()
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)
    return interrupted


@dataclass(slots=True)
class _Watch:
    """Reads as an account, until `interrupted`. `named`: whether it was said which topics, so that a refusal
    is told.
    """

    reader: AIOKafkaConsumer
    prefix: str
    principal: Principal | None
    named: bool
    interrupted: asyncio.Event
    parsers: dict[str, Parser] = field(default_factory=dict)

    def visible(self, present: Iterable[str]) -> dict[str, Topic]:
        """Topics of the registry by name: what is there, as far as the broker tells the account."""
        return {
            name: topic
            for name in sorted(present)
            if name.startswith(self.prefix)
            and (topic := _definition(name.removeprefix(self.prefix))) is not None
            and (self.named or self._may_read(name))
        }

    def _may_read(self, name: str) -> bool:
        """By the rules that set-up makes; of another account than these the broker decides."""
        if self.principal is None:
            return True
        return any(
            one.resource == "topic"
            and one.operation == "read"
            and (name.startswith(one.name) if one.prefixed else name == one.name)
            for one in grants(self.principal, self.prefix)
        )

    async def records(
        self, topics: Mapping[str, Topic], wish: Wish, ends_at: float | None
    ) -> AsyncIterator["ConsumerRecord[bytes, bytes]"]:
        """The newest of each topic first, in the order of time, then all that comes."""
        places = [
            TopicPartition(name, number)
            for name, topic in topics.items()
            for number in range(topic.partitions)
        ]
        self.reader.assign(places)
        ends = await self.reader.end_offsets(places)
        starts = await self.reader.beginning_offsets(places) if wish.from_beginning or wish.last else ends
        if wish.last:
            for record in await self._newest(topics, wish.last, starts, ends):
                yield record
        for place in places:
            self.reader.seek(place, starts[place] if wish.from_beginning else ends[place])
        while not self.interrupted.is_set() and (ends_at is None or time.monotonic() < ends_at):
            for record in await self._fetched(places, ends_at):
                yield record

    async def _fetched(
        self, places: Sequence[TopicPartition], ends_at: float | None
    ) -> "list[ConsumerRecord[bytes, bytes]]":
        left = POLL_MS if ends_at is None else min(POLL_MS, int((ends_at - time.monotonic()) * 1000))
        try:
            batches = await self.reader.getmany(*places, timeout_ms=max(left, 0))
        except TopicAuthorizationFailedError as refused:
            raise AdministrationError(_refused(str(refused.args[0]), self.prefix)) from None
        return sorted(chain.from_iterable(batches.values()), key=lambda record: record.timestamp)

    async def _newest(
        self,
        topics: Mapping[str, Topic],
        count: int,
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
    ) -> "list[ConsumerRecord[bytes, bytes]]":
        """The newest `count` of each topic."""
        found: dict[str, list[ConsumerRecord[bytes, bytes]]] = {name: [] for name in topics}
        for place, end in ends.items():
            back = count
            while True:
                back *= FOR_EACH
                first = max(starts[place], end - back)
                records = await self._between(place, first, end)
                if len(records) >= count or first == starts[place]:
                    break
            found[place.topic] += records[-count:]
        newest = [sorted(records, key=lambda record: record.timestamp)[-count:] for records in found.values()]
        return sorted(chain.from_iterable(newest), key=lambda record: record.timestamp)

    async def _between(
        self, place: TopicPartition, first: int, end: int
    ) -> "list[ConsumerRecord[bytes, bytes]]":
        found: list[ConsumerRecord[bytes, bytes]] = []
        self.reader.seek(place, first)
        while not self.interrupted.is_set() and await self.reader.position(place) < end:
            found += await self._fetched([place], None)
        return [record for record in found if record.offset < end]

    def seen(self, topic: Topic, record: "ConsumerRecord[bytes, bytes]") -> Seen:
        """A record as it may be shown."""
        raw = Raw.of(record)
        place = raw.broker_time, raw.topic, raw.partition, raw.offset
        if topic in DEAD_LETTERS.values():
            told = {name: (value or b"").decode(errors="replace") for name, value in raw.headers}
            return Seen(*place, "DeadLetter", told.get("dlq-id"), code=told.get("dlq-reason"))
        private = topic.personal_data == "yes"
        if topic.name not in self.parsers:
            self.parsers[topic.name] = Parser(topic, self.prefix)
        match self.parsers[topic.name].parse(raw):
            case Tick():
                return Seen(*place, "Tick")
            case Erased(key=key):
                return Seen(*place, "Erased", key)
            case Unreadable(code=code):
                return Seen(*place, "Unreadable", code=code)
            case Received(key=key, message=message, envelope=envelope, data=data):
                if private:
                    return Seen(*place, message.name)
                shown = data.model_dump(mode="json", exclude_none=True)
                return Seen(*place, message.name, key, envelope.revision, data=shown)


def _definition(name: str) -> Topic | None:
    """What the registry says of a topic without its prefix."""
    for topic in REGISTRY:
        if topic.name == name:
            return topic
        if topic.is_family and name.startswith(topic.head) and name.endswith(_VERSION):
            return topic
    return None


def _words(name: str, topic: Topic) -> set[str]:
    """By what a topic may be asked for: its name, with its version or without, and its families'."""
    parts = topic.name.removesuffix(_VERSION).split(".")
    families = {
        ".".join(parts[:length]) for length in range(1, len(parts) + 1) if "<" not in parts[length - 1]
    }
    if topic in DEAD_LETTERS.values():
        families = {parts[-1], topic.name.removesuffix(_VERSION)}
    return {name, name.removesuffix(_VERSION), topic.name, *families}


def _chosen(
    visible: Mapping[str, Topic], asked: Sequence[str], prefix: str, account: str
) -> dict[str, Topic]:
    """The topics that are followed. Raises AdministrationError where one of those asked for is not there."""
    if not asked:
        if not visible:
            raise AdministrationError(
                "there is no topic that you may read: set KOBLING_KAFKA_USERNAME and its password, or have "
                "an administrator run `kobling setup`"
            )
        return dict(visible)
    chosen: dict[str, Topic] = {}
    for word in asked:
        bare = word.removeprefix(prefix)
        found = {
            name: topic for name, topic in visible.items() if bare in _words(name.removeprefix(prefix), topic)
        }
        if not found:
            raise AdministrationError(_missing(bare, account))
        chosen |= found
    return chosen


def _missing(word: str, account: str) -> str:
    known = [topic for topic in REGISTRY if word in _words(topic.name, topic)]
    definition = _definition(word) or _definition(word + _VERSION)
    known += [definition] if definition is not None and definition not in known else []
    if not known:
        families = sorted({topic.name.removesuffix(_VERSION) for topic in REGISTRY})
        return f"{word} is no topic of Kobling's: there are {', '.join(families)}"
    who = f"the account {account}" if account else "whoever comes without an account"
    return (
        f"{word}: there is none here, or {who} may not see it. It is for {_readers(known)}: set "
        "KOBLING_KAFKA_USERNAME to an account of theirs; where none is yet, an administrator runs "
        "`kobling setup`"
    )


def _refused(name: str, prefix: str) -> str:
    topic = _definition(name.removeprefix(prefix))
    readers = _readers([] if topic is None else [topic])
    return f"{name} may not be read by this account: it is for {readers}; see KOBLING_KAFKA_USERNAME"


def _readers(topics: Sequence[Topic]) -> str:
    return ", ".join(dict.fromkeys(reader for topic in topics for reader in topic.readers))
