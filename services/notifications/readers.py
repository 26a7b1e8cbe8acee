"""What notifications reads of a pair's state: its contract's types, and no field more."""

from shared.contracts.fields import Code, Contract, Day, Subject
from shared.contracts.intake.states import Spell
from shared.contracts.matching.states import PairStatus


class PairRead(Contract):
    """Of a `PairState`."""

    receiving: Subject
    giving: Subject
    status: PairStatus
    spells: list[Spell] = []
    proposed_on: Day
    created_on: Day | None = None
    ended_on: Day | None = None
    end_reason: Code | None = None
