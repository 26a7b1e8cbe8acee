"""What is told of rounds ↔ domain: sizes, reasons and kinds, and nobody's reference."""

from datetime import date

from services.matching.domain.cohorts import GROUPS, Cohorts
from services.matching.domain.party import CohortAttribute
from services.matching.domain.recruitment import Kind, Need
from services.matching.domain.rounds import RoundResult
from shared.contracts.matching import rounds as public
from shared.values import fields_of


def completed(
    municipality: str, result: RoundResult, proposed: int, skipped: int, cohorts: public.CohortsEvened | None
) -> public.RoundCompleted:
    """A round's public account."""
    reasons: dict[str, int] = {}
    for side, left in (("receiving", result.unmatched_receiving), ("giving", result.unmatched_giving)):
        for somebody in left:
            code = f"{side}_{somebody.reason}"
            reasons[code] = reasons.get(code, 0) + 1
    return public.RoundCompleted(
        round=result.round_id,
        municipality=municipality,
        programme=result.programme,
        pack_version=result.pack_version,
        receiving=result.receiving,
        giving=result.giving,
        proposed=proposed,
        skipped=skipped,
        total=result.total,
        optimum_proven=result.optimum_proven,
        unmatched=reasons,
        duration_ms=result.duration_ms,
        cohorts=cohorts,
    )


def evened(attribute: CohortAttribute, cohorts: Cohorts) -> public.CohortsEvened:
    """What the controller did; raises ValueError before its first step."""
    if cohorts.on is None:
        raise ValueError("the controller has done nothing yet")
    first, second = GROUPS[attribute]
    return public.CohortsEvened(
        attribute=attribute,
        favours=first if cohorts.points > 0 else second if cohorts.points < 0 else None,
        points=abs(cohorts.points),
        gap_days=cohorts.gap_days,
        on=cohorts.on,
    )


def cohorts_of(state: public.CohortsEvened) -> Cohorts:
    """The controller as it was told."""
    _, second = GROUPS[state.attribute]
    return Cohorts(-state.points if state.favours == second else state.points, state.gap_days, state.on)


def recruitment(municipality: str, result: RoundResult, on: date) -> public.RecruitmentNeeded:
    """Which guides a round found lacking."""
    return public.RecruitmentNeeded.model_validate(
        {
            "round": result.round_id,
            "municipality": municipality,
            "programme": result.programme,
            "pack_version": result.pack_version,
            "on": on,
            "waiting": len(result.unmatched_receiving),
            "proven": result.optimum_proven,
            "needs": [need_fields(need) for need in result.needs],
        }
    )


def need_fields(need: Need) -> dict[str, object]:
    """A kind of guide that is lacking, as it is told; what is not said of them is left out."""
    told = {
        "guides": need.guides,
        "helps": need.helps,
        **fields_of(need.kind),
        "suits_percent": need.suits_percent,
    }
    return {name: value for name, value in told.items() if value is not None}


def needs_of(state: public.RecruitmentNeeded) -> tuple[Need, ...]:
    """The lacking guides as they were told."""
    return tuple(
        Need(
            Kind(item.availability, item.language, item.check, item.accepts_gender, item.gender),
            item.guides,
            item.helps,
            item.suits_percent,
        )
        for item in state.needs
    )
