"""What is wrong with a record that was refused, or to be noted of one that was taken, as receipts and replies
tell it.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts.example import example
from shared.contracts.fields import Code, Contract

MOST_FAULTS = 10
"""How many faults of one record are told at once."""

Where = Literal["envelope", "data"]
FieldPath = Annotated[str, StringConstraints(max_length=80)]
Sentence = Annotated[str, StringConstraints(max_length=400)]


class Fault(Contract):
    """One fault: its `code`, where it is, and in `message` what would help, for people.

    `where` says whether `field` is an attribute of the envelope or lies in `data`; both are absent where the
    record as a whole is at fault. `allowed` lists the values that the field may have. `nearest` is the known
    name or value that comes closest to what was sent. Nothing here quotes the record.
    """

    model_config = example(
        {
            "code": "field_invalid",
            "where": "data",
            "field": "person.gender",
            "message": "The value has not the form that the schema gives. Did you mean female?",
            "allowed": ["female", "male", "other"],
            "nearest": "female",
        }
    )

    code: Code
    where: Where | None = None
    field: FieldPath | None = None
    message: Sentence
    allowed: list[str] | None = None
    nearest: str | None = None


Faults = Annotated[list[Fault], Field(min_length=1, max_length=MOST_FAULTS)]
