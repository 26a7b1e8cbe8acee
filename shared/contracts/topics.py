"""Every topic: name, key, partitions, retention, writer, readers. Set-up, docs and tests are made from it."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from shared.contracts import example

DAY = timedelta(days=1)
KIB = 1024

Cleanup = Literal["delete", "compact"]
Service = Literal["intake", "matching", "notifications", "reporting"]
SERVICES: tuple[Service, ...] = ("intake", "matching", "notifications", "reporting")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, or a family of topics where the name holds `<municipality>` or `<operator>`.

    `state`: each record carries its subject's whole public state, null means erased, and readers need no
    inbox. `partitions`: 1 where an outside writer or reader has the topic to itself, so that order does not
    depend on a client's partitioner; 12 elsewhere, fixed for v1, written by relays with murmur2.
    `readers`: a service also where it reads the topic only to be rebuilt from it. `example` is a subject, for
    the messages' examples; a topic without one has it beside each message.
    """

    name: str
    key: str
    cleanup: Cleanup
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    personal_data: str
    retention: timedelta | None = None
    state: bool = False
    partitions: int = 12
    example: str = ""
    max_message_bytes: int = 1024 * KIB
    """Kafka holds it against whole batches, and librdkafka fills its batches to 1,000,000 bytes."""

    @property
    def is_family(self) -> bool:
        """Whether the name stands for one topic per municipality or operator."""
        return "<" in self.name

    @property
    def is_municipal(self) -> bool:
        """Whether there is one for each municipality."""
        return "<municipality>" in self.name

    @property
    def head(self) -> str:
        """How the names of a family begin."""
        return _PLACEHOLDER.split(self.name)[0]

    def named(self, owner: str, prefix: str = "") -> str:
        """The topic of one municipality or operator; raises ValueError where `owner` is no valid name."""
        if self.is_municipal and not MUNICIPALITY.fullmatch(owner):
            raise ValueError(f"{owner!r} is no municipality: {MUNICIPALITY_FORM}")
        if not OWNER.fullmatch(owner):
            raise ValueError(f"{owner!r} is no operator: 2 to 40 of a-z, 0-9 and -")
        return prefix + _PLACEHOLDER.sub(owner, self.name)

    def pattern(self, prefix: str = "") -> str:
        """A regular expression of the whole family, anchored at its end: aiokafka matches prefixes."""
        head, tail = _PLACEHOLDER.split(self.name)
        return f"^{re.escape(prefix + head)}{OWNER.pattern}{re.escape(tail)}$"

    def owner(self, topic: str, prefix: str = "") -> str:
        """Which municipality or operator a topic of this family belongs to; raises ValueError if none."""
        head, tail = _PLACEHOLDER.split(self.name)
        head = prefix + head
        if not (topic.startswith(head) and topic.endswith(tail)):
            raise ValueError(f"{topic!r} is not one of {self.name}")
        return topic[len(head) : len(topic) - len(tail)]

    def config(self) -> dict[str, str]:
        """The topic's settings as Kafka takes them."""
        settings = {
            "cleanup.policy": self.cleanup,
            "message.timestamp.type": "LogAppendTime",
            "segment.ms": _ms(DAY),
            "max.message.bytes": str(self.max_message_bytes),
        }
        if self.retention is not None:
            # By time alone: a broker may have a limit of bytes for topics that have none of their own.
            settings |= {"retention.ms": _ms(self.retention), "retention.bytes": "-1"}
        if self.state:
            settings["min.compaction.lag.ms"] = _ms(7 * DAY)
            settings["max.compaction.lag.ms"] = _ms(20 * DAY)
            settings["delete.retention.ms"] = _ms(30 * DAY)
        return settings


OWNER = re.compile(r"[a-z0-9-]{2,40}", re.ASCII)
MUNICIPALITY = re.compile(r"no-[0-9]{4}|dk-[0-9]{3}", re.ASCII)
"""Country and official number: of no other country is the time, or the form of a phone, known."""
MUNICIPALITY_FORM = "no- and four digits, or dk- and three, such as no-4601"
_PLACEHOLDER = re.compile(r"<[a-z]+>")


def _ms(span: timedelta) -> str:
    return str(int(span.total_seconds() * 1000))


