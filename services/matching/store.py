"""Parties and pairs ↔ documents."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from pymongo import IndexModel, ReplaceOne, UpdateOne

from services.matching.domain.pair import Pair
from services.matching.domain.party import Giving, Pool, Receiving, Rules
from services.matching.domain.waiting import Party, Waits
from shared.messaging.work import KEPT, Revision
from shared.mongo import Database, Document, Session, put

OPEN = {"open": True}

INDEXES: dict[str, list[IndexModel]] = {
    "parties": [
        # Partial, as most people on file wait nowhere yet: an index costs a write with every state.
        IndexModel(
            [("municipality", 1), ("programmes", 1), ("side", 1)],
            partialFilterExpression={"programmes": {"$exists": True}},
        ),
        # Of the erased: kept for longer than any topic, or a replica that was paused, may hold what came
        # before the erasure.
        IndexModel(
            "at",
            expireAfterSeconds=int(KEPT.total_seconds()),
            partialFilterExpression={"at": {"$exists": True}},
        ),
    ],
    # An open pair holds a slot: the receiving party's one in this programme and relation, and one of the
    # guide's. Two rounds or replicas that want the same slot can't both commit.
    "pairs": [
        IndexModel(
            [("receiving", 1), ("programme", 1), ("relation", 1)], unique=True, partialFilterExpression=OPEN
        ),
        IndexModel([("giving", 1), ("slot", 1)], unique=True, partialFilterExpression=OPEN),
        IndexModel([("municipality", 1), ("programme", 1), ("status", 1)]),
        IndexModel("round"),
        IndexModel("staged", sparse=True),
    ],
}

_RECEIVING = TypeAdapter(Receiving)
_GIVING = TypeAdapter(Giving)
_WAITS = TypeAdapter(tuple[Waits, ...])
_PAIR = TypeAdapter(Pair)


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a subject: the revision of its state, and the version that every change moves on.

    `version` changes with each new state and each proposal, so a round that read it before sees that
    somebody was faster. Nothing follows an erasure: subjects are never used again.
    """

    revision: int = 0
    version: int = 0
    erased: bool = False

    def changed(self, revision: int) -> "Known":
        """After a newer state."""
        return Known(revision, self.version + 1)

    def gone(self) -> "Known":
        """After its erasure."""
        return Known(self.revision, self.version + 1, erased=True)


@dataclass(frozen=True, slots=True)
class StoredPair:
    """A pair and its place in `pairs.v1`."""

    pair: Pair
    state: Revision


@dataclass(frozen=True, slots=True)
class LoadedPool:
    """A pool, the versions of all in it, and since when each waits in its programme."""

    pool: Pool
    versions: dict[str, int]
    since: dict[str, date]


class Parties:
    """Refugees and volunteers who may be matched; of all others the revision alone is kept."""

    def __init__(self, database: Database) -> None:
        self._collection = database["parties"]

    async def known(self, subjects: Iterable[str], session: Session) -> dict[str, Known]:
        """Revision and version by subject."""
        fields = {"revision": 1, "version": 1, "erased": 1}
        cursor = self._collection.find({"_id": {"$in": list(set(subjects))}}, fields, session=session)
        return {
            item["_id"]: Known(item["revision"], item["version"], item.get("erased", False))
            async for item in cursor
        }

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

    async def touch(self, subjects: Iterable[str], session: Session) -> None:
        """Moves versions on: whoever read them before is in conflict with this transaction."""
        await self._collection.bulk_write(
            [UpdateOne({"_id": subject}, {"$inc": {"version": 1}}) for subject in subjects],
            ordered=False,
            session=session,
        )

    async def departed(self, subjects: Collection[str], session: Session) -> dict[str, bool]:
        """Those who are known and can't be matched, and of each whether they were erased."""
        wanted = {"_id": {"$in": list(subjects)}, "side": {"$exists": False}}
        cursor = self._collection.find(wanted, {"erased": 1}, session=session)
        return {item["_id"]: item.get("erased", False) async for item in cursor}

    async def pool(
        self, municipality: str, rules: Rules, today: date, pairs: "Pairs", session: Session
    ) -> LoadedPool:
        """All who wait in a municipality's programme, with what is decided about them already."""
        wanted = {"municipality": municipality, "programmes": rules.name}
        receiving: list[Receiving] = []
        giving: list[Giving] = []
        versions: dict[str, int] = {}
        since: dict[str, date] = {}
        async for document in self._collection.find(wanted, session=session):
            subject = document["_id"]
            versions[subject] = document["version"]
            waits = _WAITS.validate_python(document["waits"])
            since[subject] = next(wait.since for wait in waits if wait.programme == rules.name)
            if document["side"] == "giving":
                giving.append(_GIVING.validate_python(document["attributes"]))
            else:
                party = _RECEIVING.validate_python(document["attributes"])
                receiving.append(replace(party, ready_since=since[subject]))
        taken = await pairs.slots_taken([guide.subject for guide in giving], session)
        paired = await pairs.receiving_taken(rules, [party.subject for party in receiving], session)
        excluded = await pairs.excluded(municipality, rules, today, session)
        pool = Pool(
            rules=rules,
            receiving=tuple(party for party in receiving if party.subject not in paired),
            giving=tuple(giving),
            today=today,
            excluded=excluded,
            taken=taken,
        )
        return LoadedPool(pool, versions, since)


