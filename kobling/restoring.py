"""What an administrator does about a restored database, and about records that expired unread."""

from collections.abc import Mapping

from aiokafka import TopicPartition

from kobling.errors import AdministrationError
from kobling.groups import commit, groups_of
from shared.cluster import Cluster
from shared.messaging.places.admission import behind_groups, group_offsets, moved_groups
from shared.messaging.places.guard import OffsetGuard
from shared.messaging.places.offsets import Behind, Stored, stamp
from shared.messaging.places.positions import Partition, key
from shared.messaging.restored import mark
from shared.mongo import Database
from shared.settings import ServiceSettings


async def restore_done(service: str, settings: ServiceSettings) -> dict[str, int]:
    """Resets a service's groups to what its restored database has handled; returns the offsets by place.

    Only partitions that the database is behind on are moved. Killed in between, it can be run again: the
    service goes on being held back until all are done. Raises AdministrationError where the database is empty
    or a group has members.
    """
    database = Database(settings.mongodb.get_secret_value(), settings.database or service)
    try:
        guard = OffsetGuard(database)
        offsets = await group_offsets(
            settings.cluster, await groups_of(settings.cluster, f"{settings.topic_prefix}{service}.")
        )
        if await guard.is_empty() and await moved_groups(settings.cluster, offsets):
            raise AdministrationError(
                f"{service}'s database is empty: restore a dump first; to build it up from the topics, run "
                f"`kobling replay {service}` instead"
            )
        # First, so that whoever begins once the groups are reset finds it.
        await mark(database)
        reset: dict[str, int] = {}
        for group, behind in (await behind_groups(guard, offsets)).items():
            stored = await guard.stored(behind)
            await _commit(settings.cluster, group, behind, stored)
            reset |= {f"{group} {key(partition)}": gap.start for partition, gap in behind.items()}
        return reset
    finally:
        database.close()


async def acknowledge_expired(service: str, settings: ServiceSettings) -> dict[str, int]:
    """Takes note of records that expired unread; returns how many by place."""
    database = Database(settings.mongodb.get_secret_value(), settings.database or service)
    try:
        return await OffsetGuard(database).acknowledge()
    finally:
        database.close()


async def _commit(
    kafka: Cluster, group: str, behind: Mapping[Partition, Behind], stored: Mapping[Partition, Stored]
) -> None:
    newest = {partition: stored.get(partition, Stored(0, 0)).newest for partition in behind}
    offsets = {
        TopicPartition(*partition): (gap.start, stamp(newest[partition])) for partition, gap in behind.items()
    }
    await commit(kafka, group, offsets)
