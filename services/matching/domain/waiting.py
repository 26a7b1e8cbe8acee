"""Where somebody may be matched, and since when they wait there."""

from datetime import date

from services.matching.domain.party import Giving, Receiving
from shared.values import value


@value
class Waits:
    """A programme in which somebody may be matched, and since when they wait."""

    programme: str
    pack_version: str
    since: date


@value
class Party:
    """Somebody as matching keeps them: the attributes of their side, and where they may be matched."""

    attributes: Receiving | Giving
    waits: tuple[Waits, ...]
