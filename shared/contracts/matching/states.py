"""The public states of pairs."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.example import REFUGEE, ROUND, VOLUNTEER, example
from shared.contracts.fields import (
    Code,
    Contract,
    Count,
    Day,
    Gender,
    Hours,
    Instant,
    LanguageCode,
    Municipality,
    OperatorId,
    PackVersion,
    ProgrammeName,
    Side,
    Subject,
    TextVersion,
)
from shared.contracts.intake.states import FormerCodes, Spell
from shared.contracts.pairing import Afterwards, Evaluator

PairStatus = Literal["proposed", "accepted", "declined", "expired", "active", "paused", "completed", "ended"]


class Need(Contract):
    """What the receiving party needs that got a guide instead: it has so many `candidates`, that guide
    included; its wish of a `gender`, and the `languages` that the two share, where the pack asks for them.
    """

    receiving: Subject
    candidates: Count
    gender: Gender | None = None
    languages: list[LanguageCode] = []


class Alternative(Contract):
    """A guide that the receiving party did not get: how many points better (or, negative, worse), and the
    least number of points that the pool as a whole would lose, or, where it is `exact`, how many just so;
    5000 or more stands for one pair fewer. `need` is that of whoever got the guide.
    """

    giving: Subject
    score_more: int
    costs_pool: int
    exact: bool = False
    need: Need | None = None


class ScoreReceipt(Contract):
    """Why this pair: whole points by part, and what comes first whoever the guide is.

    `score` is the sum of `parts`. Bonuses are kept apart, since they say nothing of how well two suit each
    other: `waiting_bonus`, `scarcity_bonus` where few guides suit the receiving party, and `cohort_bonus`
    where the pack evens out how long groups wait. `rank` is the guide's place (1 = best score) among
    `candidates`, the guides that no hard rule excluded; `vetoes` counts the guides that each rule removed.
    `warnings` are codes for the coordinator, such as `expectations_differ`.
    """

    model_config = example(
        {
            "score": 49,
            "parts": {
                "interests": 15,
                "age": 4,
                "life_situation": 6,
                "occupation": 0,
                "language": 10,
                "distance": 8,
                "availability": 6,
            },
            "waiting_bonus": 7,
            "scarcity_bonus": 2,
            "rank": 2,
            "candidates": 11,
            "vetoes": {"language": 31, "gender_wish": 5},
            "warnings": ["expectations_differ"],
            "round": ROUND,
        }
    )

    score: int
    parts: dict[Code, int]
    waiting_bonus: int
    rank: Annotated[int, Field(ge=1)]
    candidates: Count
    vetoes: dict[Code, Count] = {}
    warnings: list[Code] = []
    alternative: Alternative | None = None
    pack_version: PackVersion
    round: str
    scarcity_bonus: int = 0
    cohort_bonus: int = 0


class Answer(Contract):
    """A side's answer to a proposal."""

    side: Side
    accept: bool
    on: Day


class Signature(Contract):
    """One signatory's signature of the agreement's text version."""

    signatory: Code
    text_version: TextVersion
    on: Day


class StepHeld(Contract):
    """A step before an answer, and the day on which it was held."""

    step: Code
    held_on: Day


class Meeting(Contract):
    """A meeting that a pair held: the day and its length in hours; and with whom, where that was a former
    guide.
    """

    held_on: Day
    hours: Hours
    giving: Subject | None = None


class FormerGuide(Contract):
    """Who was the pair's guide until somebody else was: from a day on, and the first day on which no more. Of
    who must not be known any more the days alone. `allowed_on`: since then they may be proposed to the
    refugee again.
    """

    giving: Subject | None = None
    since: Annotated[Day, Field(alias="from")]
    to: Day
    allowed_on: Day | None = None


class EvaluationAnswer(Contract):
    """What is said to a question of the pack: by its kind 1 to 5, true or false, or one of its codes."""

    question: Code
    answer: Annotated[int, Field(ge=1, le=5)] | bool | Code


class Evaluation(Contract):
    """How a pair goes as one of the two or the coordinator sees it, by the codes of the pack's questions."""

    milestone: Code
    side: Evaluator
    on: Day
    answers: list[EvaluationAnswer]


class MilestoneState(Contract):
    """A milestone of a created pair: its day, whose evaluations are asked for, and whether that day has come,
    or is 14 days ago while an evaluation is missing.
    """

    name: Code
    due_on: Day
    asks: list[Evaluator]
    status: Literal["planned", "due", "overdue"]


class PairHold(Contract):
    """Whose doing it is that a pair pauses: the coordinator's, or that one of the two can't. Since when, and
    where it ends by itself the first day after.
    """

    by: Literal["coordinator", "receiving", "giving"]
    since: Day
    until: Day | None = None


class PairOutcome(Contract):
    """What follows once a pair is over, as `PackOutcome` has it."""

    receiving: Afterwards
    giving: Afterwards
    may_meet_again: bool


class PairState(Contract):
    """A pair's whole public state, from proposal to end.

    `relation` is the pack's, and `slot` the place among the guide's pairs that this one holds while it is
    open, from 0: with them matching can be rebuilt from this topic alone. `allowed_on`: since then the two
    may be proposed to each other again. `former_codes` are those that the municipality had before, since the
    pair was proposed.
    """

    model_config = example(
        {
            "receiving": REFUGEE,
            "giving": VOLUNTEER,
            "relation": "guide",
            "slot": 0,
            "status": "proposed",
            "spells": [{"status": "proposed", "from": "2026-11-18"}],
            "respond_by": "2026-12-02T08:00:00Z",
            "proposed_on": "2026-11-18",
        }
    )

    municipality: Municipality
    former_codes: FormerCodes | None = None
    programme: ProgrammeName
    pack_version: PackVersion
    receiving: Subject
    giving: Subject
    relation: Code | None = None
    slot: Count | None = None
    coordinator: OperatorId | None = None
    status: PairStatus
    spells: list[Spell] = []
    receipt: ScoreReceipt
    answers: list[Answer] = []
    respond_by: Instant | None = None
    signatures: list[Signature] = []
    proposed_on: Day
    created_on: Day | None = None
    ends_on: Day | None = None
    meetings: list[Meeting] = []
    holds: list[PairHold] = []
    ended_on: Day | None = None
    end_reason: Code | None = None
    outcome: PairOutcome | None = None
    steps: list[StepHeld] = []
    former_guides: list[FormerGuide] = []
    milestones: list[MilestoneState] = []
    evaluations: list[Evaluation] = []
    allowed_on: Day | None = None
