"""What every command has, and the commands that every service knows: many at once, and on dead letters.

A command stands on `commands.<service>.<operator>.v1`. Its key and envelope `subject` name what it is about;
`data` holds its fields and a `reason` code. Each gets one final reply with the command's id as key and
`correlationid`.
"""

from typing import Annotated, Any

from pydantic import Field

from shared.contracts.example import (
    COMMAND,
    LETTER,
    MUNICIPALITY,
    OPERATOR,
    POOL,
    PROGRAMME,
    VOLUNTEER,
    example,
)
from shared.contracts.fields import Code, Contract
from shared.contracts.published import PRIVATE


class Command(Contract):
    """Base of every command; `reason` is a code for the audit trail, such as `interview_held`."""

    reason: Annotated[Code, PRIVATE]


class BatchedCommand(Contract):
    """One command of a batch: its name, such as `RecordCheck`, its subject, and its `data` as it would stand
    in a record of its own.
    """

    command: Annotated[str, Field(pattern=r"^[A-Za-z]{1,60}$"), PRIVATE]
    subject: Annotated[str, Field(min_length=1, max_length=200), PRIVATE]
    expectedrevision: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    data: Annotated[dict[str, Any], PRIVATE]


class RunBatch(Command):
    """Many commands in one record, decided in their order, each by itself: what is wrong with one stops no
    other. The subject is any word, such as `batch`.

    The n-th command has the id `<the batch's id>.<n>`, from 1, and gets its own reply under it; the batch's
    reply counts them and says what became of each. `dryrun` holds for all of them.
    """

    model_config = example(
        {
            "reason": "course_held",
            "commands": [
                {
                    "command": "RecordCheck",
                    "subject": VOLUNTEER,
                    "data": {"reason": "course_held", "kind": "training", "seen_on": "2026-09-20"},
                }
            ],
        },
        subject="batch",
    )

    commands: Annotated[list[BatchedCommand], Field(min_length=1, max_length=200)]


class ShowDeadLetter(Command):
    """Asks for a refused record, sealed to the operator's key. The subject is the dead letter's id."""

    model_config = example({"reason": "unknown_field"}, subject=LETTER)


class RedriveDeadLetter(Command):
    """Runs a refused record through its handler again. The subject is the dead letter's id."""

    model_config = example({"reason": "mended_release"}, subject=LETTER)


class EditAndRedriveDeadLetter(Command):
    """Runs `value`, a structured CloudEvent, in a record's place. The subject is the dead letter's id.

    Settlements can't be edited: they are corrected at their source.
    """

    model_config = example(
        {
            "reason": "misspelt_field",
            "value": {
                "specversion": "1.0",
                "id": COMMAND,
                "source": f"/operators/{OPERATOR}",
                "type": "no.kobling.command.RunRound.v1",
                "subject": POOL,
                "time": "2026-11-21T09:00:00Z",
                "data": {"reason": "weekly_meeting", "municipality": MUNICIPALITY, "programme": PROGRAMME},
            },
        },
        subject=LETTER,
    )

    value: Annotated[dict[str, Any], PRIVATE]


class DiscardDeadLetter(Command):
    """Closes a refused record without running it. The subject is the dead letter's id."""

    model_config = example({"reason": "sent_twice"}, subject=LETTER)


DEAD_LETTER_COMMANDS: tuple[type[Command], ...] = (
    ShowDeadLetter,
    RedriveDeadLetter,
    EditAndRedriveDeadLetter,
    DiscardDeadLetter,
)

EVERYWHERE: tuple[type[Command], ...] = (RunBatch, *DEAD_LETTER_COMMANDS)
"""The commands that every service takes."""
