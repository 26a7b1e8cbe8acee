"""Refused records as logs and metrics know them: their place and code, and nothing that stood in them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from shared.logging import get_logger
from shared.messaging.reading.records import Raw

log = get_logger(__name__)


class Refusal(NamedTuple):
    """Where a record stands that was refused, and why."""

    topic: str
    partition: int
    offset: int
    code: str

    @classmethod
    def of(cls, raw: Raw, code: str) -> "Refusal":
        """The refusal of a record."""
        return cls(raw.topic, raw.partition, raw.offset, code)


def tell_refused(event: str, refusals: Iterable[Refusal]) -> None:
    """Logs each refused record of a batch: one line for a partition and code, with all offsets. A sender that
    floods a topic with nonsense then writes a line a batch.
    """
    places: defaultdict[tuple[str, int, str], set[int]] = defaultdict(set)
    for topic, partition, offset, code in refusals:
        places[topic, partition, code].add(offset)
    for (topic, partition, code), found in places.items():
        offsets = spans(sorted(found))
        log.warning(event, topic=topic, partition=partition, code=code, offsets=offsets, count=len(found))


def spans(offsets: Sequence[int]) -> str:
    """Rising offsets in words: `[7, 8, 9, 12]` → `7-9,12`."""
    starts = [offsets[0], *(after for before, after in pairwise(offsets) if after != before + 1)]
    ends = [*(before for before, after in pairwise(offsets) if after != before + 1), offsets[-1]]
    return ",".join(
        str(first) if first == last else f"{first}-{last}" for first, last in zip(starts, ends, strict=True)
    )
