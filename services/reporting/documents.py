"""Projections and books ↔ what MongoDB keeps of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from services.reporting.domain.book import Month, Opening
from services.reporting.domain.figures import REFUGEES_REFERRED, SETTLEMENTS_REGISTERED
from services.reporting.domain.occurrences import Occurrence, Occurrences, Place
from services.reporting.domain.projection import Live, Pair, Refugee, Volunteer
from shared.messaging.work import Revision
from shared.mongo import Document
from shared.values import fields_of

REFUGEES, VOLUNTEERS, PAIRS, SETTLED = "refugees", "volunteers", "pairs", "settled"
TRACES = "traces"
EVER_SETTLED = frozenset({SETTLEMENTS_REGISTERED.name, REFUGEES_REFERRED.name})
"""What says that somebody was settled in a municipality, as a refugee or as one who is referred."""
KINDS: dict[str, type[Refugee] | type[Volunteer] | type[Pair]] = {
    REFUGEES: Refugee,
    VOLUNTEERS: Volunteer,
    PAIRS: Pair,
}

_ONCE = ("figure", "municipality", "programme", "month")


class Projection(NamedTuple):
    """A subject as stored: the revision it is at, what lives of it, and its occurrences.

    Of an erased one the revision alone is left, and nothing follows: subjects are never used again.
    """

    revision: int = 0
    live: Live | None = None
    occurrences: Occurrences = Occurrences()
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """A period's figures as they were published last, their place in the topic, and the month's room."""

    data: Document
    revision: Revision
    room: int = 0


@dataclass(frozen=True, slots=True)
class Book:
    """A place's year as stored: what it began with, and its closed months."""

    opening: Opening = field(default_factory=Opening)
    months: tuple[Month, ...] = ()


def document_of(projection: Projection) -> Document:
    """A projection as stored, without its `_id`."""
    if projection.erased:
        # The machine's own time, since MongoDB expires by its own.
        return {"revision": projection.revision, "erased": True, "at": datetime.now(UTC)}
    return {
        "revision": projection.revision,
        "live": None if projection.live is None else fields_of(projection.live),
        "open": [_document_of(occurrence) for occurrence in projection.occurrences.open],
        "counted": sorted(projection.occurrences.counted),
    }


def _document_of(occurrence: Occurrence) -> Document:
    """An occurrence as stored; one of a single day alone has an amount of its own."""
    if occurrence.day:
        return fields_of(occurrence)
    return {name: getattr(occurrence, name) for name in _ONCE}


def projection_of(kind: str, document: Document) -> Projection:
    """A projection as it was stored in the collection `kind`."""
    if document.get("erased"):
        return Projection(document["revision"], erased=True)
    live = document["live"]
    return Projection(
        document["revision"],
        None if live is None else live_of(KINDS[kind], live),
        Occurrences(
            tuple(Occurrence(**occurrence) for occurrence in document["open"]), frozenset(document["counted"])
        ),
    )


def municipalities_of(document: Document) -> set[str]:
    """Where somebody was ever settled or referred, of a refugee as stored."""
    return Occurrences((), frozenset(document["counted"])).municipalities(EVER_SETTLED)


def live_of(kind: Any, document: Document) -> Any:
    """What lives of a subject, as the class `kind`."""
    return kind(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
    )


def book_of(document: Document) -> Book:
    """A place's year as it was stored."""
    opening = document["opening"]
    return Book(
        Opening(
            opening.get("counted", {}),
            opening.get("shown", {}),
            opening.get("ended", 0),
            opening.get("idle", False),
            opening.get("room", 0),
            opening.get("trail", {}),
        ),
        tuple(
            Month(
                month["name"],
                month["counts"],
                _values(month["shown"], month["counts"]),
                month.get("room", 0),
            )
            for month in document["months"]
        ),
    )


def _values(shown: Document | list[str], counts: Document) -> Document:
    """What a month showed: before version 0.2, the names of counts that were shown as they were."""
    return {name: counts[name] for name in shown} if isinstance(shown, list) else shown


def document_of_book(place: Place, year: str, book: Book) -> Document:
    """A place's year as stored, without its `_id`."""
    return {
        "place": list(place),
        "year": year,
        "opening": {
            "counted": dict(book.opening.counted),
            "shown": dict(book.opening.shown),
            "ended": book.opening.ended,
            "idle": book.opening.idle,
            "room": book.opening.room,
            "trail": {month: dict(shown) for month, shown in book.opening.trail.items()},
        },
        "months": [
            {
                "name": month.name,
                "counts": dict(month.counts),
                "shown": dict(month.shown or {}),
                "room": month.room,
            }
            for month in book.months
        ],
    }
