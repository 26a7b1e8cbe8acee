"""Changes of a database that holds data, made while replicas of the former release and of this one both work.

A release that stores something otherwise can read what the former one wrote, and is read by it. What is left
of the former form is changed in the background, and what nobody asks for any more is removed by `kobling
setup` once the last replica of a former release is gone: replicas announce in the database which form they
know.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from pymongo import IndexModel
from pymongo.errors import PyMongoError

from shared.ids import new_event_id
from shared.logging import describe_error, get_logger
from shared.messaging.sending.lease import Lease
from shared.mongo import Database, Document

log = get_logger(__name__)

FORM: Final = 1
"""The form of databases that this release knows: raised by each release with a migration or a retirement."""

COLLECTION, REPLICAS = "migrations", "replicas"
INDEXES: dict[str, list[IndexModel]] = {COLLECTION: [], REPLICAS: [IndexModel("until", expireAfterSeconds=0)]}
ANNOUNCED = timedelta(seconds=10)
"""How often a replica says that it runs, and looks whether there is something to migrate."""
GONE = timedelta(seconds=30)
"""After how long without a word a replica counts as gone."""
AT_ONCE = 500
"""How many documents are looked at and changed in one step."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A change of documents.

    `form`: the first form that has it. `name` is used once and for good. `where` finds documents that are not
    changed yet. `change`, a pipeline, changes one at once, whatever is written to it meanwhile, and then
    `where` does not find it any more. `alone`: a replica of a former release could not work with the new
    form, so it begins when the last one is gone.
    """

    form: int
    name: str
    collection: str
    where: Document
    change: Sequence[Document]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Retired:
    """An index that no release from `form` on asks for; without `index` the whole collection."""

    form: int
    collection: str
    index: str = ""

    def __str__(self) -> str:
        return f"{self.collection} {self.index}".strip()


RETIRED: Final = (Retired(1, "outbox", "order_1"), Retired(1, "outbox", "parked_1_order_1"))
"""Of the messaging core's collections."""


async def older_replicas(database: Database, form: int = FORM) -> int:
    """How many replicas run that know a lower form only. Those that announce nothing are not seen."""
    runs = {"$expr": {"$gt": ["$until", "$$NOW"]}}
    return await database[REPLICAS].count_documents({"form": {"$lt": form}, **runs})


@dataclass(slots=True)
class Migrator:
    """Announces a replica, and makes its service's migrations, one replica at a time."""

    database: Database
    migrations: Sequence[Migration]
    form: int = FORM
    announced: timedelta = ANNOUNCED
    replica: str = field(default_factory=new_event_id)
    _lease: Lease = field(init=False)
    _done: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._lease = Lease(self.database, COLLECTION)

    async def run(self) -> None:
        """Goes on for ever, whatever the database says: nothing waits for a migration."""
        while True:
            try:
                await self.announce()
                await self.migrate()
            except PyMongoError as error:
                log.warning("migration_waits", **describe_error(error))
            await asyncio.sleep(self.announced.total_seconds())

    async def announce(self) -> None:
        """Says by MongoDB's clock that this replica runs."""
        milliseconds = int(GONE.total_seconds() * 1000)
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": milliseconds}}
        content = [{"$set": {"form": self.form, "until": until}}]
        await self.database[REPLICAS].update_one({"_id": self.replica}, content, upsert=True)

    async def migrate(self) -> None:
        """Makes what is left to do, where no other replica does.

        Killed anywhere, it goes on with what `where` still finds. A replica of a former release may write the
        former form again: so a migration is done when one pass found nothing and no such replica runs.
        """
        pending = [one for one in self.migrations if one.name not in self._done]
        if not pending:
            return
        done = {document["_id"] async for document in self.database[COLLECTION].find({}, {"_id": 1})}
        self._done |= done
        for migration in pending:
            if migration.name in done or not await self._lease.acquire():
                continue
            older = await older_replicas(self.database, migration.form)
            if older and migration.alone:
                continue
            changed = await self._pass(migration)
            if changed:
                log.info("documents_migrated", migration=migration.name, count=changed, older_replicas=older)
            # None before the pass, and none begun in it; who lost the lease has not looked at all.
            elif not older and self._lease.held and not await older_replicas(self.database, migration.form):
                await self._finish(migration)
        await self._lease.release()

    async def _pass(self, migration: Migration) -> int:
        """Changes all that are there in the former form; returns how many."""
        collection, after, changed = self.database[migration.collection], None, 0
        while True:
            next_ones: Document = {} if after is None else {"_id": {"$gt": after}}
            cursor = collection.find({"$and": [migration.where, next_ones]}, {"_id": 1}, sort=[("_id", 1)])
            found = [document["_id"] for document in await cursor.limit(AT_ONCE).to_list(AT_ONCE)]
            if not found:
                return changed
            these = {"$and": [migration.where, {"_id": {"$in": found}}]}
            changed += (await collection.update_many(these, list(migration.change))).modified_count
            after = found[-1]
            if self._lease.needs_renewal and not await self._lease.acquire():
                return changed

    async def _finish(self, migration: Migration) -> None:
        by = {"$setOnInsert": {"form": migration.form}, "$currentDate": {"at": True}}
        await self.database[COLLECTION].update_one({"_id": migration.name}, by, upsert=True)
        self._done.add(migration.name)
        log.info("migration_done", migration=migration.name)
