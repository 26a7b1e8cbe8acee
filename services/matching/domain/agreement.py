"""How a pair comes about: proposed, accepted by both, signed by all; or declined, or expired."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from services.matching.domain.errors import DomainError
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
from shared.values import add_months

LAST_SECOND = time(23, 59, 59)


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
        respond_by=_end_of(now.date() + timedelta(days=rules.respond_within_days), now),
    )
    return pair, (Fact.PAIR_PROPOSED,)


def answer(pair: Pair, side: Side, accept: bool, on: date, now: datetime) -> Decision:
    """Records a side's answer; accepted when both have accepted, declined as soon as one declines.

    Raises `pair_closed`, `already_answered` (otherwise than now), `proposal_expired`, `date_in_future` or
    `date_before_proposal`.
    """
    if pair.status in {"ended", "completed"}:
        raise closed(pair)
    earlier = next((given for given in pair.answers if given.side == side), None)
    if earlier is not None:
        if earlier.accept == accept:
            return pair, ()
        raise DomainError("already_answered", "this side has answered otherwise, and an answer stands")
    if pair.status == "declined":
        raise closed(pair)
    if pair.status == "expired" or now > pair.respond_by:
        raise DomainError("proposal_expired", "the time to answer is over; a new round may propose others")
    check_day(pair, on, now, "answered_on")
    given = replace(pair, answers=(*pair.answers, Answer(side, accept, on)))
    if not accept:
        return become(given, "declined", on), (Fact.PROPOSAL_DECLINED,)
    if len(given.answers) == 1:
        return given, (Fact.ANSWER_RECORDED,)
    return become(given, "accepted", max(side_answer.on for side_answer in given.answers)), (
        Fact.PROPOSAL_ACCEPTED,
    )


def sign(
    pair: Pair,
    signatory: str,
    text_version: str,
    on: date,
    *,
    signatories: Collection[str],
    maximum_months: int | None,
    now: datetime,
) -> Decision:
    """Records a signature of the agreement; the last of the pack's `signatories` creates the pair.

    It is created on the day of the latest signature and ends `maximum_months` later, if there is a maximum.
    Raises `unknown_signatory`, `not_accepted`, `pair_closed`, `already_signed` (another text, or a complete
    agreement), `text_version_differs` (from the other signatures), `date_in_future`, `date_before_proposal`.
    """
    if signatory not in signatories:
        raise DomainError("unknown_signatory", f"one of {', '.join(sorted(signatories))} signs", "signatory")
    if not pair.is_open:
        raise closed(pair)
    if pair.status == "proposed":
        raise DomainError("not_accepted", "both sides accept before anybody signs")
    earlier = next((signature for signature in pair.signatures if signature.signatory == signatory), None)
    if earlier is not None and earlier.text_version == text_version:
        return pair, ()
    if earlier is not None or pair.status != "accepted":
        raise DomainError("already_signed", "the agreement was signed in another text version", "signatory")
    if any(signature.text_version != text_version for signature in pair.signatures):
        raise DomainError("text_version_differs", "all sign the same text version", "text_version")
    check_day(pair, on, now, "signed_on")
    signed = replace(pair, signatures=(*pair.signatures, Signature(signatory, text_version, on)))
    if {signature.signatory for signature in signed.signatures} != set(signatories):
        return signed, (Fact.AGREEMENT_SIGNED,)
    active = become(signed, "active", max(signature.on for signature in signed.signatures))
    created = active.spells[-1].since
    ends = add_months(created, maximum_months) if maximum_months is not None else None
    return replace(active, created_on=created, ends_on=ends), (Fact.PAIR_CREATED,)


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


def _end_of(day: date, now: datetime) -> datetime:
    """The last second of a day by the clock of `now`, in UTC: however many hours that day has."""
    return datetime.combine(day, LAST_SECOND, now.tzinfo).astimezone(UTC)
