"""What services answer on `replies.<operator>.v1`: the key and `correlationid` are the command's id."""

from typing import Annotated, Any

from pydantic import Field

from shared.contracts import topics
from shared.contracts.example import COMMAND, PACK_VERSION, PAIR, POOL, REFUGEE, ROUND, VOLUNTEER, example
from shared.contracts.faults import Faults, Sentence
from shared.contracts.fields import Code, Contract, Offset
from shared.contracts.message import event


class CommandAccepted(Contract):
    """Done; `result` is the resulting public state or the answer asked for.

    `about` is the command's subject where that is a reference of Kobling's own, a dead letter's id or a pool,
    else `withheld`: operators may type anything there.
    """

    model_config = example(
        {"command": COMMAND, "about": "withheld", "result": {"subject": REFUGEE, "revision": 1}}, revision=1
    )

    command: str
    about: str
    result: dict[str, Any]


class CommandPreviewed(Contract):
    """What a dry run would have done: the state that would result."""

    model_config = example(
        {
            "command": COMMAND,
            "about": POOL,
            "result": {
                "round": ROUND,
                "receiving": 25,
                "giving": 55,
                "proposed": 23,
                "skipped": 0,
                "optimum_proven": True,
                "total": 1127,
                "proposals": [
                    {
                        "receiving": REFUGEE,
                        "giving": VOLUNTEER,
                        "score": 49,
                        "parts": {"interests": 20, "common_language": 29},
                        "waiting_bonus": 6,
                        "rank": 1,
                        "candidates": 31,
                        "vetoes": {},
                        "warnings": [],
                        "pack_version": PACK_VERSION,
                        "round": ROUND,
                    }
                ],
                "unmatched_receiving": [],
            },
        },
        revision=2,
    )

    command: str
    about: str
    result: dict[str, Any]


class CommandPending(Contract):
    """Not decided yet; `waits_for` names what is missing. A final reply follows."""

    model_config = example(
        {"command": COMMAND, "about": VOLUNTEER, "waits_for": ["introduction_programme_bergen"]}, revision=1
    )

    command: str
    about: str
    waits_for: list[str]


class CommandRejected(Contract):
    """Not done. `message` says what would help; `state` is the current one where the command was too late.

    `code` and `field` are the first of the `faults`, which lists all that was found in a command that could
    not be read or published, ten at most. `partition` and `offset` are the command's own, there where its id
    is a personal number and not repeated: `command` and the reply's key are then made from its place.
    """

    model_config = example(
        {
            "command": COMMAND,
            "about": PAIR,
            "code": "date_in_future",
            "message": "answered_on can't lie ahead.",
            "field": "answered_on",
        },
        revision=1,
    )

    command: str
    about: str
    code: Code
    message: Sentence
    field: Annotated[str, Field(max_length=80)] | None = None
    state: dict[str, Any] | None = None
    faults: Faults | None = None
    partition: Offset | None = None
    offset: Offset | None = None


ACCEPTED = event(topics.REPLIES, CommandAccepted)
PREVIEWED = event(topics.REPLIES, CommandPreviewed)
PENDING = event(topics.REPLIES, CommandPending)
REJECTED = event(topics.REPLIES, CommandRejected)
