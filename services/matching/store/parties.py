"""Parties ↔ documents, and the pool of those who wait."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from pydantic import TypeAdapter

from services.matching.domain.party import Giving, Rules
from services.matching.domain.presence import Presence
from services.matching.domain.waiting import Party
from services.matching.store.loading import GIVING, RECEIVING, WAITS, ReadPool
from services.matching.store.pairs import Pairs
from shared.mongo import Database, Document, Session, put

AT_ONCE = 2000
"""Documents that the database hands over at once: so many are decoded before anything else can go on."""

_KNOWN = dict.fromkeys(
    (
        "revision",
        "version",
        "erased",
        "municipality",
        "formerly",
        "programmes",
        "held",
        "lacks",
        "coordinator",
        "trace",
    ),
    1,
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a subject: the revision of its state, the version that every change moves on, and
    the coordinator who was last named: who has left is still theirs to hear of.

    `version` changes with each new state and each proposal, so a round that read it before sees that
    somebody was faster. Nothing follows an erasure: subjects are never used again. `presence` is where they
    may be matched, or may again, by what is stored; `lacks` what they lack where they never could.
    `trace` is the first recorded one that a state of theirs came in: their settlement's, if it is traced.
    """

    revision: int = 0
    version: int = 0
    erased: bool = False
    presence: Presence | None = None
    lacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    coordinator: str | None = None
    trace: str | None = None

    def changed(self, revision: int, coordinator: str | None, trace: str | None, *, left: bool) -> "Known":
        """After a newer state, and with the coordinator from then on; who has left keeps the last one."""
        looked_after = coordinator or (self.coordinator if left else None)
        return replace(
            self,
            revision=revision,
            version=self.version + 1,
            coordinator=looked_after,
            trace=self.trace or trace,
        )

    def gone(self) -> "Known":
        """After its erasure."""
        return replace(self, version=self.version + 1, erased=True)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody who became ready on a day, and the group that they are in."""

    subject: str
    on: date
    group: str | None


class Parties:
    """Refugees and volunteers who may be matched; of who may not for now where they take part, and of all
    others the revision alone.
    """

    def __init__(self, database: Database) -> None:
        self._collection = database["parties"]

    async def known(self, subjects: Iterable[str], session: Session) -> dict[str, Known]:
        """What is stored, by subject."""
        cursor = self._collection.find({"_id": {"$in": list(set(subjects))}}, _KNOWN, session=session)
        return {
            item["_id"]: Known(
                item["revision"],
                item["version"],
                item.get("erased", False),
                _presence(item),
                _lacks(item),
                item.get("coordinator"),
                item.get("trace"),
            )
            async for item in cursor
        }

    async def erased(self, subjects: Iterable[str], session: Session) -> set[str]:
        """Who of these is erased."""
        wanted = {"_id": {"$in": list(subjects)}, "erased": True}
        return {item["_id"] async for item in self._collection.find(wanted, {"_id": 1}, session=session)}

    async def coordinators(self, subjects: Iterable[str], session: Session) -> dict[str, str]:
        """Who looks after people, by subject: of those of whom somebody is said to."""
        wanted = {"_id": {"$in": list(subjects)}, "coordinator": {"$exists": True}}
        cursor = self._collection.find(wanted, {"coordinator": 1}, session=session)
        return {item["_id"]: item["coordinator"] async for item in cursor}

    async def traces(self, subjects: Iterable[str], session: Session) -> dict[str, str]:
        """The recorded traces that people came in, by subject: of those who came in one."""
        wanted = {"_id": {"$in": list(subjects)}, "trace": {"$exists": True}}
        cursor = self._collection.find(wanted, {"trace": 1}, session=session)
        return {item["_id"]: item["trace"] async for item in cursor}

    async def by_subject(self, subjects: Iterable[str], session: Session) -> dict[str, Party]:
        """Those who may be matched somewhere, or may again."""
        wanted = {"_id": {"$in": list(set(subjects))}, "municipality": {"$exists": True}}
        cursor = self._collection.find(wanted, session=session)
        return {document["_id"]: _party(document) async for document in cursor}

    async def save(
        self, changed: dict[str, tuple[Known, Party | None]], stored: Collection[str], session: Session
    ) -> None:
        """Writes new states, of which `stored` are here already; of the erased a gravestone alone."""
        writes = [
            put(_party_document(subject, known, party), known=subject in stored)
            for subject, (known, party) in changed.items()
        ]
        if writes:
            await self._collection.bulk_write(writes, ordered=False, session=session)

    async def touch(self, subjects: Collection[str], session: Session) -> None:
        """Moves versions on: whoever read them before is in conflict with this transaction."""
        await self._count_on("version", subjects, session)

    async def name(self, subjects: Collection[str], session: Session) -> None:
        """Notes that this transaction writes what names these people, a pair beside its two or a reply: an
        erasure of theirs that has not seen it is in conflict with it, and looks again.
        """
        await self._count_on("named", subjects, session)

    async def _count_on(self, counter: str, subjects: Collection[str], session: Session) -> None:
        if subjects:
            wanted = {"_id": {"$in": list(subjects)}}
            await self._collection.update_many(wanted, {"$inc": {counter: 1}}, session=session)

    async def read(
        self, municipality: str, rules: Rules, today: date, pairs: Pairs, session: Session
    ) -> ReadPool:
        """All who wait in a municipality's programme, with what is decided about them already."""
        wanted = {"municipality": municipality, "programmes": rules.name}
        documents = await self._collection.find(wanted, batch_size=AT_ONCE, session=session).to_list(None)
        # Under each code that the municipality had while any of them lived there.
        codes = {municipality, *(code for document in documents for code in document.get("formerly", ()))}
        giving = [document["_id"] for document in documents if document["side"] == "giving"]
        receiving = [document["_id"] for document in documents if document["side"] != "giving"]
        return ReadPool(
            documents,
            over=await pairs.afterwards(codes, rules, [*receiving, *giving], session),
            taken=await pairs.slots_taken(giving, session),
            paired=await pairs.receiving_taken(rules, receiving, session),
            excluded=await pairs.excluded(codes, rules, today, session),
        )

    async def arrived(
        self, municipality: str, programme: str, attribute: str, between: tuple[date, date], session: Session
    ) -> list[Arrived]:
        """The receiving parties of a programme who became ready between two days, in a pair by now or not."""
        wanted = {"municipality": municipality, "programmes": programme, "side": "receiving"}
        fields = {"waits": 1, f"attributes.{attribute}": 1}
        first, last = between
        found = []
        async for document in self._collection.find(wanted, fields, session=session):
            waits = WAITS.validate_python(document["waits"])
            on = next(wait.since for wait in waits if wait.programme == programme)
            if first <= on <= last:
                found.append(Arrived(document["_id"], on, document["attributes"].get(attribute)))
        return found


