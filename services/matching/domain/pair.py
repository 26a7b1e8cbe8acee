"""The life of a pair: waiting → proposed → accepted by both → agreement signed → active → over.

Every operation is a decision (pair, command, now) → (pair, facts) and yields at most one fact, the most that
happened: an operation repeated with the same content yields none. `on` is the local day that an operator
names; `now` is the moment at which the command is decided, by the municipality's clock: its date is today's.
"""

import calendar
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal

from services.matching.domain.errors import DomainError
from services.matching.domain.party import Rules
from services.matching.domain.proposal import Proposal, Receipt
from shared.values import value

Side = Literal["receiving", "giving"]
PairStatus = Literal["proposed", "accepted", "declined", "expired", "active", "paused", "completed", "ended"]

LAST_SECOND = time(23, 59, 59)


class Fact(StrEnum):
    """What happened to a pair. `ProposalAccepted` is that both have accepted, `AnswerRecorded` that the
    first has; `PairCreated` that the last signatory has signed, `AgreementSigned` that an earlier one has.
    """

    PAIR_PROPOSED = "PairProposed"
    ANSWER_RECORDED = "AnswerRecorded"
    PROPOSAL_ACCEPTED = "ProposalAccepted"
    PROPOSAL_DECLINED = "ProposalDeclined"
    PROPOSAL_EXPIRED = "ProposalExpired"
    AGREEMENT_SIGNED = "AgreementSigned"
    PAIR_CREATED = "PairCreated"
    PAIR_ENDED = "PairEnded"


class EndReason(StrEnum):
    """Why a pair ended before its time."""

    MISMATCHED_EXPECTATIONS = "mismatched_expectations"
    PERSONAL_RECEIVING = "personal_receiving"
    PERSONAL_GIVING = "personal_giving"
    MOVED = "moved"
    FAMILY_REUNIFICATION = "family_reunification"
    PERMANENT_HOUSING = "permanent_housing"
    PROTECTION = "protection"
    WITHDRAWN = "withdrawn"
    RESTRICTED = "restricted"
    ERASED = "erased"
    """Of pairs that ended before; none does any more, since it would tell who was taken back."""
    OTHER = "other"


@value
class Spell:
    """A status and the days it lasted, from `since`; an open one has no `to`."""

    status: PairStatus
    since: date
    to: date | None = None


@value
class Answer:
    """One side's answer to the proposal."""

    side: Side
    accept: bool
    on: date


@value
class Signature:
    """One signatory's signature of the agreement's text version."""

    signatory: str
    text_version: str
    on: date


@value(kw_only=True)
class Pair:
    """A receiving party and a guide, from proposal to end. `slot` is the guide's place that it holds while
    it is open; `respond_by` is the last moment at which either side may answer.
    """

    subject: str
    municipality: str
    programme: str
    pack_version: str
    relation: str
    receiving: str
    giving: str
    coordinator: str | None
    status: PairStatus
    spells: tuple[Spell, ...]
    receipt: Receipt
    slot: int
    proposed_on: date
    respond_by: datetime
    answers: tuple[Answer, ...] = ()
    signatures: tuple[Signature, ...] = ()
    created_on: date | None = None
    ends_on: date | None = None
    ended_on: date | None = None
    end_reason: EndReason | None = None

    @property
    def is_open(self) -> bool:
        """Whether it holds its guide's slot."""
        return self.status in {"proposed", "accepted", "active", "paused"}


Decision = tuple[Pair, tuple[Fact, ...]]


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
        raise _closed(pair)
    earlier = next((given for given in pair.answers if given.side == side), None)
    if earlier is not None:
        if earlier.accept == accept:
            return pair, ()
        raise DomainError("already_answered", "this side has answered otherwise, and an answer stands")
    if pair.status == "declined":
        raise _closed(pair)
    if pair.status == "expired" or now > pair.respond_by:
        raise DomainError("proposal_expired", "the time to answer is over; a new round may propose others")
    _check_day(pair, on, now, "answered_on")
    given = replace(pair, answers=(*pair.answers, Answer(side, accept, on)))
    if not accept:
        return _become(given, "declined", on), (Fact.PROPOSAL_DECLINED,)
    if len(given.answers) == 1:
        return given, (Fact.ANSWER_RECORDED,)
    return _become(given, "accepted", max(side_answer.on for side_answer in given.answers)), (
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
        raise _closed(pair)
    if pair.status == "proposed":
        raise DomainError("not_accepted", "both sides accept before anybody signs")
    earlier = next((signature for signature in pair.signatures if signature.signatory == signatory), None)
    if earlier is not None and earlier.text_version == text_version:
        return pair, ()
    if earlier is not None or pair.status != "accepted":
        raise DomainError("already_signed", "the agreement was signed in another text version", "signatory")
    if any(signature.text_version != text_version for signature in pair.signatures):
        raise DomainError("text_version_differs", "all sign the same text version", "text_version")
    _check_day(pair, on, now, "signed_on")
    signed = replace(pair, signatures=(*pair.signatures, Signature(signatory, text_version, on)))
    if {signature.signatory for signature in signed.signatures} != set(signatories):
        return signed, (Fact.AGREEMENT_SIGNED,)
    active = _become(signed, "active", max(signature.on for signature in signed.signatures))
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
        return _become(pair, "expired", on), (Fact.PROPOSAL_EXPIRED,)
    if pair.is_open:
        raise DomainError("already_answered", "both sides have accepted")
    raise _closed(pair)


def end_because(pair: Pair, reason: EndReason, now: datetime) -> Decision:
    """Ends an open pair, at whatever point it is. Raises `pair_closed` if it is over already."""
    if not pair.is_open:
        raise _closed(pair)
    ended = _become(pair, "ended", now.date())
    return replace(ended, ended_on=ended.spells[-1].since, end_reason=reason), (Fact.PAIR_ENDED,)


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last day if it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _end_of(day: date, now: datetime) -> datetime:
    """The last second of a day by the clock of `now`, in UTC: however many hours that day has."""
    return datetime.combine(day, LAST_SECOND, now.tzinfo).astimezone(UTC)


def _become(pair: Pair, status: PairStatus, on: date) -> Pair:
    """The pair in its next status. No spell begins before the last one did, whatever day was recorded."""
    *before, last = pair.spells
    since = max(on, last.since)
    return replace(pair, status=status, spells=(*before, replace(last, to=since), Spell(status, since)))


def _check_day(pair: Pair, on: date, now: datetime, field: str) -> None:
    if on > now.date():
        raise DomainError("date_in_future", "name a day that has come", field)
    if on < pair.proposed_on:
        raise DomainError("date_before_proposal", f"the pair was proposed on {pair.proposed_on}", field)


def _closed(pair: Pair) -> DomainError:
    return DomainError("pair_closed", f"the pair is {pair.status}")
