"""The words that a municipality's programmes list: only these are published of what others write."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from shared.contracts.programmes import ActiveProgramme

_PLAIN = re.compile(r"[a-z]{2,20}(_[a-z]{2,20}){0,2}", re.ASCII)
"""Up to three words and no digit: no address, birthday or number. For municipalities that list no topics."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`districts` are the listed parts of town by their folded names; `topics` the codes for interests,
    activities and occupations, empty where none are listed.
    """

    districts: Mapping[str, str]
    topics: frozenset[str]
    listed_districts: tuple[str, ...] = field(init=False)
    """In order, as `listed_topics` are."""
    listed_topics: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "listed_districts", tuple(sorted(self.districts.values())))
        object.__setattr__(self, "listed_topics", tuple(sorted(self.topics)))

    @classmethod
    def of(cls, programmes: Iterable[ActiveProgramme]) -> "Vocabulary":
        """What all of a municipality's programmes list together."""
        known = list(programmes)
        return cls(
            {_folded(name): name for programme in known for name in programme.districts},
            frozenset(topic for programme in known for topic in programme.topics),
        )

    def district(self, written: str) -> str | None:
        """The listed district that is meant, whatever became of case and room; None where it is none."""
        return self.districts.get(_folded(written)) if self.districts else None

    def taken(self, topics: Iterable[str]) -> tuple[str, ...]:
        """Those of the codes for interests, activities and occupations that may be published."""
        return tuple(filter(self.topics.__contains__ if self.topics else _is_plain, topics))

    def takes(self, topic: str) -> bool:
        """Whether a code may be published."""
        return bool(self.taken((topic,)))


# Bounded: senders write the codes. Most repeat a few.
@lru_cache(maxsize=4096)
def _is_plain(topic: str) -> bool:
    return _PLAIN.fullmatch(topic) is not None


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