def _party_document(subject: str, known: Known, party: Party | None) -> Document:
    document: Document = {"_id": subject, "revision": known.revision, "version": known.version}
    if known.coordinator is not None:
        document["coordinator"] = known.coordinator
    if known.erased:
        # The machine's own time, since MongoDB expires by its own.
        return document | {"erased": True, "at": datetime.now(UTC)}
    if known.trace is not None:
        document["trace"] = known.trace
    if party is None:
        return document
    document["municipality"] = party.municipality
    if party.formerly:
        document["formerly"] = list(party.formerly)
    if party.held:
        document["held"] = sorted(party.held)
    if party.lacks:
        document["lacks"] = {name: list(codes) for name, codes in party.lacks.items()}
    if party.attributes is None:
        return document
    codec: TypeAdapter[Any] = GIVING if isinstance(party.attributes, Giving) else RECEIVING
    return document | {
        "side": "giving" if isinstance(party.attributes, Giving) else "receiving",
        "programmes": [wait.programme for wait in party.waits],
        "waits": WAITS.dump_python(party.waits, mode="json"),
        "attributes": _in_order(codec.dump_python(party.attributes, mode="python")),
    }


def _party(document: Document) -> Party:
    codec: TypeAdapter[Any] = GIVING if document.get("side") == "giving" else RECEIVING
    attributes = document.get("attributes")
    return Party(
        document["municipality"],
        None if attributes is None else codec.validate_python(attributes),
        WAITS.validate_python(document.get("waits", ())),
        tuple(document.get("held", ())),
        _lacks(document),
        document.get("coordinator"),
        tuple(document.get("formerly", ())),
    )


def _lacks(document: Document) -> dict[str, tuple[str, ...]]:
    return {name: tuple(codes) for name, codes in document.get("lacks", {}).items()}


def _presence(document: Document) -> Presence | None:
    if "municipality" not in document:
        return None
    there, held = document.get("programmes", ()), document.get("held", ())
    formerly = frozenset(document.get("formerly", ()))
    return Presence(document["municipality"], frozenset(there), frozenset(held), formerly)


def _in_order(value: Any) -> Any:
    """As JSON has it, sets sorted: their own order is another one in each process."""
    match value:
        case dict():
            return {name: _in_order(item) for name, item in value.items()}
        case frozenset():
            return sorted(value)
        case list() | tuple():
            return [_in_order(item) for item in value]
        case date():
            return value.isoformat()
        case _:
            return value