class Pairs:
    """Pairs from proposal to end."""

    def __init__(self, database: Database) -> None:
        self._collection = database["pairs"]

    async def by_subject(self, subjects: Iterable[str], session: Session) -> dict[str, StoredPair]:
        """Pairs by their own subject."""
        cursor = self._collection.find({"_id": {"$in": list(set(subjects))}}, session=session)
        return {document["_id"]: _stored_pair(document) async for document in cursor}

    async def open_of(self, parties: Collection[str], session: Session) -> list[StoredPair]:
        """The open pairs that any of these take part in."""
        if not parties:
            return []
        either = [{"receiving": {"$in": list(parties)}}, {"giving": {"$in": list(parties)}}]
        cursor = self._collection.find({**OPEN, "$or": either}, session=session)
        return [_stored_pair(document) async for document in cursor]

    async def of_round(self, round_id: str, session: Session) -> list[Pair]:
        """The pairs that a round has proposed, by their receiving party."""
        cursor = self._collection.find({"round": round_id}, sort=[("receiving", 1)], session=session)
        return [_stored_pair(document).pair async for document in cursor]

    async def slots_taken(self, guides: Collection[str], session: Session) -> dict[str, frozenset[int]]:
        """The slots that open pairs hold, by guide."""
        taken: dict[str, frozenset[int]] = {}
        fields = {"giving": 1, "slot": 1}
        cursor = self._collection.find({**OPEN, "giving": {"$in": list(guides)}}, fields, session=session)
        async for document in cursor:
            taken[document["giving"]] = taken.get(document["giving"], frozenset()) | {document["slot"]}
        return taken

    async def receiving_taken(self, rules: Rules, parties: Collection[str], session: Session) -> set[str]:
        """Those who have an open pair in this programme and relation already."""
        wanted = {
            **OPEN,
            "receiving": {"$in": list(parties)},
            "programme": rules.name,
            "relation": rules.relation,
        }
        return {
            item["receiving"]
            async for item in self._collection.find(wanted, {"receiving": 1}, session=session)
        }

    async def excluded(
        self, municipality: str, rules: Rules, today: date, session: Session
    ) -> frozenset[tuple[str, str]]:
        """Couples whose proposal was declined or expired less than the pack's exclusion days ago."""
        since = (today - timedelta(days=rules.exclusion_days)).isoformat()
        wanted = {
            "municipality": municipality,
            "programme": rules.name,
            "status": {"$in": ["declined", "expired"]},
            "closed_on": {"$gt": since},
        }
        cursor = self._collection.find(wanted, {"receiving": 1, "giving": 1}, session=session)
        return frozenset([(document["receiving"], document["giving"]) async for document in cursor])

    async def insert(self, pairs: Sequence[StoredPair], session: Session) -> None:
        """Stores new pairs."""
        await self._collection.insert_many([_pair_document(pair) for pair in pairs], session=session)

    async def save(self, pairs: Sequence[StoredPair], session: Session) -> None:
        """Stores changed pairs in one round trip."""
        if pairs:
            writes = [ReplaceOne({"_id": item.pair.subject}, _pair_document(item)) for item in pairs]
            await self._collection.bulk_write(writes, ordered=False, session=session)

    async def stage(self, pairs: Sequence[StoredPair], session: Session) -> None:
        """Stores pairs in one round trip; open ones hold nothing until they are saved."""
        if pairs:
            await self._collection.bulk_write(
                [
                    ReplaceOne({"_id": item.pair.subject}, _staged_document(item), upsert=True)
                    for item in pairs
                ],
                ordered=False,
                session=session,
            )

    async def staged(self, limit: int, session: Session) -> list[StoredPair]:
        """Staged pairs, those proposed last first."""
        newest = [("pair.proposed_on", -1), ("pair.respond_by", -1), ("_id", 1)]
        cursor = self._collection.find({"staged": True}, sort=newest, limit=limit, session=session)
        return [_stored_pair(document) async for document in cursor]

    async def open_after(self, subject: str, limit: int, session: Session) -> list[StoredPair]:
        """The next open pairs by subject."""
        wanted = {**OPEN, "_id": {"$gt": subject}}
        cursor = self._collection.find(wanted, sort=[("_id", 1)], limit=limit, session=session)
        return [_stored_pair(document) async for document in cursor]

    async def remove(self, subjects: Collection[str], session: Session) -> None:
        """Removes pairs."""
        if subjects:
            await self._collection.delete_many({"_id": {"$in": list(subjects)}}, session=session)


def _party_document(subject: str, known: Known, party: Party | None) -> Document:
    document: Document = {"_id": subject, "revision": known.revision, "version": known.version}
    if known.erased:
        # The machine's own time, since MongoDB expires by its own.
        return document | {"erased": True, "at": datetime.now(UTC)}
    if party is None:
        return document
    codec: TypeAdapter[Any] = _GIVING if isinstance(party.attributes, Giving) else _RECEIVING
    return document | {
        "side": "giving" if isinstance(party.attributes, Giving) else "receiving",
        "municipality": party.attributes.municipality,
        "programmes": [wait.programme for wait in party.waits],
        "waits": _WAITS.dump_python(party.waits, mode="json"),
        "attributes": _in_order(codec.dump_python(party.attributes, mode="python")),
    }


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


def _pair_document(stored: StoredPair) -> Document:
    pair = stored.pair
    return {
        "_id": pair.subject,
        "municipality": pair.municipality,
        "programme": pair.programme,
        "relation": pair.relation,
        "receiving": pair.receiving,
        "giving": pair.giving,
        "slot": pair.slot,
        "status": pair.status,
        "open": pair.is_open,
        "closed_on": None if pair.is_open else pair.spells[-1].since.isoformat(),
        "round": pair.receipt.round_id,
        "pair": _PAIR.dump_python(pair, mode="json"),
        "state": [stored.state.number, stored.state.order],
    }


def _staged_document(stored: StoredPair) -> Document:
    document = _pair_document(stored)
    return document | {"open": False, "staged": True} if document["open"] else document


def _stored_pair(document: Document) -> StoredPair:
    return StoredPair(_PAIR.validate_python(document["pair"]), Revision(*document["state"]))