def _state(
    name: str,
    writer: Service,
    readers: tuple[str, ...],
    example: str,
    personal_data: str = "pseudonymous",
) -> Topic:
    return Topic(name, "subject", "compact", (writer,), readers, personal_data, state=True, example=example)


def _outside(
    name: str,
    key: str,
    writers: tuple[str, ...],
    readers: tuple[str, ...],
    personal_data: str,
    example: str = "",
) -> Topic:
    return Topic(
        name,
        key,
        "delete",
        writers,
        readers,
        personal_data,
        retention=30 * DAY,
        partitions=1,
        example=example,
    )


SETTLEMENTS = _outside(
    "settlements.<municipality>.v1", "case reference", ("municipality",), ("intake",), "yes", example.CASE
)
RECEIPTS = _outside(
    "receipts.<municipality>.v1", "case reference", ("intake",), ("municipality",), "no", example.CASE
)
COMMANDS: dict[Service, Topic] = {
    service: _outside(
        f"commands.{service}.<operator>.v1",
        "what it is about",
        ("operator",),
        (service,),
        "yes" if service == "intake" else "no",
    )
    for service in SERVICES
}
REPLIES = _outside(
    "replies.<operator>.v1", "command id", SERVICES, ("operator",), "sealed only", example.COMMAND
)
NOTICES = _outside("notices.<operator>.v1", "subject", ("intake", "matching"), ("operator",), "no")
OPERATORS = Topic(
    "operators.v1",
    "operator",
    "compact",
    ("administrators",),
    SERVICES,
    "no",
    partitions=1,
    example=example.OPERATOR,
)
PROGRAMMES = Topic(
    "programmes.v1",
    "name@version, or active/<municipality>/<name>",
    "compact",
    ("administrators",),
    SERVICES,
    "no",
    partitions=1,
)
REFUGEES = _state("refugees.v1", "intake", ("intake", "matching", "reporting"), example.REFUGEE)
VOLUNTEERS = _state("volunteers.v1", "intake", ("intake", "matching", "reporting"), example.VOLUNTEER)
CONTACT_CARDS = _state("contact-cards.v1", "intake", ("intake", "notifications"), example.REFUGEE, "sealed")
PAIRS = _state("pairs.v1", "matching", ("matching", "notifications", "reporting"), example.PAIR)
ROUNDS = Topic(
    "rounds.v1",
    "pool",
    "delete",
    ("matching",),
    ("matching", "reporting"),
    "no",
    retention=400 * DAY,
    example=example.POOL,
)
NOTIFICATIONS = Topic(
    "notifications.v1",
    "subject",
    "delete",
    ("notifications",),
    ("notifications",),
    "no",
    retention=90 * DAY,
    example=example.MESSAGE,
)
INDICATORS = Topic(
    "indicators.v1",
    "municipality/programme/period",
    "compact",
    ("reporting",),
    ("reporting", "consumers"),
    "aggregated, suppressed",
    example=f"{example.POOL}/2026-11",
)
DEAD_LETTERS: dict[Service, Topic] = {
    service: Topic(
        f"{service}.dlq.v1",
        "none" if service == "intake" else "original key",
        "delete",
        (service,),
        ("operators with the role dead_letters",),
        "never" if service == "intake" else "no",
        retention=30 * DAY,
    )
    for service in SERVICES
}

REGISTRY: tuple[Topic, ...] = (
    SETTLEMENTS,
    RECEIPTS,
    *COMMANDS.values(),
    REPLIES,
    NOTICES,
    OPERATORS,
    PROGRAMMES,
    REFUGEES,
    VOLUNTEERS,
    CONTACT_CARDS,
    PAIRS,
    ROUNDS,
    NOTIFICATIONS,
    INDICATORS,
    *DEAD_LETTERS.values(),
)
"""All topics that exist so far. A release adds to it and never changes a line's key or partitions."""


def topics_for(municipalities: list[str], operators: list[str]) -> dict[str, Topic]:
    """Names and definitions of all topics of an installation with these municipalities and operators. Raises
    ValueError for what is neither.

    Created in one batch: each new topic of a subscribed family rebalances its readers' group.
    """
    found: dict[str, Topic] = {}
    for topic in REGISTRY:
        if not topic.is_family:
            found[topic.name] = topic
        elif topic.is_municipal:
            found.update({topic.named(owner): topic for owner in municipalities})
        else:
            found.update({topic.named(owner): topic for owner in operators})
    return found
