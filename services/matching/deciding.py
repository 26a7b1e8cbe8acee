"""By what a command to matching is decided, and what decisions are given besides the command."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Decision, Pair
from shared.contracts.programmes import ProgrammePack
from shared.messaging.tables import Programmes


@dataclass(frozen=True, slots=True)
class Context:
    """The moment of the decision (UTC), and the packs."""

    now: datetime
    programmes: Programmes

    def pack_of(self, pair: Pair) -> ProgrammePack:
        """The pack's version that the pair began with; raises DomainError `unknown_programme`."""
        pack = self.programmes.pack(pair.programme, pair.pack_version)
        if pack is None:
            raise DomainError("unknown_programme", "The pair's pack version is not published any more.")
        return pack


@dataclass(frozen=True, slots=True)
class OnPair:
    """Decided at once on the pair that is the subject: `decide(pair, command, context)`, the command being
    of the specification's model. Raises DomainError for what may not happen.
    """

    decide: Callable[[Pair, Any, Context], Decision]


@dataclass(frozen=True, slots=True)
class OnPool:
    """Put off to a due row of this kind, as work on a pool takes longer than a transaction may. The command
    names a municipality and a programme, and its subject is the pool.
    """

    kind: str
