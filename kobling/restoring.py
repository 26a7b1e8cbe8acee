"""What an administrator does about a restored database, and about records that expired unread."""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, RebalanceInProgressError, UnknownMemberIdError

from kobling.errors import AdministrationError
from shared.cluster import Cluster
from shared.messaging.places.admission import behind_groups, group_offsets, moved_groups
from shared.messaging.places.guard import OffsetGuard
from shared.messaging.places.offsets import Behind, Stored, stamp
from shared.messaging.places.positions import Partition, key
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
            settings.cluster, await _groups(settings.cluster, f"{settings.topic_prefix}{service}.")
        )
        if await guard.is_empty() and await moved_groups(settings.cluster, offsets):
            raise AdministrationError(
                f"{service}'s database is empty: restore a dump first; to build it up from the topics, reset "
                "its groups with Kafka's --reset-offsets --to-earliest instead"
            )
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


async def _groups(kafka: Cluster, prefix: str) -> list[str]:
    admin = AIOKafkaAdminClient(**kafka.options)
    await admin.start()
    try:
        return sorted(group for group, *_ in await admin.list_consumer_groups() if group.startswith(prefix))
    finally:
        await admin.close()


async def _commit(
    kafka: Cluster, group: str, behind: Mapping[Partition, Behind], stored: Mapping[Partition, Stored]
) -> None:
    consumer = AIOKafkaConsumer(**kafka.options, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        newest = {partition: stored.get(partition, Stored(0, 0)).newest for partition in behind}
        consumer.assign([TopicPartition(*partition) for partition in behind])
        await consumer.commit(
            {
                TopicPartition(*partition): (gap.start, stamp(newest[partition]))
                for partition, gap in behind.items()
            }
        )
    except (CommitFailedError, RebalanceInProgressError, UnknownMemberIdError):
        raise AdministrationError(f"{group} has members: stop all replicas of the service first") from None
    finally:
        await consumer.stop()
