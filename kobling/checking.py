"""Checks a record as the service that reads it would, before anything is sent."""

from collections.abc import Iterator
from typing import NamedTuple

from shared.contracts.envelope import HEADERS
from shared.contracts.topics import Topic
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Raw, Received, Unreadable
from shared.messaging.reading.sentences import sentence
from shared.published import refusals

_FAR_AHEAD = 4_102_444_800_000
"""Broker's time of records that are only checked, 2100: whether a day lies ahead the service says."""


class Wrong(NamedTuple):
    """One thing that is wrong with a record, and what would help."""

    code: str
    field: str | None
    message: str


def wrong_with(topic: Topic, owner: str, key: str, value: bytes) -> Iterator[Wrong]:
    """All that is wrong with a structured CloudEvent on its owner's topic. Raises ValueError where nobody has
    one by that name.
    """
    parsed = Parser(topic).parse(Raw(topic.named(owner), 0, 0, _FAR_AHEAD, key.encode(), value, HEADERS))
    if isinstance(parsed, Unreadable):
        for fault in parsed.faults:
            one_of = f" One of: {', '.join(fault.allowed)}." if fault.allowed else ""
            yield Wrong(fault.code, fault.field, sentence(fault) + one_of)
    elif isinstance(parsed, Received):
        for refused in refusals(parsed.data):
            yield Wrong(refused.code, refused.field, refused.message)
