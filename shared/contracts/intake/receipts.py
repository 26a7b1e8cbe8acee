"""What intake answers to settlement records."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts import topics
from shared.contracts.example import EVENT, example, shown
from shared.contracts.faults import Fault, Faults, Sentence
from shared.contracts.fields import Code, Contract, Instant, Offset
from shared.contracts.message import event

ReceiptOutcome = Literal["accepted", "referred", "duplicate", "stale", "rejected"]


class SettlementReceipt(Contract):
    """What became of one settlement record, named by its `partition` and `offset`.

    `event_id` is its sender's own id for it, where that is a UUID, a ULID, another long hexadecimal number or
    a number of up to five digits: others could be a name. `code`, `field` and `message` say what was wrong
    first, `faults` all that was found, ten at most. `notes` say what of an accepted settlement was left out,
    or would help, and `code` and `field` which the first of them is; of a rejected one whom it protects all
    the same. `newer` is the time of the record that a stale one met.
    """

    model_config = example(
        {
            "outcome": "rejected",
            "event_id": EVENT,
            **{name: text for name, text in shown(Fault).items() if name in {"code", "field", "message"}},
            "faults": [shown(Fault)],
            "partition": 0,
            "offset": 41,
        },
        revision=42,
    )

    outcome: ReceiptOutcome
    event_id: Annotated[str, Field(max_length=64)] | None = None
    code: Code | None = None
    field: Annotated[str, Field(max_length=80)] | None = None
    message: Sentence | None = None
    faults: Faults | None = None
    notes: Faults | None = None
    newer: Instant | None = None
    partition: Offset
    offset: Offset


SETTLEMENT_RECEIPT = event(topics.RECEIPTS, SettlementReceipt)
