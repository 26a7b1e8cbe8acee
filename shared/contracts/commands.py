"""What every command has, and the commands on dead letters, which every service knows.

A command stands on `commands.<service>.<operator>.v1`. Its key and envelope `subject` name what it is about;
`data` holds its fields and a `reason` code. Each gets one final reply with the command's id as key and
`correlationid`.
"""

from typing import Annotated, Any

from shared.contracts.example import COMMAND, LETTER, MUNICIPALITY, OPERATOR, POOL, PROGRAMME, example
from shared.contracts.fields import Code, Contract
from shared.contracts.published import PRIVATE


class Command(Contract):
    """Base of every command; `reason` is a code for the audit trail, such as `interview_held`."""

    reason: Annotated[Code, PRIVATE]


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
