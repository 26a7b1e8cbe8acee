"""What operators are told on `notices.<operator>.v1`: of their people and pairs, by reference."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from shared.contracts import topics
from shared.contracts.example import MUNICIPALITY, PAIR, PROGRAMME, REFUGEE, VOLUNTEER, example
from shared.contracts.fields import Code, Contract, Day, Municipality, ProgrammeName, Subject
from shared.contracts.intake.states import MissingCode
from shared.contracts.message import event

CODES: Mapping[str, str] = {
    "proposal_made": "A round proposes a pair; `due_on` is the last day for its answers",
    "proposal_declined": "A side has declined the proposal",
    "proposal_expired": "The proposal was not answered in time",
    "proposal_reopened": "The proposal waits for an answer again: `due_on` is the last day for it",
    "guide_replaced": "The pair goes on with another guide: `about` has the new one and, last, the former",
    "pair_paused": "The pair pauses since one side can't go on for now: `details` say which",
    "pair_resumed": "The side is back, and the pair goes on",
    "pair_completed": "The pair has had its time",
    "pair_ended": "The pair, or its proposal, ended before its time: `details` say why",
    "volunteer_paused": "The volunteer is away for a while",
    "volunteer_resumed": "The volunteer is back",
    "volunteer_withdrawn": "The volunteer has left, or was not taken",
    "refugee_moved": "The refugee has moved away from the municipality",
    "volunteer_moved": "The volunteer has moved away from the municipality",
    "refugee_withdrawn": "The refugee is not there any more, for whatever reason",
    "lapse_nears": "The person soon lacks what `details` say: `due_on` is the last day on which they have it",
    "participation_lapsed": "The person was ready, and lacks something again: `details` say what",
    "participation_renewed": "The person whose participation had lapsed is ready again",
    "participation_left": "The person takes part in the programme no more",
    "milestone_due": "An evaluation of the pair is due: `details` name the milestone",
    "milestone_overdue": "The evaluation has not come in two weeks",
    "caseload_offered": "An operator's people there are offered to another: the subject is the transfer",
    "caseload_taken": "The other operator has them now",
    "caseload_declined": "The other operator does not take them",
    "consent_withdrawn": "The person has withdrawn a consent: `details` say for what purpose",
}
"""What happened, or is due, and in plain words. Codes are added: a reader that doesn't know one looks at what
the notice is about.
"""


def _listed(code: str) -> str:
    if code not in CODES:
        raise ValueError("no code of a notice")
    return code


class Notice(Contract):
    """What happened to somebody or to a pair, the subject, or is due.

    `code` is one of `CODES`; later releases have more. `about` are the people whom it concerns. `on` is the
    day on which it happened, `due_on` the day by which something is to be done. `details` are codes: why a
    pair ended, what somebody lacks.
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

    code: Annotated[Code, AfterValidator(_listed)]
    municipality: Municipality
    programme: ProgrammeName | None = None
    about: list[Subject]
    on: Day
    due_on: Day | None = None
    details: list[MissingCode] = []


NOTICE_GIVEN = event(topics.NOTICES, Notice, "NoticeGiven")
