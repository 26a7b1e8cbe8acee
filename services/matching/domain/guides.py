"""A pair goes on with another guide."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Decision, Fact, FormerGuide, Pair, become, check_day, closed
from services.matching.domain.proposal import Proposal


def check_replaceable(pair: Pair) -> None:
    """Refuses a pair that can have no other guide: `pair_closed`, or `not_active` before it was created."""
    if not pair.is_open:
        raise closed(pair)
    if pair.created_on is None:
        raise DomainError("not_active", "EndPair ends the proposal; ProposePair proposes another guide")


def replace_guide(pair: Pair, found: Proposal, signatory: str, on: date, now: datetime) -> Decision:
    """Gives a pair the guide of a proposal, in that guide's slot and with its receipt. The time that it had
    counts, and its meetings stay those of who was its guide on their days. The new guide's signature, that of
    the pack's `signatory`, is missing until it is recorded; what the former guide held is held no more.

    Raises as `check_replaceable`, and `date_in_future`, `date_before_pair` or `date_before_guide`.
    """
    check_replaceable(pair)
    check_day(pair, on, now, "replaced_on")
    since = max([pair.created_on or pair.proposed_on, *(former.to for former in pair.former_guides)])
    if on < since:
        raise DomainError("date_before_guide", f"the present guide is it since {since}", "replaced_on")
    holds = tuple(hold for hold in pair.holds if hold.by != "giving")
    goes_on = become(pair, "active", on) if pair.status == "paused" and not holds else pair
    replaced = replace(
        goes_on,
        giving=found.giving,
        slot=found.slot,
        receipt=found.receipt,
        holds=holds,
        signatures=tuple(item for item in pair.signatures if item.signatory != signatory),
        former_guides=(*pair.former_guides, FormerGuide(pair.giving, since, on)),
    )
    return replaced, (Fact.GUIDE_REPLACED,)


def forget(pair: Pair, subjects: Collection[str]) -> Decision:
    """Leaves nothing of those whom a pair names beside its two: the days of who was its guide stay, as
    nobody's, and its receipt tells of others alone.
    """
    formers = (replace(item, giving=None) if item.giving in subjects else item for item in pair.former_guides)
    forgotten = replace(pair, former_guides=tuple(formers), receipt=pair.receipt.without(subjects))
    return forgotten, (Fact.PAIR_CORRECTED,)
