"""What an installation's administrator does: creates topics, publishes operators and programmes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaTimeoutError, for_code

from kobling.errors import AdministrationError
from shared.cluster import Cluster
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.topics import Topic, topics_for
from shared.messaging.topic_settings import AT_ONCE, Wrong, look, settings_of

LEADERS_WITHIN = timedelta(seconds=60)
FOR_EACH_LOG = timedelta(milliseconds=100)
"""How much longer partitions have for a leader, each: a broker makes twenty to eighty logs a second."""
RECORDS_PER_REQUEST = 8_000
"""A controller refuses a request for topics that makes more than 10,000 records in its log, all of it, with
POLICY_VIOLATION (Kafka 4.3.1, `QuorumController.MAX_RECORDS_PER_USER_OP`): some 1,200 municipalities' topics.
"""
TOPIC_ALREADY_EXISTS, INVALID_REPLICATION_FACTOR = 36, 38
"""Kafka's error code for a topic that another run has created."""


async def ensure_topics(
    kafka: Cluster,
    municipalities: Sequence[str],
    operators: Sequence[str],
    *,
    prefix: str = "",
    replicas: int = 1,
    service: str | None = None,
) -> list[str]:
    """Creates all topics that aren't there, or those of one service, in as few requests as the controller
    allows; returns all names.

    Few and at once, since new topics of a family that a service follows rebalance its group. Raises
    AdministrationError for what is no municipality or operator, before anything is created.
    """
    topic_of_name = {
        name: topic
        for name, topic in topics_of(municipalities, operators).items()
        if service is None or service in (*topic.writers, *topic.readers)
    }
    names = {prefix + name: topic for name, topic in topic_of_name.items()}
    admin = AIOKafkaAdminClient(**kafka.options)
    await admin.start()
    try:
        there = frozenset(await admin.list_topics())
        new = {name: topic for name, topic in names.items() if name not in there}
        for request in _requests(new, replicas):
            answer = await admin.create_topics(request)
            for topic, code, *_ in answer.topic_errors:
                if code not in {0, TOPIC_ALREADY_EXISTS}:
                    raise AdministrationError(f"topic {topic} was not created: {_named(code)}")
            # Each before the next, which would wait for the same logs.
            await _until_writable(kafka, {one.name: one.num_partitions for one in request})
    finally:
        await admin.close()
    return list(names)


def _requests(topics: Mapping[str, Topic], replicas: int) -> Iterator[list[NewTopic]]:
    """The topics to create, divided so that the controller takes each request whole."""
    request: list[NewTopic] = []
    records = 0
    for name, topic in topics.items():
        settings = topic.config()
        # One for the topic itself, one for each partition and one for each setting.
        needed = 1 + topic.partitions + len(settings)
        if request and records + needed > RECORDS_PER_REQUEST:
            yield request
            request, records = [], 0
        request.append(NewTopic(name, topic.partitions, replicas, topic_configs=settings))
        records += needed
    if request:
        yield request


def topics_of(municipalities: Sequence[str], operators: Sequence[str]) -> dict[str, Topic]:
    """All topics of these, by name. Raises AdministrationError for what is no municipality or operator."""
    try:
        return topics_for(list(municipalities), list(operators))
    except ValueError as error:
        raise AdministrationError(str(error)) from None


async def existing_topics(kafka: Cluster) -> frozenset[str]:
    """The names of all topics that whoever asks may know of. Raises KafkaError."""
    admin = AIOKafkaAdminClient(**kafka.options)
    await admin.start()
    try:
        return frozenset(await admin.list_topics())
    finally:
        await admin.close()


async def _until_writable(kafka: Cluster, partitions: Mapping[str, int]) -> None:
    """Returns once every partition has a leader that answers: metadata alone names leaders too early."""
    within = LEADERS_WITHIN + FOR_EACH_LOG * sum(partitions.values())
    # Subscribed, it asks for the metadata of all at once; end_offsets alone would, 100 ms apart, for each.
    consumer = AIOKafkaConsumer(
        *partitions,
        **kafka.options,
        auto_offset_reset="none",
        # What is asked for is asked again until then, and by default not for so long.
        request_timeout_ms=int(within.total_seconds() * 1000),
    )
    await consumer.start()
    try:
        await consumer.end_offsets(
            [TopicPartition(name, number) for name, count in partitions.items() for number in range(count)]
        )
    except KafkaTimeoutError:
        raise AdministrationError(
            f"after {within.total_seconds():.0f} s not every partition has a leader: is each broker up?"
        ) from None
    finally:
        await consumer.stop()


async def mend_topics(kafka: Cluster, prefix: str = "") -> list[str]:
    """Sets what existing topics of the registry have set wrong; returns what was, a line for each setting.

    Kafka takes a topic's own settings as a whole here, so that those that are right are given again. Killed
    in between, it can be run again. Raises AdministrationError where the broker refuses.
    """
    wrong: dict[str, list[Wrong]] = {}
    for one in await look(kafka, prefix):
        wrong.setdefault(one.topic, []).append(one)
    admin = AIOKafkaAdminClient(**kafka.options)
    await admin.start()
    try:
        own = await settings_of(admin, list(wrong), own=True)
        asked = [
            ConfigResource(
                ConfigResourceType.TOPIC, name, own[name] | {one.setting: one.wanted for one in found}
            )
            for name, found in wrong.items()
        ]
        for begin in range(0, len(asked), AT_ONCE):
            for answer in await admin.alter_configs(asked[begin : begin + AT_ONCE]):
                for code, _, __, topic in answer.resources:
                    if code:
                        raise AdministrationError(f"settings of {topic} were not changed: {_named(code)}")
    finally:
        await admin.close()
    return [str(one) for found in wrong.values() for one in found]


async def publish(kafka: Cluster, records: Iterable[tuple[str, str, bytes | None]]) -> int:
    """Sends (topic, key, structured CloudEvent) records in order, None to remove what stands there.

    Returns how many were acknowledged.
    """
    producer = AIOKafkaProducer(**kafka.options, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        headers = [("content-type", CONTENT_TYPE.encode())]
        sent = [
            await producer.send(topic, value, key.encode(), headers=headers) for topic, key, value in records
        ]
        for acknowledgement in sent:
            await acknowledgement
        return len(sent)
    finally:
        await producer.stop()


def _named(code: int) -> str:
    """A broker's refusal by its name and number, with what helps where that is known."""
    helps = (
        ": there are fewer brokers than replicas; say --replicas"
        if code == INVALID_REPLICATION_FACTOR
        else ""
    )
    return f"{for_code(code).__name__} ({code}){helps}"
