"""Matching's own collections: parties, pools of them, and pairs."""

from services.matching.store.documents import StoredPair
from services.matching.store.loading import LoadedPool, ReadPool, loaded
from services.matching.store.pairs import Page, Pairs
from services.matching.store.parties import Known, Parties
from services.matching.store.pools import Pools, Told

__all__ = [
    "Known",
    "LoadedPool",
    "Page",
    "Pairs",
    "Parties",
    "Pools",
    "ReadPool",
    "StoredPair",
    "Told",
    "loaded",
]
