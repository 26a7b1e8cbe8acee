"""Has a service read its topics again from the beginning, into the database that is there or an emptied one.

Nothing is lost where it is killed: until all is done a note in the database holds the service back, and run
again it does what is left.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import TopicPartition

from kobling.errors import AdministrationError
from kobling.groups import commit, groups_of, refuse_members
from kobling.setup.databases import indexes_of
from shared.cluster import Cluster
from shared.contracts.topics import Service
from shared.messaging.places.admission import (
    GroupOffsets,
    behind_groups,
    group_offsets,
    log_starts,
    moved_groups,
)
from shared.messaging.places.guard import EMPTYING, REBUILD, OffsetGuard
from shared.mongo import Database
from shared.settings import ServiceSettings

KEEPS_ITS_OWN = "intake"
"""The service that no topic holds the state of (ADR 14)."""


class Step(NamedTuple):
    """One thing to do: `reset` a group's place on a topic, by so many records at most; `empty` a collection
    of so many documents; `release` a service that is held back.
    """

    do: str
    what: str
    amount: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: where each group moves, and which collections are emptied before.

    `emptied`: documents by collection. `anew`: whether the database is built from nothing.
    """

    service: Service
    moves: Mapping[str, Mapping[TopicPartition, int]]
    records: Mapping[tuple[str, str], int]
    emptied: Mapping[str, int] = field(default_factory=dict)
    anew: bool = False
    cut_off: bool = False

    def steps(self) -> Iterator[Step]:
        """The plan, a line for each thing."""
        for collection, count in self.emptied.items():
            yield Step("empty", f"{self.service}'s {collection}", count)
        for (group, topic), count in self.records.items():
            yield Step("reset", f"{group} on {topic}", count)
        if self.cut_off:
            yield Step("release", self.service, 1)

    def __bool__(self) -> bool:
        return bool(self.moves or self.emptied or self.cut_off)


@dataclass(frozen=True, slots=True)
class Replay:
    """A service's groups and database."""

    service: Service
    kafka: Cluster
    prefix: str
    database: Database

    @classmethod
    def of(cls, service: Service, settings: ServiceSettings) -> "Replay":
        """As the service's settings say; close the database."""
        database = Database(settings.mongodb.get_secret_value(), settings.database or service)
        return cls(service, settings.cluster, settings.topic_prefix, database)

    async def plan(self, topics: Sequence[str] = (), *, anew: bool = False) -> Plan:
        """What would be done to have these topics read again, or all; with `anew` into an emptied database.

        Raises AdministrationError where that can't be, or would lose something, KafkaError and PyMongoError.
        """
        groups = await groups_of(self.kafka, f"{self.prefix}{self.service}.")
        await refuse_members(self.kafka, groups)
        offsets = await group_offsets(self.kafka, groups)
        guard = OffsetGuard(self.database)
        cut_off = await guard.is_being_emptied()
        if anew:
            await self._refuse_to_empty()
        elif cut_off:
            raise AdministrationError(
                f"{self.service}'s database was being emptied: run `kobling replay {self.service} --anew`"
            )
        else:
            await self._refuse_to_read(guard, offsets)
        return Plan(
            self.service,
            *await self._moves(offsets, topics),
            emptied=await self._counts() if anew else {},
            anew=anew,
            cut_off=cut_off,
        )

    async def _refuse_to_empty(self) -> None:
        if self.service == KEEPS_ITS_OWN:
            raise AdministrationError(
                "intake can't be built from topics: settlements stand there for 30 days alone, and what is "
                "known of people stands nowhere else; restore a backup (`kobling restore-done intake`)"
            )
        unsent = await self.database["outbox"].count_documents({})
        if unsent:
            raise AdministrationError(
                f"{self.service} has decided what no topic holds yet, and it would be lost ({unsent} bundles "
                "in its outbox): start it until it has sent them; if it can't, drop the database by hand"
            )

    async def _refuse_to_read(self, guard: OffsetGuard, offsets: GroupOffsets) -> None:
        moved = await moved_groups(self.kafka, offsets)
        if self.service == KEEPS_ITS_OWN and moved and await guard.is_empty():
            raise AdministrationError(
                "intake's database is empty: restore a backup, then run `kobling restore-done intake`; read "
                "into an empty one, everybody would be somebody new"
            )
        if not await guard.is_empty() and await behind_groups(guard, offsets):
            raise AdministrationError(
                f"{self.service}'s database was restored and lacks what its groups have read: run "
                f"`kobling restore-done {self.service}`"
            )

    async def _moves(
        self, offsets: GroupOffsets, topics: Sequence[str]
    ) -> tuple[dict[str, dict[TopicPartition, int]], dict[tuple[str, str], int]]:
        """Where each group moves, and how many records at most it reads again of each topic."""
        names = {self.prefix + topic.removeprefix(self.prefix) for topic in topics}
        read = {place.topic for known in offsets.values() for place in known}
        if unknown := sorted(names - read):
            known_ones = ", ".join(sorted(read)) or "nothing"
            raise AdministrationError(
                f"{', '.join(unknown)}: {self.service} has not read that; it has read {known_ones}"
            )
        starts = await log_starts(self.kafka, [place for known in offsets.values() for place in known])
        moves: dict[str, dict[TopicPartition, int]] = {}
        records: dict[tuple[str, str], int] = {}
        for group, known in offsets.items():
            for place, committed in sorted(known.items()):
                back = committed.offset - starts[place]
                if back > 0 and (not names or place.topic in names):
                    moves.setdefault(group, {})[place] = starts[place]
                    records[group, place.topic] = records.get((group, place.topic), 0) + back
        return moves, records

    async def _counts(self) -> dict[str, int]:
        """Documents of each collection that has any, but for the note that the database is being emptied."""
        counts = {
            name: await self.database[name].count_documents({"_id": {"$ne": EMPTYING}})
            for name in sorted(indexes_of(self.service))
        }
        return {name: count for name, count in counts.items() if count}

    async def carry_out(self, plan: Plan) -> None:
        """Does what the plan says. Raises AdministrationError where the service was started meanwhile."""
        note = self.database[REBUILD]
        if plan.anew:
            await note.update_one({"_id": EMPTYING}, {"$set": {"begun": True}}, upsert=True)
            # Documents and not collections: indexes stay, and the service's own account may do it.
            for name in plan.emptied:
                await self.database[name].delete_many({"_id": {"$ne": EMPTYING}})
        for group, places in plan.moves.items():
            await commit(self.kafka, group, {place: (start, "") for place, start in places.items()})
        if plan.anew:
            await note.delete_one({"_id": EMPTYING})
