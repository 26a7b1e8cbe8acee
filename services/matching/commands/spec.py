"""How commands are decided: by a step in a pair's life, by a list of pairs, or later, by work on a pool."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from services.matching import packs
from services.matching.domain.agreement import Again, deadline
from services.matching.domain.couple import Couple, Surroundings, free_slot, pool_of
from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Decision, Pair
from services.matching.domain.rounds import RoundResult
from services.matching.store import Page
from shared.contracts.commands import Command
from shared.contracts.programmes import ProgrammePack
from shared.messaging.commands.registry import CommandSpec
from shared.messaging.tables import Programmes

C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may know besides pair and command: the moment by the clock of the pair's municipality,
    whose organisation gives the command, the packs, and what is known of the people whom the command needs.
    """

    now: datetime
    organisation: str
    programmes: Programmes
    around: Surroundings = field(default_factory=Surroundings)

    def pack_of(self, pair: Pair) -> ProgrammePack:
        """The pack's version that the pair began with; raises DomainError `unknown_programme`."""
        pack = self.programmes.pack(pair.programme, pair.pack_version)
        if pack is None:
            raise DomainError("unknown_programme", "The pair's pack version is not published any more.")
        return pack

    def again(self, pair: Pair) -> Again:
        """How a proposal opens again; raises DomainError where one of the two is taken, or waits no more."""
        rules = packs.rules(self.pack_of(pair))
        slot = pair.slot
        if not pair.is_open:
            couple = Couple(pair.municipality, pair.receiving, pair.giving)
            slot = free_slot(pair, pool_of(couple, rules, self.around, self.now.date()))
        return Again(slot, deadline(rules, self.now))


def nobody(_: Pair, __: Command) -> tuple[str, ...]:
    """A command needs to know of no people."""
    return ()


def both(pair: Pair, _: Command) -> tuple[str, ...]:
    """A command needs to know of the pair's people."""
    return pair.receiving, pair.giving


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPair(CommandSpec[Callable[[Pair, C, Context], Decision]], Generic[C]):
    """A step in a pair's life. `decide` gives the pair after it and what happened; it raises DomainError.
    `people` are those of whom it needs to know all pairs.
    """

    model: type[C]
    people: Callable[[Pair, C], tuple[str, ...]] = nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class DueOfPairs(CommandSpec[Callable[[C], Page]], Generic[C]):
    """A question about what is due of a pool's pairs, otherwise as `OfPairs`."""

    model: type[C]


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of pairs, the one that the reply tells last; and the round that it took."""

    decisions: tuple[Decision, ...]
    round: RoundResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCouple(CommandSpec[Callable[[C, ProgrammePack, Context], Decided]], Generic[C]):
    """About two who are named, in a programme. `decide` raises DomainError.

    The command names a municipality, a programme, `receiving` and `giving`, and its subject is the pool.
    """

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
