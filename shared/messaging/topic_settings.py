"""Settings of topics that exist, held against the registry's.

A topic may have been made by hand, by a broker that makes topics itself, or by an older release. With its
sender's timestamps (`CreateTime`) sound records are refused as `time_in_future`; compacted where nothing may
go, they are lost unread. What is wrong is said and goes on being read. `kobling setup` mends it.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.cluster import Cluster
from shared.contracts.topics import REGISTRY, Service, Topic
from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.messaging.metrics import Metrics
from shared.servers import broker_cause

log = get_logger(__name__)

PART = "topics"
AGAIN = timedelta(minutes=1)
"""How often topics are looked at."""
SHOWN = 3
"""How many settings a cause names."""
UNCHECKED = frozenset({"segment.ms"})
"""A longer one delays deletion and compaction within what `max.compaction.lag.ms` allows."""
AT_LEAST = frozenset({"max.message.bytes"})
_CHECKED = frozenset().union(*(topic.config().keys() for topic in REGISTRY)) - UNCHECKED
AT_ONCE = 200
"""Topics in one request: an answer is read without a pause, in which a service would miss its heartbeats."""
OF_TOPIC = 1
"""Kafka's source of a setting that was set for the topic itself (DYNAMIC_TOPIC_CONFIG)."""

Settings = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A setting that a topic has otherwise than the registry says."""

    topic: str
    setting: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.topic} has {self.setting}={self.found}, not {self.wanted}"


def wrong_settings(name: str, topic: Topic, found: Settings) -> list[Wrong]:
    """What of an existing topic's settings is not as the registry has it.

    A larger `max.message.bytes` does no harm. Retention is looked at where the registry has one: longer than
    promised is as wrong as shorter.
    """
    return [
        Wrong(name, setting, found[setting], value)
        for setting, value in topic.config().items()
        if setting not in UNCHECKED and setting in found and not _does(setting, found[setting], value)
    ]


def _does(setting: str, found: str, wanted: str) -> bool:
    return int(found) >= int(wanted) if setting in AT_LEAST else found == wanted


def registered(names: Iterable[str], prefix: str, service: Service | None = None) -> dict[str, Topic]:
    """Those of these topics that the registry knows; only what `service` reads or writes, if one is given."""
    known = [topic for topic in REGISTRY if service is None or service in (*topic.writers, *topic.readers)]
    found: dict[str, Topic] = {}
    for name in sorted(names):
        for topic in known:
            if re.fullmatch(topic.pattern(prefix), name) if topic.is_family else name == prefix + topic.name:
                found[name] = topic
    return found


async def settings_of(
    admin: AIOKafkaAdminClient, names: Sequence[str], *, own: bool = False
) -> dict[str, dict[str, str]]:
    """The settings of topics by name that the registry has; with `own` all those, and no other, that were set
    for the topic itself.

    A topic whose settings the broker doesn't show, as to those without the right to see them, is left out.
    """
    found: dict[str, dict[str, str]] = {}
    # Of settings that are looked at, those alone: an answer has some forty for each topic otherwise.
    keys = None if own else dict.fromkeys(_CHECKED)
    for begin in range(0, len(names), AT_ONCE):
        asked = [
            ConfigResource(ConfigResourceType.TOPIC, name, keys) for name in names[begin : begin + AT_ONCE]
        ]
        for answer in await admin.describe_configs(asked):
            for code, _, _, name, entries in answer.resources:
                if code == 0:
                    wanted = [entry for entry in entries if not own or _source(entry) == OF_TOPIC]
                    found[name] = {entry[0]: entry[1] for entry in wanted}
    return found


def _source(entry: Sequence[Any]) -> int:
    return int(entry[3])


async def look(kafka: Cluster, prefix: str, service: Service | None = None) -> list[Wrong]:
    """Every wrong setting of the topics that exist. Raises KafkaError."""
    admin = AIOKafkaAdminClient(**kafka.options)
    await admin.start()
    try:
        known = registered(await admin.list_topics(), prefix, service)
        settings = await settings_of(admin, list(known))
        return [one for name, found in settings.items() for one in wrong_settings(name, known[name], found)]
    finally:
        await admin.close()


@dataclass(slots=True)
class TopicWatch:
    """Says for ever which settings of the topics that a service reads or writes are wrong."""

    kafka: Cluster
    prefix: str
    service: Service
    health: Health
    metrics: Metrics
    again: timedelta = AGAIN

    async def run(self) -> None:
        """Looks at once, and again and again."""
        announced: list[Wrong] = []
        while True:
            try:
                found = await look(self.kafka, self.prefix, self.service)
            except Exception as error:  # noqa: BLE001 (others say that the broker is away; it is looked again)
                log.info(
                    "topics_not_looked_at",
                    cause=broker_cause(error, self.kafka.servers),
                    **describe_error(error),
                )
            else:
                self._tell(found)
                if found and found != announced:
                    log.error("topic_settings_wrong", wrong=[str(one) for one in found])
                announced = found
            await asyncio.sleep(self.again.total_seconds())

    def _tell(self, found: Sequence[Wrong]) -> None:
        known = registered({one.topic for one in found}, self.prefix)
        counted = Counter((known[one.topic].name, one.setting) for one in found)
        self.metrics.wrong_settings(counted)
        if not found:
            self.health.started(PART)
            return
        remaining = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        named = "; ".join(str(one) for one in found[:SHOWN])
        self.health.degraded(PART, f"{named}{remaining}: run `kobling setup`")
