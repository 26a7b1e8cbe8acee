"""How a pack pairs people: rules, criteria, deadlines, signatures, durations and ends.

Rules are a list of codes with parameters: each is a class here and a function in matching. Criteria are codes
with weights, and the table in matching says which there are.
"""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.example import example
from shared.contracts.fields import Code, Contract, Count, Hours
from shared.contracts.periods import AnswerDays, ExclusionDays, LocalTime, Months


class SelfRule(Contract):
    """Nobody is paired with themselves or their own household."""

    code: Literal["self"]


class MunicipalityRule(Contract):
    """Both live in the same municipality."""

    code: Literal["municipality"]


class LanguageRule(Contract):
    """A language in common: `hard` forbids a pair without one, `soft` only scores it."""

    code: Literal["language"]
    strength: Literal["hard", "soft"]


class GenderWishRule(Contract):
    """Each side's stated wish about the other's gender is kept."""

    code: Literal["gender_wish"]


class AgeRule(Contract):
    """Both are certainly as old as their side's requirement says; guides are 18 in any case."""

    code: Literal["age"]


class AvailabilityRule(Contract):
    """At least so many free hours a week in common."""

    code: Literal["availability"]
    hours: Hours


class ChildCertificateRule(Contract):
    """A guide of a household with minors has shown a child certificate."""

    code: Literal["child_certificate"]


class CapacityRule(Contract):
    """A guide has no more pairs at once than they want."""

    code: Literal["capacity"]


class ExcludedRule(Contract):
    """A couple that declined, or let a proposal expire, is not proposed again for the pack's time."""

    code: Literal["excluded"]


Rule = Annotated[
    SelfRule
    | MunicipalityRule
    | LanguageRule
    | GenderWishRule
    | AgeRule
    | AvailabilityRule
    | ChildCertificateRule
    | CapacityRule
    | ExcludedRule,
    Field(discriminator="code"),
]
"""What forbids a pair, any one of them."""


Afterwards = Literal["waits", "waits_anew", "rests"]
EndingReason = Literal[
    "mismatched_expectations",
    "personal_receiving",
    "personal_giving",
    "moved",
    "family_reunification",
    "permanent_housing",
    "other",
]
"""Why a coordinator ends a pair. That somebody is protected is none: it would say who."""


class PackCohorts(Contract):
    """Evens out how long the groups of an attribute wait: points for whoever's group waits longer, 20 at
    most.
    """

    attribute: Literal["gender"]


class PackPolicy(Contract):
    """What comes first in a round: points for each day since the receiving party was ready, uncapped; up to 6
    points where `scarcity` is set and few guides suit somebody; and, for an owner who decides to use the
    attribute for it, points that even out how long its groups wait.
    """

    model_config = example({"waiting_points_per_day": 0.2})

    waiting_points_per_day: Annotated[float, Field(ge=0, le=100)]
    scarcity: bool = False
    cohort_controller: PackCohorts | None = None


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class PackRounds(Contract):
    """When rounds run by themselves: each day, or each week on `weekday` (Monday where it is left out), `at`
    a time by the municipality's own clock. They also run on demand.
    """

    model_config = example({"every": "P1D", "at": "03:00"})

    every: Literal["P1D", "P7D"]
    at: LocalTime
    weekday: Weekday | None = None


class PackDuration(Contract):
    """How long a pair lasts: it is completed not before `at_least`, and by itself after `at_most`."""

    at_least: Months | None = None
    at_most: Months | None = None


class PackDose(Contract):
    """How many hours a week a pair is meant to meet."""

    weekly_hours: Annotated[float, Field(gt=0, le=40)]


Step = Literal["introduction_meeting"]
"""What is held, and recorded, before an answer counts."""
Evaluator = Literal["receiving", "giving", "coordinator"]
"""Who says at a milestone how a pair goes: either side, or the coordinator."""


class _Question(Contract):
    """What every question has: its code, and who of the milestone's is asked, all where nobody is named."""

    code: Code
    asks: Annotated[list[Evaluator], Field(max_length=3)] = []


class ScaleQuestion(_Question):
    """Answered by 1 (least) to 5."""

    kind: Literal["scale"]


class ChoiceQuestion(_Question):
    """Answered by one of the codes."""

    kind: Literal["choice"]
    choices: Annotated[list[Code], Field(min_length=2, max_length=20)]


class YesNoQuestion(_Question):
    """Answered by true or false."""

    kind: Literal["yes_no"]


Question = Annotated[ScaleQuestion | ChoiceQuestion | YesNoQuestion, Field(discriminator="kind")]


class PackMilestone(Contract):
    """When a pair is evaluated, from the day on which it was created, by whom, and what they are asked."""

    name: Code
    after: Months
    asks: Annotated[list[Evaluator], Field(min_length=1, max_length=3)]
    questions: Annotated[list[Question], Field(min_length=1, max_length=30)]


class PackOutcome(Contract):
    """What follows once a pair is over. A side `waits` again with its seniority, `waits_anew` from that day
    on, or `rests` until it is ready anew; a coordinator may say otherwise of either. The couple may be
    proposed to each other again, or is left out as one that declined.
    """

    receiving: Afterwards = "waits"
    giving: Afterwards = "waits"
    may_meet_again: bool = False


class PackEnding(PackOutcome):
    """A reason for which a pair may end before its time."""

    reason: EndingReason


class PackPairing(Contract):
    """How people are paired.

    `criteria` gives each criterion the most points that it may add to a pair's score. `answer_within` is each
    proposal's deadline; `exclude_for` how long a declined or expired couple is not proposed again. All
    `signatories` sign before a pair is created. `endings` are the reasons for which a pair may end before its
    time: where there are none, all that Kobling knows, and both sides wait again. `completion` is what
    follows where a pair has had its time. All `steps` are held before an answer counts, and at each of its
    `milestones` a pair is evaluated. Without `rounds` they run on demand alone.
    """

    model_config = example(
        {
            "relation": "guide",
            "rules": [
                {"code": "self"},
                {"code": "municipality"},
                {"code": "language", "strength": "hard"},
                {"code": "gender_wish"},
                {"code": "age"},
                {"code": "availability", "hours": 1},
                {"code": "child_certificate"},
                {"code": "capacity"},
                {"code": "excluded"},
            ],
            "criteria": {
                "interests": 30,
                "age": 18,
                "life_situation": 12,
                "occupation": 7,
                "language": 20,
                "distance": 8,
                "availability": 5,
            },
            "answer_within": "P14D",
            "exclude_for": "P180D",
            "signatories": ["refugee", "guide", "red_cross_bergen"],
        }
    )

    relation: Code
    rules: Annotated[list[Rule], Field(min_length=1, max_length=40)]
    criteria: Annotated[dict[Code, Count], Field(min_length=1, max_length=40)]
    policy: PackPolicy
    answer_within: AnswerDays
    exclude_for: ExclusionDays
    signatories: Annotated[list[Code], Field(min_length=1, max_length=10)]
    duration: PackDuration | None = None
    dose: PackDose | None = None
    endings: Annotated[list[PackEnding], Field(max_length=20)] = []
    completion: PackOutcome = PackOutcome(receiving="rests")
    steps: Annotated[list[Step], Field(max_length=10)] = []
    milestones: Annotated[list[PackMilestone], Field(max_length=12)] = []
    rounds: PackRounds | None = None
