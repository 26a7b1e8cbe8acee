"""Checks a record as the service that reads it would, before anything is sent."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from shared.contracts.envelope import HEADERS
from shared.contracts.fields import CASE_PATTERN
from shared.contracts.topics import SETTLEMENTS, Topic
from shared.messaging.reading.outcome import Fault
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Raw, Received, Unreadable
from shared.messaging.reading.sentences import sentence
from shared.personal_numbers import is_chosen_as_personal_number, reads_as_personal_number
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
        yield from _wrong_subject(topic, parsed)
        for refused in refusals(parsed.data):
            yield Wrong(refused.code, refused.field, refused.message)


def _wrong_subject(topic: Topic, record: Received) -> Iterator[Wrong]:
    """Of a settlement its case is a reference, and of a command nobody's number is: what is sent stays on the
    topic, also when it is refused.
    """
    is_number = reads_as_personal_number if topic is SETTLEMENTS else is_chosen_as_personal_number
    if is_number(record.key):
        code = "personal_number"
    elif topic is SETTLEMENTS and re.fullmatch(CASE_PATTERN, record.key) is None:
        code = "case_invalid"
    else:
        return
    fault = Fault(code, "subject", "envelope")
    yield Wrong(code, fault.field, sentence(fault))
