"""What replies about a pool tell: who is proposed, who is paired, and who waits."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from typing import Any

from services.matching import receipts, wire
from services.matching.domain.dues import Due
from services.matching.domain.health import findings
from services.matching.domain.pair import Pair
from services.matching.domain.proposal import Alternative, Proposal, Receipt, Unmatched
from shared.messaging.commands.answers import Accepted, Rejected
from shared.values import fields_of

_LISTS = {"proposals", "pairs", "unmatched_receiving", "unmatched_giving"}
"""The lists of an answer about a pool whose items name people."""
_ROLES = ("receiving", "giving", "subject")

_LISTED = (
    "receiving",
    "giving",
    "coordinator",
    "status",
    "spells",
    "answers",
    "respond_by",
    "signatures",
    "proposed_on",
    "created_on",
    "ends_on",
    "meetings",
    "holds",
    "ended_on",
    "end_reason",
    "steps",
    "former_guides",
    "milestones",
    "evaluations",
    "allowed_on",
)
"""What of a pair's state a list tells."""


def would_propose(found: Sequence[Proposal]) -> list[dict[str, Any]]:
    """What a dry run would propose, as `proposals` lists it but for what only a proposal has: its own
    reference, and until when it may be answered.
    """
    return [
        {
            "receiving": proposal.receiving,
            "giving": proposal.giving,
            **_receipt(proposal.receipt),
        }
        for proposal in found
    ]


def proposals(pairs: list[Pair]) -> list[dict[str, Any]]:
    """Proposed pairs as a reply lists them."""
    return [
        {
            "pair": pair.subject,
            "receiving": pair.receiving,
            "giving": pair.giving,
            "respond_by": pair.respond_by.isoformat().replace("+00:00", "Z"),
            **_receipt(pair.receipt),
        }
        for pair in pairs
    ]


def listed(
    pairs: Sequence[Pair], count: int, fares: Callable[[Pair], list[dict[str, Any]]], *, more: bool
) -> dict[str, Any]:
    """A page of pairs as a reply lists them, with how each fares, how many there are in all, and, where more
    follow, after which the next page begins.
    """
    return {
        "count": count,
        "pairs": [
            {
                "pair": pair.subject,
                **{name: state[name] for name in _LISTED if name in state},
                **({"health": concerns} if (concerns := fares(pair)) else {}),
            }
            for pair in pairs
            for state in [wire.pair_state(pair).model_dump(mode="json", by_alias=True, exclude_none=True)]
        ],
        **({"next": pairs[-1].subject} if more else {}),
    }


def health(pair: Pair, weekly_hours: float | None, today: date) -> list[dict[str, Any]]:
    """What is to be asked of an active pair, with its reasons."""
    found = findings(pair, weekly_hours, today)
    return [
        {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in fields_of(finding).items()
            if value is not None
        }
        for finding in found
    ]


def due(found: Sequence[tuple[Pair, Sequence[Due]]], *, more: bool) -> dict[str, Any]:
    """A page of pairs about which something is due: what, who is asked, and by when; and, where more follow,
    after which the next page begins.
    """
    return {
        "pairs": [
            {
                "pair": pair.subject,
                "receiving": pair.receiving,
                "giving": pair.giving,
                **({"coordinator": pair.coordinator} if pair.coordinator is not None else {}),
                "status": pair.status,
                "due": [
                    {
                        "what": item.what,
                        **({"by": item.by.isoformat()} if item.by is not None else {}),
                        **({"of": list(item.of)} if item.of else {}),
                        **({"milestone": item.milestone} if item.milestone is not None else {}),
                    }
                    for item in items
                ],
            }
            for pair, items in found
        ],
        **({"next": found[-1][0].subject} if more else {}),
    }


def unmatched(side: tuple[Unmatched, ...], since: dict[str, date], today: date) -> list[dict[str, Any]]:
    """People left without a proposal as a reply lists them; `waiting_days` counts to today."""
    return [
        {
            "subject": somebody.subject,
            "reason": str(somebody.reason),
            "rules": dict(somebody.vetoes),
            "since": since[somebody.subject].isoformat(),
            "waiting_days": (today - since[somebody.subject]).days,
            **_alternative(somebody.alternative),
        }
        for somebody in side
    ]


def people_in(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Everybody whom an answer about a pool names, so that it can be forgotten with any of them."""
    named = (person for name in _LISTS for item in answer.get(name, ()) for person in _named(item))
    return tuple(dict.fromkeys(named))


def without(answer: Accepted, gone: Set[str]) -> Accepted | Rejected:
    """The answer about a pool, without people who were erased since it was read."""
    if not gone:
        return answer
    result = _without_other(answer.result, gone)
    if result.get("person") in gone:
        return Rejected("unknown_subject", "Nobody of this reference takes part here.", "person")
    if result.get("proposed") in gone:
        del result["proposed"]
    for name in _LISTS & result.keys():
        there = (item for item in result[name] if gone.isdisjoint(item.get(role) for role in _ROLES))
        result[name] = [_without_other(item, gone) for item in there]
    named = (answer.subject,) if isinstance(answer.subject, str) else answer.subject or ()
    return replace(answer, result=result, subject=tuple(one for one in named if one not in gone))


def _without_other(item: Mapping[str, Any], gone: Set[str]) -> dict[str, Any]:
    """The same, without an alternative that names any of these."""
    other = item.get("alternative") or {}
    names = {other.get("giving"), (other.get("need") or {}).get("receiving")}
    return {name: value for name, value in item.items() if name != "alternative" or names.isdisjoint(gone)}


def people_of(pair: Pair) -> tuple[str, ...]:
    """Everybody whom an answer about a pair names: its two, those of the alternative, and former guides."""
    other = pair.receipt.alternative
    former = [item.giving for item in pair.former_guides if item.giving is not None]
    return (pair.receiving, pair.giving, *(() if other is None else other.people), *former)


def _named(item: Mapping[str, Any]) -> Iterator[str]:
    """Everybody whom an item of a list names."""
    other = item.get("alternative", {})
    parts = (item, other, other.get("need", {}), *item.get("former_guides", ()))
    return (part[role] for part in parts for role in _ROLES if role in part)


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {name: value for name, value in receipts.fields(receipt).items() if value is not None}


def _alternative(alternative: Alternative | None) -> dict[str, Any]:
    return {"alternative": receipts.alternative_fields(alternative)} if alternative else {}
