"""A service's consumer groups as an administrator sees and moves them."""

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, RebalanceInProgressError, UnknownMemberIdError

from kobling.errors import AdministrationError
from kobling.setup.broker import administration
from shared.cluster import Cluster


async def groups_of(kafka: Cluster, prefix: str) -> list[str]:
    """The groups whose names begin so. Raises KafkaError."""
    admin = AIOKafkaAdminClient(**kafka.options)
    await admin.start()
    try:
        return sorted(group for group, *_ in await admin.list_consumer_groups() if group.startswith(prefix))
    finally:
        await admin.close()


async def refuse_members(kafka: Cluster, groups: Sequence[str]) -> None:
    """Raises AdministrationError where a group has members, or can't be asked."""

    def look() -> Sequence[str]:
        with administration(kafka) as broker:
            return broker.groups_with_members(groups)

    if found := await asyncio.to_thread(look):
        raise has_members(", ".join(found))


def has_members(groups: str) -> AdministrationError:
    """That groups are still read in."""
    return AdministrationError(
        f"{groups} has members: stop all replicas of the service first; one that was killed is a member for "
        "10 s more"
    )


async def commit(kafka: Cluster, group: str, offsets: Mapping[TopicPartition, tuple[int, str]]) -> None:
    """Moves a group: offset and what stands beside it, by place. Raises as `refuse_members` does."""
    consumer = AIOKafkaConsumer(**kafka.options, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(offsets))
        await consumer.commit(dict(offsets))
    except (CommitFailedError, RebalanceInProgressError, UnknownMemberIdError):
        raise has_members(group) from None
    finally:
        await consumer.stop()
