"""What reporting takes of programme packs: where they run, how long pairs last and how long they meet."""

from collections.abc import Iterable

from services.reporting.domain.figures import ALL
from services.reporting.domain.occurrences import Place
from services.reporting.domain.outcomes import Duration
from shared.contracts.periods import number_of
from shared.messaging.tables import Programmes


def active_places(programmes: Programmes) -> set[Place]:
    """Where figures are published though nothing has happened: else their existence would tell."""
    active = {(municipality, pack.name) for municipality, pack in programmes.all_active()}
    return active | {(municipality, ALL) for municipality, _ in active}


def durations(programmes: Programmes) -> dict[str, Duration]:
    """How long each programme's pairs last, by name: a pair keeps the version that it began with, so what
    each version allows is held against.
    """
    versions: dict[str, list[Duration]] = {}
    for pack in programmes.packs():
        lasts = pack.pairing.duration
        least = lasts.at_least if lasts is not None else None
        most = lasts.at_most if lasts is not None else None
        versions.setdefault(pack.name, []).append(
            Duration(number_of(least) if least else 0, number_of(most) if most else None)
        )
    return {name: _strictest(found) for name, found in versions.items()}


def _strictest(versions: Iterable[Duration]) -> Duration:
    known = list(versions)
    limits = [one.at_most for one in known if one.at_most is not None]
    return Duration(max(one.at_least for one in known), min(limits, default=None))


def weekly_hours(programmes: Programmes) -> dict[tuple[str, str], float]:
    """How many hours a week pairs are to meet, by a pack's name and version, where it says so."""
    return {
        (pack.name, pack.version): pack.pairing.dose.weekly_hours
        for pack in programmes.packs()
        if pack.pairing.dose is not None
    }
