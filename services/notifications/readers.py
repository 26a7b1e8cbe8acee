"""What notifications reads of a pair's state: its contract's types, and no field more."""

from shared.contracts.fields import Contract, Day, Subject
from shared.contracts.matching.states import PairStatus


class PairRead(Contract):
    """Of a `PairState`."""

    receiving: Subject
    giving: Subject
    status: PairStatus
    created_on: Day | None = None
