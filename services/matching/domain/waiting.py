"""Where somebody may be matched, and since when they wait there."""

from dataclasses import dataclass
from datetime import date

from services.matching.domain.party import Giving, Receiving


@dataclass(frozen=True, slots=True)
class Waits:
    """A programme in which somebody may be matched, and since when they wait."""

    programme: str
    pack_version: str
    since: date


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody as matching keeps them: the attributes of their side, and where they may be matched."""

    attributes: Receiving | Giving
    waits: tuple[Waits, ...]
