"""Pairs ↔ documents."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pymongo import ReplaceOne

from services.matching.domain.pair import Afterwards, Pair, PairStatus
from services.matching.domain.party import Rules
from services.matching.store.documents import StoredPair, pair_document, stored_pair
from shared.mongo import Database, Document, Session

OPEN = {"open": True}
AT_ONCE = 200
"""How many pairs are read at a time where all may have to be looked at."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which pairs of a pool are asked for: of these statuses, or of all where there are none, in the order of
    their subjects from the one after `after` on, `limit` at most; of one coordinator alone where one
    is named.
    """

    statuses: tuple[PairStatus, ...]
    after: str | None
    limit: int
    coordinator: str | None = None


class Pairs:
    """Pairs from proposal to end."""

    def __init__(self, database: Database) -> None:
        self._collection = database["pairs"]

    async def by_subject(self, subjects: Iterable[str], session: Session) -> dict[str, StoredPair]:
        """Pairs by their own subject."""
        cursor = self._collection.find({"_id": {"$in": list(set(subjects))}}, session=session)
        return {document["_id"]: stored_pair(document) async for document in cursor}

    async def open_of(self, parties: Collection[str], session: Session) -> list[StoredPair]:
        """The open pairs that any of these take part in."""
        if not parties:
            return []
        either = [{"receiving": {"$in": list(parties)}}, {"giving": {"$in": list(parties)}}]
        cursor = self._collection.find({**OPEN, "$or": either}, session=session)
        return [stored_pair(document) async for document in cursor]

    async def of_parties(self, parties: Collection[str], session: Session) -> list[StoredPair]:
        """All pairs that any of these take or took part in."""
        if not parties:
            return []
        either = [{"receiving": {"$in": list(parties)}}, {"giving": {"$in": list(parties)}}]
        cursor = self._collection.find({"$or": either}, session=session)
        return [stored_pair(document) async for document in cursor]

    async def naming(self, parties: Collection[str], session: Session) -> list[StoredPair]:
        """The pairs that name any of these beside their two: as a guide until somebody else was it, or in the
        receipt's alternative.
        """
        other = "pair.receipt.alternative"
        fields = ("former", f"{other}.giving", f"{other}.need.receiving")
        wanted = {"$or": [{name: {"$in": list(parties)}} for name in fields]}
        cursor = self._collection.find(wanted, session=session)
        return [stored_pair(document) async for document in cursor]

    async def of_round(self, round_id: str, limit: int, session: Session) -> tuple[int, list[Pair]]:
        """How many pairs a round has proposed, and the first of them, by their receiving party."""
        wanted = {"round": round_id}
        count = await self._collection.count_documents(wanted, session=session)
        cursor = self._collection.find(wanted, sort=[("receiving", 1)], limit=limit, session=session)
        return count, [stored_pair(document).pair async for document in cursor]

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
        self, municipalities: Collection[str], rules: Rules, today: date, session: Session
    ) -> frozenset[tuple[str, str]]:
        """Couples whose proposal was declined or expired, or whose pair is over and who aren't to meet again,
        less than the pack's exclusion days ago.
        """
        since = (today - timedelta(days=rules.exclusion_days)).isoformat()
        wanted = {
            "municipality": {"$in": sorted(municipalities)},
            "programme": rules.name,
            "closed_on": {"$gt": since},
            "$or": [
                {"status": {"$in": ["declined", "expired"]}},
                {"status": {"$in": ["ended", "completed"]}, "pair.outcome.may_meet_again": False},
            ],
        }
        allowed = ("pair.allowed_on", "pair.former_guides")
        fields = dict.fromkeys(("receiving", "giving", *allowed), 1)
        cursor = self._collection.find(wanted, fields, session=session)
        found: set[tuple[str, str]] = set()
        async for document in cursor:
            pair = document["pair"]
            last = {"giving": document["giving"], "allowed_on": pair.get("allowed_on")}
            former = [item for item in pair.get("former_guides", ()) if item["to"] > since]
            guides = [item["giving"] for item in (last, *former) if item.get("allowed_on") is None]
            found.update((document["receiving"], guide) for guide in guides if guide is not None)
        return frozenset(found)

    async def afterwards(
        self, municipalities: Collection[str], rules: Rules, people: Sequence[str], session: Session
    ) -> dict[str, tuple[Afterwards, date]]:
        """What these people do whose pairs are over, and since when: by the latest of their pairs.

        Who was to rest after one in another municipality and is ready here is so anew, and waits since then.
        """
        wanted = {
            "programme": rules.name,
            "status": {"$in": ["ended", "completed"]},
            "pair.outcome": {"$ne": None},
            "$or": [{"receiving": {"$in": people}}, {"giving": {"$in": people}}],
        }
        fields = {"municipality": 1, "receiving": 1, "giving": 1, "closed_on": 1, "pair.outcome": 1}
        cursor = self._collection.find(wanted, fields, sort=[("closed_on", 1), ("_id", 1)], session=session)
        found: dict[str, tuple[Afterwards, date]] = {}
        async for document in cursor:
            on, here = date.fromisoformat(document["closed_on"]), document["municipality"] in municipalities
            for side in ("receiving", "giving"):
                does: Afterwards = document["pair"]["outcome"][side]
                found[document[side]] = does if here or does != "rests" else "waits_anew", on
        return found

    async def first_proposed(
        self, programme: str, parties: Collection[str], session: Session
    ) -> dict[str, date]:
        """On which day receiving parties first got a guide: the first proposal that nobody declined and that
        did not expire.
        """
        wanted = {
            "receiving": {"$in": list(parties)},
            "programme": programme,
            "status": {"$nin": ["declined", "expired"]},
        }
        cursor = self._collection.find(wanted, {"receiving": 1, "pair.proposed_on": 1}, session=session)
        found: dict[str, date] = {}
        async for document in cursor:
            on = date.fromisoformat(document["pair"]["proposed_on"])
            found[document["receiving"]] = min(on, found.get(document["receiving"], on))
        return found

    async def page(
        self, municipality: str, programme: str, page: Page, session: Session
    ) -> tuple[list[StoredPair], int, bool]:
        """A page of a programme's pairs, how many all pages have, and whether another page follows."""
        wanted = _wanted(municipality, programme, page)
        count = await self._collection.count_documents(wanted, session=session)
        after = {"_id": {"$gt": page.after}} if page.after is not None else {}
        cursor = self._collection.find(
            wanted | after, sort=[("_id", 1)], limit=page.limit + 1, session=session
        )
        found = [stored_pair(document) async for document in cursor]
        return found[: page.limit], count, len(found) > page.limit

    async def each(
        self, municipality: str, programme: str, page: Page, session: Session
    ) -> AsyncIterator[Pair]:
        """A programme's pairs from a page's beginning on, beyond its limit; read some at a time."""
        wanted, after = _wanted(municipality, programme, page), page.after or ""
        while True:
            cursor = self._collection.find(
                wanted | {"_id": {"$gt": after}}, sort=[("_id", 1)], limit=AT_ONCE, session=session
            )
            found = [stored_pair(document).pair async for document in cursor]
            for pair in found:
                yield pair
            if len(found) < AT_ONCE:
                return
            after = found[-1].subject

    async def under(
        self, municipalities: Collection[str], after: str, limit: int, session: Session
    ) -> list[StoredPair]:
        """The next pairs of these municipalities, open and over, after a subject."""
        wanted = {"municipality": {"$in": sorted(municipalities)}, "_id": {"$gt": after}}
        cursor = self._collection.find(wanted, sort=[("_id", 1)], limit=limit, session=session)
        return [stored_pair(document) async for document in cursor]

    async def insert(self, pairs: Sequence[StoredPair], session: Session) -> None:
        """Stores new pairs."""
        if not pairs:
            return
        await self._collection.insert_many([pair_document(pair) for pair in pairs], session=session)

    async def save(self, pairs: Sequence[StoredPair], session: Session) -> None:
        """Stores changed pairs in one round trip."""
        if pairs:
            writes = [ReplaceOne({"_id": item.pair.subject}, pair_document(item)) for item in pairs]
            await self._collection.bulk_write(writes, ordered=False, session=session)

    async def stage(self, pairs: Sequence[StoredPair], session: Session) -> None:
        """Stores pairs in one round trip; open ones hold nothing until they are saved."""
        if pairs:
            await self._collection.bulk_write(
                [
                    ReplaceOne(
                        {"_id": item.pair.subject}, pair_document(replace(item, staged=True)), upsert=True
                    )
                    for item in pairs
                ],
                ordered=False,
                session=session,
            )

    async def staged(self, limit: int, session: Session) -> list[StoredPair]:
        """Staged pairs, those proposed last first, to be saved as what they are."""
        # Of rounds on one day the ids tell the order: they begin with their time.
        newest = [("pair.proposed_on", -1), ("round", -1), ("_id", 1)]
        cursor = self._collection.find({"staged": True}, sort=newest, limit=limit, session=session)
        return [replace(stored_pair(document), staged=False) async for document in cursor]

    async def open_after(self, subject: str, limit: int, session: Session) -> list[StoredPair]:
        """The next open pairs by subject."""
        wanted = {**OPEN, "_id": {"$gt": subject}}
        cursor = self._collection.find(wanted, sort=[("_id", 1)], limit=limit, session=session)
        return [stored_pair(document) async for document in cursor]

    async def remove(self, subjects: Collection[str], session: Session) -> None:
        """Removes pairs."""
        if subjects:
            await self._collection.delete_many({"_id": {"$in": list(subjects)}}, session=session)


def _wanted(municipality: str, programme: str, page: Page) -> Document:
    wanted: Document = {"municipality": municipality, "programme": programme}
    if page.statuses:
        wanted["status"] = {"$in": list(page.statuses)}
    if page.coordinator is not None:
        wanted["coordinator"] = page.coordinator
    return wanted
