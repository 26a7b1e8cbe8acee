"""How people are looked for in both collections: by name, in lists, by what is due. Nobody who must not be
known is ever among them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from services.intake import names
from services.intake.domain.person import Person
from services.intake.domain.refugee import HIDDEN
from services.intake.names import Digest
from services.intake.store import File, Files, People
from shared.mongo import Document, Session

MOST_CANDIDATES = 50
"""Files of each kind that are decrypted to see how close their names are: those with most words alike."""
KNOWN: Document = {"person.status": {"$nin": sorted(HIDDEN)}, "state.0": {"$gt": 0}}
"""Of whom something is known outside."""


def is_known(file: File[Person]) -> bool:
    """Whether the same holds of a file."""
    return file.person.status not in HIDDEN and file.state.number > 0


@dataclass(frozen=True, slots=True)
class Among:
    """Whom a list is of: all for whom everything holds that is given.

    `coordinator` looks after them, or, with `or_nobody`, nobody does who is among `coordinators`: those who
    may look after people in the municipality now. With `or_nobody` alone it is they.
    """

    municipality: str
    coordinators: Collection[str]
    coordinator: str | None = None
    or_nobody: bool = False
    programme: str | None = None
    statuses: Sequence[str] = ()

    def wanted(self) -> Document:
        """As MongoDB is asked for them."""
        asked: Document = {"person.municipality": self.municipality, **KNOWN}
        if self.statuses:
            asked["person.status"] = {"$in": list(self.statuses)}
        if self.programme is not None:
            asked["person.participations.programme"] = self.programme
            asked["person.participations"] = {
                "$elemMatch": {"programme": self.programme, "status": {"$ne": "left"}}
            }
        nobody: Document = {"person.coordinator": {"$nin": sorted(self.coordinators)}}
        mine: Document = {"person.coordinator": self.coordinator}
        if self.or_nobody and self.coordinator is not None:
            asked["$or"] = [mine, nobody]
        elif self.or_nobody:
            asked |= nobody
        elif self.coordinator is not None:
            asked |= mine
        return asked


async def named(
    name: str, municipalities: Sequence[str], people: People, digest: Digest, session: Session
) -> list[tuple[float, File[Person]]]:
    """Those in these municipalities whose names are close, and how close, the closest first."""
    exact, near = names.wanted(name, digest)
    found: list[tuple[float, File[Person]]] = []
    for files in _both(people):
        subjects = await files.aggregate(_by_digest(exact, near, municipalities), session)
        candidates = await files.by_subject([one["_id"] for one in subjects], session)
        found += [
            (names.closeness(name, file.person.details), file)
            for file in candidates.values()
            if file.person.details is not None
        ]
    close = [one for one in found if one[0] >= names.CLOSE]
    return sorted(close, key=lambda one: (-one[0], one[1].person.subject))


def _by_digest(
    exact: Sequence[bytes], near: Sequence[bytes], municipalities: Sequence[str]
) -> list[Document]:
    """The subjects with most words alike; a word that sounds the same counts for two that are mistyped."""
    every = [*exact, *near]

    def alike(digests: Sequence[bytes]) -> Document:
        return {"$size": {"$setIntersection": ["$names", list(digests)]}}

    return [
        {"$match": {"names": {"$in": every}, "person.municipality": {"$in": list(municipalities)}, **KNOWN}},
        {"$project": {"alike": {"$add": [alike(exact), alike(every)]}}},
        {"$sort": {"alike": -1, "_id": 1}},
        {"$limit": MOST_CANDIDATES},
    ]


async def page(
    among: Among, kind: str | None, after: str | None, limit: int, people: People, session: Session
) -> tuple[list[File[Person]], int, bool]:
    """A page by subject, refugees before volunteers; how many all pages have, and whether another follows."""
    wanted = among.wanted()
    found: list[File[Person]] = []
    count = 0
    for files in _both(people, kind):
        count += await files.count(wanted, session)
        if len(found) <= limit:
            beyond = {"_id": {"$gt": after}} if after is not None else {}
            found += await files.find(wanted | beyond, session, limit + 1 - len(found))
    return found[:limit], count, len(found) > limit


async def due(
    among: Among,
    kinds: Sequence[str],
    today: date,
    after: str | None,
    limit: int,
    people: People,
    session: Session,
) -> tuple[list[Document], bool]:
    """A page of what is due, by day, and whether another follows. Each has its `key`, which `after` names."""
    found: list[Document] = []
    for files in _both(people):
        found += await files.aggregate(_due(among, kinds, today, after, limit), session)
    found.sort(key=lambda item: str(item["key"]))
    return found[:limit], len(found) > limit


def _due(among: Among, kinds: Sequence[str], today: date, after: str | None, limit: int) -> list[Document]:
    parts = ["$tasks.on", "$_id", "$tasks.programme", "$tasks.kind", {"$first": "$tasks.codes"}]
    separated = [piece for part in parts for piece in ("/", part)][1:]
    shown: Document = {"tasks.shown_from": {"$lte": today.isoformat()}}
    if kinds:
        shown["tasks.kind"] = {"$in": list(kinds)}
    if among.programme is not None:
        shown["tasks.programme"] = among.programme
    # A file that has nothing on or after that day has no more to list.
    later: Document = {"tasks.on": {"$gte": after[: len("2026-11-22")]}} if after is not None else {}
    return [
        {"$match": {**among.wanted(), "tasks": {"$exists": True}, **later}},
        {"$project": {"tasks": 1, "coordinator": "$person.coordinator"}},
        {"$unwind": "$tasks"},
        {"$match": shown},
        {"$set": {"key": {"$concat": separated}}},
        {"$match": {"key": {"$gt": after}} if after is not None else {}},
        {"$sort": {"key": 1}},
        {"$limit": limit + 1},
    ]


def _both(people: People, kind: str | None = None) -> list[Files[Person]]:
    """The files of these kinds of people, in the order of their subjects."""
    every: dict[str, Files[Person]] = {"refugee": people.refugees, "volunteer": people.volunteers}  # type: ignore[dict-item]
    return [files for name, files in every.items() if kind in {None, name}]
