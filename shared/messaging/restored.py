"""What a database that was restored from a dump does not know: which revisions were published after the dump.

Until it does, its relay would send again what is long superseded, and readers would take for stale what it
decides anew. So before anything runs its service reads the states that it published, as a rebuild does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from pymongo import DeleteOne, UpdateOne

from shared.contracts.topics import Topic
from shared.logging import get_logger
from shared.messaging.reading.records import Readable, Received
from shared.messaging.rebuild import COLLECTION, Rebuild, Source
from shared.messaging.sending.outbox import Bundle, Row
from shared.messaging.work import Revision, Work
from shared.mongo import Database, Document

log = get_logger(__name__)

RESTORED = "restored"
FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Published:
    """A topic of states, and where its service keeps each subject's place on it: collections of documents by
    subject, with a `Revision` in a field.
    """

    topic: Topic
    collections: Sequence[str]
    place: str


@dataclass(slots=True)
class Floors:
    """The revisions of subjects that were published after the dump: whoever comes to know them again goes on
    from there. Empty but in a restored database.
    """

    _known: dict[tuple[str, str], int] = field(default_factory=dict)

    def beneath(self, topic: Topic, subject: str, place: Revision) -> Revision:
        """The place from which a subject goes on."""
        if place.number or not self._known:
            return place
        return Revision(self._known.get((topic.name, subject), 0), place.order)

    async def load(self, database: Database) -> None:
        """Reads what the restore has left."""
        cursor = database[COLLECTION].find({"kind": FLOOR})
        self._known = {
            (document["topic"], document["subject"]): document["revision"] async for document in cursor
        }


async def mark(database: Database) -> None:
    """Has the service catch up with what it published; to be done before its groups are reset."""
    await database[COLLECTION].update_one({"_id": RESTORED}, {"$set": {"done": False}}, upsert=True)


@dataclass(slots=True)
class Restored:
    """Catches up with what the service published, once after each restore."""

    rebuild: Rebuild
    published: Sequence[Published]
    floors: Floors

    async def run(self) -> None:
        """Does what the marker says is left to do. Killed anywhere, it starts over. Raises where a server is
        down.
        """
        database = self.rebuild.database
        marker = await database[COLLECTION].find_one({"_id": RESTORED})
        if marker is not None and not marker["done"]:
            outputs = [_Output(one, await self._waiting(one.topic)) for one in self.published]
            await self.rebuild.read_again([Source(one.published.topic, one.take) for one in outputs])
            for one in outputs:
                await self._forget_sent(one)
            await database[COLLECTION].update_one({"_id": RESTORED}, {"$set": {"done": True}})
            log.info("restored_caught_up")
        await self.floors.load(database)

    async def _waiting(self, topic: Topic) -> list[Bundle]:
        """What the dump's outbox holds for a topic."""
        wanted = {"topic": self.rebuild.prefix + topic.name}
        return [Bundle.of(one) async for one in self.rebuild.database["outbox"].find(wanted)]

    async def _forget_sent(self, output: "_Output") -> None:
        """Takes out of the outbox what was sent after the dump, or is older than what was."""
        writes: list[DeleteOne | UpdateOne] = []
        for bundle in output.waiting:
            left = [[row.key, row.value] for row in bundle.rows if not output.has_sent(row)]
            if not left:
                writes.append(DeleteOne({"_id": bundle.id}))
            elif len(left) < bundle.count:
                writes.append(UpdateOne({"_id": bundle.id}, {"$set": {"rows": left}}))
        if writes:
            await self.rebuild.database["outbox"].bulk_write(writes, ordered=False)


@dataclass(slots=True)
class _Output:
    """One topic as it is read again, beside what waits for it."""

    published: Published
    waiting: Sequence[Bundle]
    _newest: dict[bytes, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._newest = {row.key: 0 for bundle in self.waiting for row in bundle.rows if row.key is not None}

    def has_sent(self, row: Row) -> bool:
        """Whether a row's revision, or a later one of its subject, is on the topic."""
        if row.key is None or row.value is None:
            return False
        return bool(orjson.loads(row.value)["revision"] <= self._newest[row.key])

    async def take(self, records: Sequence[Readable], work: Work) -> None:
        """Raises the places of a batch's subjects to what was published, and keeps those of the unknown."""
        newest: dict[str, int] = {}
        for record in records:
            if isinstance(record, Received):
                newest[record.key] = max(newest.get(record.key, 0), record.envelope.revision or 0)
        for key, revision in newest.items():
            if (waiting := key.encode()) in self._newest:
                self._newest[waiting] = max(self._newest[waiting], revision)
        unknown = newest.keys() - await self._raise(newest, work)
        if unknown:
            floors = [self._floor(subject, newest[subject]) for subject in sorted(unknown)]
            await work.database[COLLECTION].bulk_write(floors, ordered=False, session=work.session)

    async def _raise(self, newest: Mapping[str, int], work: Work) -> set[str]:
        """Raises the places of those on file; returns who is."""
        known: set[str] = set()
        number = f"{self.published.place}.0"
        for name in self.published.collections:
            collection = work.database[name]
            found = collection.find({"_id": {"$in": list(newest)}}, {"_id": 1}, session=work.session)
            here = {document["_id"] async for document in found}
            raises = [
                UpdateOne({"_id": one, number: {"$lt": newest[one]}}, {"$set": {number: newest[one]}})
                for one in sorted(here)
            ]
            if raises:
                await collection.bulk_write(raises, ordered=False, session=work.session)
            known |= here
        return known

    def _floor(self, subject: str, revision: int) -> UpdateOne:
        topic = self.published.topic.name
        content: Document = {"kind": FLOOR, "topic": topic, "subject": subject}
        change = {"$setOnInsert": content, "$max": {"revision": revision}}
        return UpdateOne({"_id": f"{FLOOR} {topic} {subject}"}, change, upsert=True)
