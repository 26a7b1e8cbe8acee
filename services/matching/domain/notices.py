"""What coordinators are told of a pair."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from services.matching.domain.pair import EndReason, Fact, Hold, Pair
from shared.values import value

_CODES: Mapping[Fact, str] = {
    Fact.PAIR_PROPOSED: "proposal_made",
    Fact.PROPOSAL_DECLINED: "proposal_declined",
    Fact.PROPOSAL_EXPIRED: "proposal_expired",
    Fact.PROPOSAL_REOPENED: "proposal_reopened",
    Fact.ANSWER_TAKEN_BACK: "proposal_reopened",
    Fact.GUIDE_REPLACED: "guide_replaced",
    Fact.PAIR_COMPLETED: "pair_completed",
    Fact.PAIR_ENDED: "pair_ended",
}
_AS_WITHDRAWN = frozenset({EndReason.PROTECTION, EndReason.RESTRICTED, EndReason.ERASED})
"""Reasons that would say why somebody must not be known any more: told as a withdrawal is."""


@value
class Told:
    """One notice: what happened and on which day, the day by which something is to be done, codes, and whom
    it concerns beside the pair's two.
    """

    code: str
    on: date
    due_on: date | None = None
    details: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def notices(before: Pair, after: Pair, facts: Sequence[Fact], now: datetime) -> list[Told]:
    """What is told of a step by its facts: how a pair came to be proposed and how it ended, where it waits
    for an answer again or has another guide, and where it pauses or goes on by a side's doing. `before` is
    the pair itself where it is new; `now` is by the municipality's clock.
    """
    told = [_told(_CODES[fact], after, now) for fact in facts if fact in _CODES]
    held, was_held = _by_sides(after), _by_sides(before)
    told += [
        Told("pair_paused", hold.since, details=(hold.by,)) for by, hold in held.items() if by not in was_held
    ]
    if Fact.PAIR_RESUMED in facts and was_held:
        told.append(Told("pair_resumed", after.spells[-1].since, details=tuple(was_held)))
    return told


def _told(code: str, pair: Pair, now: datetime) -> Told:
    on = pair.spells[-1].since
    respond_by = pair.respond_by.astimezone(now.tzinfo).date()
    match code:
        case "proposal_made":
            return Told(code, on, due_on=respond_by)
        case "proposal_reopened":
            return Told(code, now.date(), due_on=respond_by)
        case "guide_replaced":
            former = pair.former_guides[-1]
            return Told(code, former.to, others=() if former.giving is None else (former.giving,))
        case "pair_ended" if pair.end_reason is not None:
            reason = EndReason.WITHDRAWN if pair.end_reason in _AS_WITHDRAWN else pair.end_reason
            return Told(code, on, details=(str(reason),))
        case _:
            return Told(code, on)


def _by_sides(pair: Pair) -> dict[str, Hold]:
    return {hold.by: hold for hold in pair.holds if hold.by != "coordinator"}
