"""Where somebody may be matched, and since when they wait there."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date

from services.matching.domain.pair import Afterwards
from services.matching.domain.party import Giving, Receiving
from services.matching.domain.presence import Presence
from shared.values import value


@value
class Waits:
    """A programme in which somebody may be matched, and since when they wait."""

    programme: str
    pack_version: str
    since: date


@value
class Party:
    """Somebody as matching keeps them: where they live, the attributes of their side and where they may be
    matched, the programmes in which they may not for now, what they lack where they never could, and, as it
    is stored, the operator who looks after them. `formerly` are earlier codes of the municipality.
    """

    municipality: str
    attributes: Receiving | Giving | None = None
    waits: tuple[Waits, ...] = ()
    held: tuple[str, ...] = ()
    lacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    coordinator: str | None = None
    formerly: tuple[str, ...] = ()


def presence_of(party: Party | None) -> Presence | None:
    """Where somebody takes part; None of who takes no part."""
    if party is None:
        return None
    return Presence(
        party.municipality,
        frozenset(wait.programme for wait in party.waits),
        frozenset(party.held),
        frozenset(party.formerly),
    )


def waiting_since(ready_since: date, over: tuple[Afterwards, date] | None) -> date | None:
    """Since when somebody waits, by what they do since their latest pair was over; None while they rest. Who
    has become ready after that waits as anybody does.
    """
    if over is None or ready_since > over[1]:
        return ready_since
    does, on = over
    match does:
        case "waits":
            return ready_since
        case "waits_anew":
            return on
        case "rests":
            return None
