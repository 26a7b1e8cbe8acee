"""A pair ↔ its document."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from services.matching.domain.pair import Pair
from shared.messaging.work import Revision
from shared.mongo import Document

_PAIR = TypeAdapter(Pair)


@dataclass(frozen=True, slots=True)
class StoredPair:
    """A pair and its place in `pairs.v1`. One that is `staged` holds nothing while it is open.

    `trace` is what it goes on in until it is created: the recorded trace that its people came in.
    """

    pair: Pair
    state: Revision
    staged: bool = False
    trace: str | None = None


def pair_document(stored: StoredPair) -> Document:
    """A pair as it is stored."""
    pair = stored.pair
    former = [item.giving for item in pair.former_guides if item.giving is not None]
    document = {
        **({"former": former} if former else {}),
        **({} if stored.trace is None else {"trace": stored.trace}),
        "_id": pair.subject,
        "municipality": pair.municipality,
        "programme": pair.programme,
        "relation": pair.relation,
        "receiving": pair.receiving,
        "giving": pair.giving,
        "slot": pair.slot,
        "status": pair.status,
        "coordinator": pair.coordinator,
        "open": pair.is_open,
        "closed_on": None if pair.is_open else pair.spells[-1].since.isoformat(),
        "round": pair.receipt.round_id,
        "pair": _PAIR.dump_python(pair, mode="json"),
        "state": [stored.state.number, stored.state.order],
    }
    return document | {"open": False, "staged": True} if stored.staged and pair.is_open else document


def stored_pair(document: Document) -> StoredPair:
    """A pair as it was stored."""
    pair = _PAIR.validate_python(document["pair"])
    return StoredPair(pair, Revision(*document["state"]), bool(document.get("staged")), document.get("trace"))
