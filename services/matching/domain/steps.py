"""The steps that a pack asks for before an answer counts, such as a meeting of the two."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Decision, Fact, Pair, StepHeld, check_day, closed


def record_step(pair: Pair, step: str, held_on: date, now: datetime, *, asked: Collection[str]) -> Decision:
    """Records that a step was held. Another day replaces an earlier record, until somebody has answered. An
    expired proposal takes it too: an answer that was given in time may follow.

    Raises `step_not_asked`, `pair_closed`, `already_answered`, `date_in_future` or `date_before_proposal`.
    """
    if step not in asked:
        raise DomainError("step_not_asked", "the pair's pack asks for no such step")
    record = StepHeld(step, held_on)
    if record in pair.steps:
        return pair, ()
    if pair.status not in {"proposed", "accepted", "expired", "active", "paused"}:
        raise closed(pair)
    if pair.answers:
        raise DomainError("already_answered", "a step is recorded before the first answer")
    check_day(pair, held_on, now, "held_on")
    others = tuple(held for held in pair.steps if held.step != step)
    return replace(pair, steps=(*others, record)), (Fact.STEP_RECORDED,)


def check_steps(pair: Pair, asked: Collection[str], answered_on: date) -> None:
    """Refuses an answer before all steps were held: `step_missing`."""
    held = {item.step: item.held_on for item in pair.steps}
    missing = [step for step in asked if step not in held]
    if missing:
        raise DomainError(
            "step_missing", f"no answer counts before this is held and recorded: {', '.join(missing)}"
        )
    latest = max((held[step] for step in asked), default=answered_on)
    if answered_on < latest:
        raise DomainError(
            "step_missing", f"an answer counts from {latest} on, when all steps were held", "answered_on"
        )
