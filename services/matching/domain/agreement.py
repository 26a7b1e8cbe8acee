"""How a pair comes about: proposed, accepted by both, signed by all; or declined, or expired."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from services.matching.domain.errors import DomainError
from services.matching.domain.evaluation import Asked, planned
from services.matching.domain.pair import (
    Answer,
    Decision,
    Fact,
    Pair,
    Side,
    Signature,
    Spell,
    become,
    check_day,
    closed,
)
from services.matching.domain.party import Rules
from services.matching.domain.proposal import Proposal
from services.matching.domain.steps import check_steps
from shared.values import add_months, value

LAST_SECOND = time(23, 59, 59)
RECORDED_WITHIN = timedelta(days=14)
"""How late it may be recorded what was said in time: coordinators have holidays, and who is free doesn't wait
for ever (the project's decision).
"""


@value
class Again:
    """What a proposal that opens again has: a free slot of the guide's, and until when it may be answered."""

    slot: int
    respond_by: datetime


Reopening = Callable[[], Again]
"""How a proposal opens again; raises DomainError where one of the two is taken, or waits no more."""


def propose(
    proposal: Proposal, rules: Rules, *, subject: str, coordinator: str | None, on: date, now: datetime
) -> Decision:
    """A new pair under the pack's version; both may answer until the end of the day that is the pack's
    `respond_within_days` after today.

    Raises `self_pair`, or `pack_version_differs` if the proposal was made under another version.
    """
    if proposal.receiving == proposal.giving:
        raise DomainError("self_pair", "nobody can be their own guide")
    if proposal.receipt.pack_version != rules.version:
        raise DomainError("pack_version_differs", "run a new round under the pack's current version")
    pair = Pair(
        subject=subject,
        municipality=proposal.municipality,
        programme=rules.name,
        pack_version=rules.version,
        relation=rules.relation,
        receiving=proposal.receiving,
        giving=proposal.giving,
        coordinator=coordinator,
        status="proposed",
        spells=(Spell("proposed", on),),
        receipt=proposal.receipt,
        slot=proposal.slot,
        proposed_on=on,
        respond_by=deadline(rules, now),
    )
    return pair, (Fact.PAIR_PROPOSED,)


def deadline(rules: Rules, now: datetime) -> datetime:
    """The last moment to answer what is proposed, or opens again, now."""
    return _end_of(now.date() + timedelta(days=rules.respond_within_days), now)


def stays_expired() -> Again:
    """How a proposal opens again that doesn't."""
    raise DomainError("proposal_expired", "the time to answer is over; a new round may propose others")


def answer(
    pair: Pair,
    side: Side,
    accept: bool,
    on: date,
    now: datetime,
    *,
    steps: Collection[str] = (),
    reopening: Reopening = stays_expired,
) -> Decision:
    """Records a side's answer; accepted when both have accepted, declined as soon as one declines.

    An answer counts by its day: recorded after the deadline, `RECORDED_WITHIN` at most, it opens the proposal
    again, and the other side may answer until a deadline anew. `steps` are the pack's, which are held first.

    Raises `pair_closed`, `already_answered` (otherwise), `proposal_expired` (given after the deadline),
    `recorded_too_late`, `step_missing`, `date_in_future`, `date_before_proposal`, or what `reopening` does.
    """
    if pair.status in {"ended", "completed"}:
        raise closed(pair)
    earlier = next((given for given in pair.answers if given.side == side), None)
    if earlier is not None and earlier.accept == accept:
        return pair, ()
    if earlier is not None:
        raise DomainError("already_answered", "this side has answered otherwise: see TakeBackAnswer")
    if pair.status == "declined":
        raise closed(pair)
    is_late = pair.status == "expired" or now > pair.respond_by
    if is_late:
        _check_late(pair, on, now)
    check_day(pair, on, now, "answered_on")
    check_steps(pair, steps, on)
    if is_late:
        pair = _reopened(pair, reopening) if accept else _not_expired(pair)
    given = replace(pair, answers=(*pair.answers, Answer(side, accept, on)))
    if not accept:
        return become(given, "declined", on), (Fact.PROPOSAL_DECLINED,)
    if len(given.answers) == 1:
        return given, (Fact.PROPOSAL_REOPENED if is_late else Fact.ANSWER_RECORDED,)
    return become(given, "accepted", max(item.on for item in given.answers)), (Fact.PROPOSAL_ACCEPTED,)


def take_back(pair: Pair, side: Side, on: date, now: datetime, reopening: Reopening) -> Decision:
    """Takes a side's answer back: the proposal waits for it again, until the deadline, or, once that is over,
    until one anew. A refusal, too, for `RECORDED_WITHIN`, while neither of the two is taken.

    Raises `pair_closed`, `not_answered`, `already_signed`, `proposal_expired`, `recorded_too_late`,
    `date_in_future`, `date_before_answer`, or what `reopening` does.
    """
    if pair.status in {"ended", "completed"}:
        raise closed(pair)
    if pair.status == "expired":
        stays_expired()
    taken = next((given for given in pair.answers if given.side == side), None)
    if taken is None:
        raise DomainError("not_answered", "this side has not answered, or has taken that back", "side")
    if pair.signatures:
        raise DomainError("already_signed", "somebody has signed: EndPair ends the pair")
    check_day(pair, on, now, "taken_back_on")
    if on < taken.on:
        raise DomainError("date_before_answer", f"the answer was given on {taken.on}", "taken_back_on")
    answers = tuple(given for given in pair.answers if given is not taken)
    without = replace(pair, answers=answers, allowed_on=None)
    if pair.status == "declined" or now > pair.respond_by:
        if pair.status == "declined":
            _check_recorded(pair.spells[-1].since, now)
        again = reopening()
        respond_by = max(pair.respond_by, again.respond_by) if now > pair.respond_by else pair.respond_by
        without = replace(without, slot=again.slot, respond_by=respond_by)
    waits = without if pair.status == "proposed" else become(without, "proposed", on)
    return waits, (Fact.ANSWER_TAKEN_BACK,)


def sign(
    pair: Pair,
    signatory: str,
    text_version: str,
    on: date,
    *,
    signatories: Collection[str],
    maximum_months: int | None,
    now: datetime,
    milestones: Iterable[Asked] = (),
) -> Decision:
    """Records a signature of the agreement; the last of the pack's `signatories` creates the pair. A new
    guide signs what the others have.

    It is created on the day of the latest signature, ends `maximum_months` later, if there is a maximum, and
    is evaluated at the `milestones`. Raises `unknown_signatory`, `not_accepted`, `pair_closed`,
    `already_signed` (another text, or a complete agreement), `text_version_differs` (from the other
    signatures), `date_in_future`, `date_before_proposal`, `date_before_guide`.
    """
    if signatory not in signatories:
        raise DomainError("unknown_signatory", f"one of {', '.join(sorted(signatories))} signs", "signatory")
    if not pair.is_open:
        raise closed(pair)
    if pair.status == "proposed":
        raise DomainError("not_accepted", "both sides accept before anybody signs")
    earlier = next((item for item in pair.signatures if item.signatory == signatory), None)
    if earlier is not None and earlier.text_version == text_version:
        return pair, ()
    is_created = pair.created_on is not None
    if earlier is not None or (is_created and not pair.former_guides):
        raise DomainError("already_signed", "the agreement was signed in another text version", "signatory")
    if any(signature.text_version != text_version for signature in pair.signatures):
        raise DomainError("text_version_differs", "all sign the same text version", "text_version")
    check_day(pair, on, now, "signed_on")
    _check_guide(pair, on)
    signed = replace(pair, signatures=(*pair.signatures, Signature(signatory, text_version, on)))
    if is_created or {signature.signatory for signature in signed.signatures} != set(signatories):
        return signed, (Fact.AGREEMENT_SIGNED,)
    return _created(signed, maximum_months, milestones), (Fact.PAIR_CREATED,)


def _check_guide(pair: Pair, on: date) -> None:
    """Refuses a signature of before its guide was the pair's: once it is created, no other is missing."""
    if pair.former_guides and on < (since := pair.former_guides[-1].to):
        raise DomainError(
            "date_before_guide",
            f"they are the pair's guide since {since}: name the day on which they signed",
            "signed_on",
        )


def _created(signed: Pair, maximum_months: int | None, milestones: Iterable[Asked]) -> Pair:
    active = become(signed, "active", max(signature.on for signature in signed.signatures))
    on = active.spells[-1].since
    ends = add_months(on, maximum_months) if maximum_months is not None else None
    return replace(active, created_on=on, ends_on=ends, milestones=planned(on, milestones))


def expire(pair: Pair, now: datetime) -> Decision:
    """Closes a proposal that was not answered by both in time. Already expired: nothing more happens.

    Raises `not_due` before the deadline has passed, `already_answered` if both have accepted, `pair_closed`.
    """
    if pair.status == "expired":
        return pair, ()
    if pair.status == "proposed":
        if now <= pair.respond_by:
            raise DomainError("not_due", "the time to answer is not over")
        on = pair.respond_by.astimezone(now.tzinfo).date()
        return become(pair, "expired", on), (Fact.PROPOSAL_EXPIRED,)
    if pair.is_open:
        raise DomainError("already_answered", "both sides have accepted")
    raise closed(pair)


def _check_late(pair: Pair, on: date, now: datetime) -> None:
    last = pair.respond_by.astimezone(now.tzinfo).date()
    if on > last:
        raise DomainError(
            "proposal_expired",
            f"the time to answer was over on {last}; a new round may propose others",
            "answered_on",
        )
    _check_recorded(last, now)


def _check_recorded(last: date, now: datetime) -> None:
    """Refuses what is recorded too late after the `last` day on which it was open."""
    if now.date() > last + RECORDED_WITHIN:
        raise DomainError(
            "recorded_too_late",
            f"this could be recorded until {last + RECORDED_WITHIN}; AllowCouple and ProposePair help now",
        )


def _reopened(pair: Pair, reopening: Reopening) -> Pair:
    again = reopening()
    return replace(_not_expired(pair), slot=again.slot, respond_by=again.respond_by)


def _not_expired(pair: Pair) -> Pair:
    """The proposal as it was before it expired: an answer that was given in time counts as if it had been
    recorded in time. What its couple was allowed since counts no more.
    """
    if pair.status != "expired":
        return pair
    *before, proposed, _ = pair.spells
    return replace(pair, status="proposed", spells=(*before, replace(proposed, to=None)), allowed_on=None)


def _end_of(day: date, now: datetime) -> datetime:
    """The last second of a day by the clock of `now`, in UTC: however many hours that day has."""
    return datetime.combine(day, LAST_SECOND, now.tzinfo).astimezone(UTC)
