"""What is told of a round: sizes, reasons, and which guides are needed."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.example import ROUND, example
from shared.contracts.fields import (
    Code,
    Contract,
    Count,
    Day,
    Gender,
    LanguageCode,
    Municipality,
    PackVersion,
    ProgrammeName,
)


class CohortsEvened(Contract):
    """What a pack's cohort controller adds `on` a day: `points` for the group that it `favours`, and how many
    days longer that attribute's first group (men) waits; no gap is told of fewer than five people a group.
    """

    attribute: Literal["gender"]
    favours: Code | None = None
    points: float
    gap_days: float | None = None
    on: Day


class GuidesNeeded(Contract):
    """A kind of guide: what they must be where it is said, and whatever they are else.

    `guides` more of them would bring one more pair each, at once; `helps` is how many people, without a
    proposal or with one that would go to somebody else, each of them might help to it. `suits_percent` says
    how sure that is: how many in a hundred couples of those left and of such guides that there are may meet;
    left out where there is no such guide. A kind is told where five people or more are left without it;
    below, it is told with less detail.
    """

    model_config = example({"guides": 16, "helps": 20, "gender": "male", "suits_percent": 100})

    guides: Count
    helps: Count
    gender: Gender | None = None
    accepts_gender: Gender | None = None
    language: LanguageCode | None = None
    availability: Code | None = None
    check: Code | None = None
    suits_percent: Annotated[int, Field(ge=0, le=100)] | None = None


class RecruitmentNeeded(Contract):
    """Which guides a pool (the subject) lacks, after a round that left people without a proposal: once a day
    at most, unless it changes. `proven`: dual prices prove that no other pairs would do.
    """

    model_config = example(
        {
            "round": ROUND,
            "on": "2026-11-22",
            "waiting": 16,
            "proven": True,
            "needs": [{"guides": 16, "helps": 20, "gender": "male", "suits_percent": 100}],
        }
    )

    round: Annotated[str, Field(max_length=80)]
    municipality: Municipality
    programme: ProgrammeName
    pack_version: PackVersion
    on: Day
    waiting: Count
    proven: bool
    needs: list[GuidesNeeded]


class RoundCompleted(Contract):
    """One round of one pool (the subject): how many waited on each side, what was proposed, who could not be.

    `total` is the sum of the proposed pairs' scores and bonuses; `unmatched` counts people by
    reason; `duration_ms` covers scoring and solving.
    """

    model_config = example(
        {
            "round": ROUND,
            "receiving": 25,
            "giving": 55,
            "proposed": 23,
            "skipped": 0,
            "total": 1127,
            "optimum_proven": True,
            "unmatched": {"no_candidate": 2},
            "duration_ms": 9,
        }
    )

    round: Annotated[str, Field(max_length=80)]
    municipality: Municipality
    programme: ProgrammeName
    pack_version: PackVersion
    receiving: Count
    giving: Count
    proposed: Count
    skipped: Count
    total: int
    optimum_proven: bool
    unmatched: dict[Code, Count]
    duration_ms: Count
    cohorts: CohortsEvened | None = None
