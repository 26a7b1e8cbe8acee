"""What operators are told on `notices.<operator>.v1`: of their people and pairs, by reference."""

from typing import Literal

from shared.contracts import topics
from shared.contracts.example import MUNICIPALITY, PAIR, PROGRAMME, REFUGEE, VOLUNTEER, example
from shared.contracts.fields import Code, Contract, Day, Municipality, ProgrammeName, Subject
from shared.contracts.message import event

NoticeCode = Literal[
    "proposal_made",
    "proposal_declined",
    "proposal_expired",
    "pair_paused",
    "pair_resumed",
    "pair_completed",
    "pair_ended",
    "milestone_due",
    "milestone_overdue",
]
"""What happened, or is due."""


class Notice(Contract):
    """What happened to somebody or to a pair, the subject, or is due.

    `about` are the people whom it concerns. `on` is the day on which it happened, `due_on` the day by which
    something is to be done. `details` are codes: why a pair ended, what somebody lacks.
    """

    model_config = example(
        {
            "code": "pair_ended",
            "municipality": MUNICIPALITY,
            "programme": PROGRAMME,
            "about": [REFUGEE, VOLUNTEER],
            "on": "2027-03-01",
            "details": ["personal_giving"],
        },
        subject=PAIR,
    )

    code: NoticeCode
    municipality: Municipality
    programme: ProgrammeName | None = None
    about: list[Subject]
    on: Day
    due_on: Day | None = None
    details: list[Code] = []


NOTICE_GIVEN = event(topics.NOTICES, Notice, "NoticeGiven")
