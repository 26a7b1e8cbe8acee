"""Holds services' databases against the topics: what was read, what is stored, what is still to be sent.

Nothing is changed. What differs is looked at a second time: on a running system records are on their way.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any, Literal, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from kobling.groups import groups_of
from kobling.reading import consumer
from kobling.state import FOLLOWS, RECONCILED
from shared.cluster import Cluster
from shared.contracts.topics import Service
from shared.messaging.places.admission import GroupOffsets, group_offsets
from shared.messaging.state_hash import Follower
from shared.mongo import Database, ObjectId
from shared.settings import ServiceSettings

Check = Literal["lag", "subjects", "outbox", "dead letters", "reconciliation"]
AT_ONCE = 1000
"""Subjects that one query asks for."""
MOST = 1000
"""Differing subjects of a topic that are told by name, and bundles of an outbox that are remembered."""
POLL_MS = 200
WAIT = timedelta(milliseconds=20)
"""For a record of a partition whose end is known: one after another is read, and nobody waits for more."""
TICK = "_"
AGAIN = timedelta(seconds=5)
"""When what differs is looked at again: some times what a record takes from service to service."""


class Difference(NamedTuple):
    """A subject's newest revision as the topic has it, and as it is stored; None where there is none."""

    subject: str
    in_topic: int | None
    stored: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look came to. `count`: of records not read, of subjects that differ, of bundles not sent, of
    letters, or of refugees by which both sides differ.
    """

    service: Service
    check: Check
    topic: str = ""
    in_topic: int | None = None
    stored: int | None = None
    count: int = 0
    differing: Sequence[Difference] = ()
    remedy: str = ""

    @property
    def good(self) -> bool:
        """Whether it adds up."""
        return self.count == 0

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "service": self.service,
            "check": self.check,
            "topic": self.topic,
            "good": self.good,
            "count": self.count,
            **({"in_topic": self.in_topic, "stored": self.stored} if self.check == "subjects" else {}),
            **({"differing": [one._asdict() for one in self.differing]} if self.differing else {}),
            **({"remedy": self.remedy} if not self.good else {}),
        }


@dataclass(slots=True)
class _Compared:
    """One topic against one collection."""

    in_topic: int = 0
    stored: int = 0
    differing: dict[str, Difference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verification:
    """One service's side."""

    service: Service
    kafka: Cluster
    prefix: str
    database: Database
    again: timedelta = AGAIN
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    @classmethod
    def of(cls, service: Service, settings: ServiceSettings, again: timedelta = AGAIN) -> "Verification":
        """As the service's settings say; close the database."""
        database = Database(settings.mongodb.get_secret_value(), settings.database or service)
        return cls(service, settings.cluster, settings.topic_prefix, database, again)

    async def findings(self) -> list[Finding]:
        """Everything that is looked at, good or not. Raises KafkaError and PyMongoError."""
        followers = FOLLOWS[self.service]
        async with consumer(self.kafka, wait=WAIT) as reader:
            groups = await groups_of(self.kafka, f"{self.prefix}{self.service}.")
            committed = await group_offsets(self.kafka, groups)
            ends = await reader.end_offsets([place for known in committed.values() for place in known])
            unsent = await self._oldest_unsent()
            looks = [await self._compare(reader, follower) for follower in followers]
            if unsent or any(look.differing for look in looks) or _behind(committed, ends):
                await self.pause(self.again.total_seconds())
            found = [self._lag(await group_offsets(self.kafka, groups), ends)]
            for follower, look in zip(followers, looks, strict=True):
                second = await self._compare(reader, follower) if look.differing else look
                found.append(self._subjects(follower, look, second))
        return [*found, *await self._of_database(unsent)]

    def _lag(self, committed: GroupOffsets, ends: Mapping[TopicPartition, int]) -> Finding:
        """Whether all has been read that was there at the first look."""
        behind = _behind(committed, ends)
        remedy = f"look at {self.service}'s /health/ready, and at `kobling lag`"
        return Finding(
            self.service, "lag", ", ".join(sorted(behind)), count=sum(behind.values()), remedy=remedy
        )

    def _subjects(self, follower: Follower, first: _Compared, second: _Compared) -> Finding:
        """What differed twice, and was stored the same both times: else it was on its way."""
        still = [
            one
            for subject, one in second.differing.items()
            if subject in first.differing and first.differing[subject].stored == one.stored
        ]
        return Finding(
            self.service,
            "subjects",
            follower.topic.name,
            second.in_topic,
            second.stored,
            len(still),
            still[:MOST],
            f"stop {self.service}, `kobling replay {self.service} --anew`, and start it",
        )

    async def _compare(self, reader: AIOKafkaConsumer, follower: Follower) -> _Compared:
        """Reads a topic once, a partition at a time: revisions by subject are in memory, and of all others
        a number each.
        """
        found, seen, matched = _Compared(), set[int](), 0
        for number in range(follower.topic.partitions):
            place = TopicPartition(self.prefix + follower.topic.name, number)
            newest = await _newest(reader, place, follower.prefix)
            seen.update(map(hash, newest))
            found.in_topic += sum(revision is not None for revision in newest.values())
            for subjects in _in_parts(newest):
                stored = {
                    subject: revision
                    async for subject, revision in self._stored(follower, {"_id": {"$in": subjects}})
                }
                matched += len(stored)
                found.differing |= {
                    subject: Difference(subject, newest[subject], stored.get(subject))
                    for subject in subjects
                    if newest[subject] != stored.get(subject)
                }
        wanted = {"$and": [dict(follower.where)], "$nor": [dict(follower.gone)]}
        found.stored = await self.database[follower.collection].count_documents(wanted)
        if found.stored > matched:
            found.differing |= {
                subject: Difference(subject, None, revision)
                async for subject, revision in self._stored(follower, follower.where)
                if hash(subject) not in seen
            }
        return found

    async def _stored(
        self, follower: Follower, wanted: Mapping[str, Any]
    ) -> AsyncIterator[tuple[str, int | None]]:
        query = {"$and": [dict(wanted)], "$nor": [dict(follower.gone)]}
        fields = {"revision": follower.revision}
        async for document in self.database[follower.collection].find(query, fields):
            yield document["_id"], document.get("revision")

    async def _oldest_unsent(self) -> list[ObjectId]:
        cursor = self.database["outbox"].find({}, {"_id": 1}, sort=[("_id", 1)], limit=MOST)
        return [document["_id"] async for document in cursor]

    async def _of_database(self, unsent: Sequence[ObjectId]) -> list[Finding]:
        """What the database alone tells."""
        left = await self.database["outbox"].count_documents({"_id": {"$in": list(unsent)}})
        letters = await self.database["quarantine"].count_documents({"settled": {"$exists": False}})
        remedy = f"look at `relay` in {self.service}'s /health/ready"
        found = [
            Finding(self.service, "outbox", count=left, remedy=remedy),
            Finding(self.service, "dead letters", count=letters, remedy="see `kobling dlq list`"),
        ]
        if self.service in RECONCILED:
            collection, document = RECONCILED[self.service]
            compared = await self.database[collection].find_one({"_id": document}) or {}
            remedy = "see docs/operations.md, Are all refugees somewhere?"
            count = abs(compared.get("difference", 0))
            found.append(Finding(self.service, "reconciliation", count=count, remedy=remedy))
        return found


