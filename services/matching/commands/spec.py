"""How commands are decided: by a step in a pair's life, by a list of pairs, or later, by work on a pool."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Decision, Pair
from services.matching.store import Page
from shared.contracts.commands import Command
from shared.contracts.programmes import ProgrammePack
from shared.messaging.commands.registry import CommandSpec
from shared.messaging.tables import Programmes

C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may know besides pair and command: the moment by the clock of the pair's municipality,
    whose organisation gives the command, and the packs.
    """

    now: datetime
    organisation: str
    programmes: Programmes

    def pack_of(self, pair: Pair) -> ProgrammePack:
        """The pack's version that the pair began with; raises DomainError `unknown_programme`."""
        pack = self.programmes.pack(pair.programme, pair.pack_version)
        if pack is None:
            raise DomainError("unknown_programme", "The pair's pack version is not published any more.")
        return pack


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPair(CommandSpec[Callable[[Pair, C, Context], Decision]], Generic[C]):
    """A step in a pair's life. `decide` gives the pair after it and what happened; it raises DomainError."""

    model: type[C]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPool(CommandSpec[str]):
    """Put off to a due row of the kind `decide`, as work on a pool takes longer than a transaction may.

    The command names a municipality and a programme, and its subject is the pool.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPairs(CommandSpec[Callable[[C], Page]], Generic[C]):
    """A question about a pool's pairs: `decide` gives the page that is asked for.

    The command names a municipality and a programme, and its subject is the pool.
    """

    model: type[C]


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPair(CommandSpec[Callable[[Pair, Context], dict[str, Any]]], Generic[C]):
    """A question about a pair: `decide` gives the answer; it raises DomainError."""

    model: type[C]
