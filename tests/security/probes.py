"""Requests as an attacker would write them, each answered by the broker itself with Kafka's own code."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import (
    AlterConfigsRequest,
    CreatePartitionsRequest,
    CreateTopicsRequest,
    DeleteGroupsRequest,
    DeleteRecordsRequest,
    DeleteTopicsRequest,
)
from aiokafka.protocol.commit import OffsetCommitRequest, OffsetFetchRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from shared.cluster import Cluster

REFUSED = {29: "topic", 30: "group", 31: "cluster", 53: "transactional id"}
"""Kafka's codes for what somebody may not do."""
NOT_YET = (14, 15, 16)
"""A coordinator that is not there, loads, or is elsewhere."""
Codes = Mapping[str, int]
"""What the broker answers, by what was asked for."""


@dataclass(frozen=True)
class Probe:
    """Somebody's connection, and what it can be used to ask."""

    client: AIOKafkaClient
    admin: AIOKafkaAdminClient

    async def send(self, request: Any) -> Any:
        """The broker's answer."""
        return await self.client.send(self.client.get_random_node(), request)

    async def seen(self) -> set[str]:
        """All topics that the broker admits to have."""
        answer = await self.send(MetadataRequest(None, False))
        return {name for _, name, *_ in answer.topics}

    async def named(self, topics: Iterable[str]) -> Codes:
        """What the broker says of topics that are asked for by name, whether or not they exist."""
        answer = await self.send(MetadataRequest(list(topics), False))
        return {name: code for code, name, *_ in answer.topics}

    async def write(self, topics: Sequence[str]) -> Codes:
        """Appends a record to each."""
        builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 16384)
        builder.append(0, 0, b"key", b"value", [])
        batch = bytes(builder.build())
        answer = await self.send(ProduceRequest(None, 1, 5000, [(one, [(0, batch)]) for one in topics]))
        return {name: partitions[0][1] for name, partitions in answer.topics}

    async def read(self, topics: Sequence[str]) -> Codes:
        """Fetches from each."""
        answer = await self.send(FetchRequest(0, 0, 1, 1, [(one, [(0, 0, 1)]) for one in topics]))
        return {name: partitions[0][1] for name, partitions in answer.topics}

    async def ends(self, topics: Sequence[str]) -> Codes:
        """Asks where each ends."""
        answer = await self.send(OffsetRequest(-1, 1, [(one, [(0, -1)]) for one in topics]))
        return {name: partitions[0][1] for name, partitions in answer.topics}

    async def configs(self, topics: Sequence[str]) -> Codes:
        """Asks for each topic's settings."""
        asked = [ConfigResource(ConfigResourceType.TOPIC, one) for one in topics]
        return {
            name: code
            for answer in await self.admin.describe_configs(asked)
            for code, _, _, name, _ in answer.resources
        }

    async def alter(self, topics: Sequence[str]) -> Codes:
        """Would set each topic's retention; nothing is changed where it may."""
        kind = ConfigResourceType.TOPIC
        asked = [(kind, one, [("retention.ms", "1000")]) for one in topics]
        answer = await self.send(AlterConfigsRequest(asked, True))
        return {name: code for code, _, _, name in answer.resources}

    async def grow(self, topics: Sequence[str]) -> Codes:
        """Would give each more partitions; nothing is changed where it may."""
        asked = [(one, (99, None)) for one in topics]
        answer = await self.send(CreatePartitionsRequest(asked, 5000, True))
        return {name: code for name, code, _ in answer.topic_errors}

    async def empty(self, topics: Sequence[str]) -> Codes:
        """Deletes each topic's records."""
        answer = await self.send(DeleteRecordsRequest([(one, [(0, 0)]) for one in topics], 5000))
        return {one[0]: one[1][0][2] for one in answer.topics}

    async def delete(self, topics: Sequence[str]) -> Codes:
        """Deletes the topics themselves."""
        answer = await self.send(DeleteTopicsRequest(list(topics), 5000))
        return {one[0]: one[1] for one in answer.topic_error_codes}

    async def create(self, topics: Sequence[str]) -> Codes:
        """Would make topics; nothing is made where it may."""
        asked: list[Any] = [(one, 1, 1, [], []) for one in topics]
        answer = await self.send(CreateTopicsRequest(asked, 5000, True))
        return {one[0]: one[1] for one in answer.topic_errors}

    async def groups(self, groups: Iterable[str], topic: str) -> Codes:
        """Whether somebody may commit, as a member of each group, that it has read a topic."""
        found = {}
        for group in groups:
            request = OffsetCommitRequest(group, -1, "", -1, [(topic, [(0, 0, "")])])
            answer = await self.send(request)
            found[group] = answer.topics[0][1][0][1]
        return found

    async def offsets(self, groups: Iterable[str]) -> Codes:
        """Whether somebody may see what each group has read."""
        return {group: (await self.send(OffsetFetchRequest(group, None))).error_code for group in groups}

    async def coordinators(self, groups: Iterable[str]) -> Codes:
        """Whether somebody may find each group's coordinator."""
        return {group: (await self.send(FindCoordinatorRequest(group, 0))).error_code for group in groups}

    async def remove_groups(self, groups: Sequence[str]) -> Codes:
        """Deletes groups."""
        return dict((await self.send(DeleteGroupsRequest(list(groups)))).results)

    async def fences(self, transactional_ids: Iterable[str]) -> Codes:
        """Whether somebody may begin transactions under each id, and so end another's."""
        found = {}
        for one in transactional_ids:
            while (code := await self._begin(one)) in NOT_YET:  # noqa: ASYNC110
                # The broker makes its coordinators' topic for the first who asks, and says nothing of it.
                await asyncio.sleep(0.1)
            found[one] = code
        return found

    async def _begin(self, transactional_id: str) -> int:
        code: int = (await self.send(InitProducerIdRequest(transactional_id, 1000))).error_code
        return code


@asynccontextmanager
async def probing(kafka: Cluster) -> AsyncIterator[Probe]:
    """Somebody's connection for as long as the block lasts. Raises KafkaError where they don't get in."""
    client = AIOKafkaClient(**kafka.options)
    admin = AIOKafkaAdminClient(**kafka.options)
    try:
        await client.bootstrap()
        await admin.start()
        yield Probe(client, admin)
    finally:
        await admin.close()
        await client.close()