def _behind(committed: GroupOffsets, ends: Mapping[TopicPartition, int]) -> dict[str, int]:
    """How many records of each topic lie between what a group has read and these ends, where any do."""
    found: dict[str, int] = {}
    for known in committed.values():
        for place, read in known.items():
            if (left := ends.get(place, 0) - read.offset) > 0:
                found[place.topic] = found.get(place.topic, 0) + left
    return found


def _in_parts(subjects: Iterable[str]) -> Iterator[list[str]]:
    left = iter(subjects)
    while part := list(islice(left, AT_ONCE)):
        yield part


async def _newest(reader: AIOKafkaConsumer, place: TopicPartition, prefix: str) -> dict[str, int | None]:
    """The newest revision of each subject of a partition that begins so, None of the erased; ticks are no
    subjects.
    """
    newest: dict[str, int | None] = {}
    reader.assign([place])
    await reader.seek_to_beginning(place)
    end = (await reader.end_offsets([place]))[place]
    while await reader.position(place) < end:
        for record in (await reader.getmany(place, timeout_ms=POLL_MS)).get(place, ()):
            subject = (record.key or b"").decode(errors="replace")
            if subject.startswith(prefix) and not subject.startswith(TICK):
                revision = None if record.value is None else _revision(record.value)
                before = newest.get(subject)
                # No relay appends an older one; whoever else does is not followed either.
                newest[subject] = revision if revision is None or before is None else max(before, revision)
    return newest


def _revision(value: bytes) -> int | None:
    try:
        return int(json.loads(value)["revision"])
    except (ValueError, KeyError, TypeError):
        # No state: it is refused, and among the dead letters.
        return None
