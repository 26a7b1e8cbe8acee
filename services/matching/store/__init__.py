"""Matching's own collections: parties, pools of them, and pairs."""

from services.matching.store import pairs, parties
from services.matching.store.pairs import Page, Pairs, StoredPair
from services.matching.store.parties import Known, LoadedPool, Parties

__all__ = ["INDEXES", "Known", "LoadedPool", "Page", "Pairs", "Parties", "StoredPair"]

INDEXES = {"parties": parties.INDEXES, "pairs": pairs.INDEXES}
