"""Two by name: whether they wait and have room for each other, and what keeps them apart."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date, timedelta

from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Afterwards, Decision, Fact, Pair, Side
from services.matching.domain.party import Giving, Pool, Receiving, Rules, free_slots
from services.matching.domain.proposal import Proposal
from services.matching.domain.rounds import RoundResult
from services.matching.domain.rules import RULES
from services.matching.domain.waiting import Party, waiting_since
from shared.values import value


@value
class Surroundings:
    """What is known of people: their parties by subject, and all pairs that they take or took part in."""

    parties: Mapping[str, Party] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()


@value
class Couple:
    """Two whom somebody names, in a municipality's programme."""

    municipality: str
    receiving: str
    giving: str


def pool_of(
    couple: Couple, rules: Rules, around: Surroundings, today: date, beside: str | None = None
) -> Pool:
    """A pool of the two, as a round would have them in its own. `beside` is the subject of a pair of theirs
    that takes no place.

    Raises `not_waiting` of who can't be matched in the programme now, and `slot_taken` of who has no place.
    """
    theirs = [pair for pair in around.pairs if pair.subject != beside]
    receiving = _waiting("receiving", couple.receiving, couple.municipality, rules, around)
    giving = _waiting("giving", couple.giving, couple.municipality, rules, around)
    if not isinstance(receiving, Receiving):
        raise _not_waiting("receiving")
    if not isinstance(giving, Giving):
        raise _not_waiting("giving")
    is_paired = any(
        pair.is_open
        and (pair.receiving, pair.programme, pair.relation) == (couple.receiving, rules.name, rules.relation)
        for pair in theirs
    )
    if is_paired:
        raise DomainError("slot_taken", "there is an open proposal or pair already", "receiving")
    taken = frozenset(pair.slot for pair in theirs if pair.is_open and pair.giving == couple.giving)
    if not free_slots(giving, taken):
        raise DomainError("slot_taken", "the guide has as many proposals and pairs as they want", "giving")
    apart = kept_apart(couple, rules, around, today)
    return Pool(
        rules=rules,
        receiving=(receiving,),
        giving=(giving,),
        today=today,
        excluded=frozenset({(couple.receiving, couple.giving)} if apart else ()),
        taken={couple.giving: taken},
    )


def proposal_in(result: RoundResult) -> Proposal:
    """The proposal of a round of two; raises `rules_forbid`, which names the rules."""
    if result.proposals:
        return result.proposals[0]
    (left,) = result.unmatched_receiving
    why = "; ".join(f"{code} ({RULES[code].says})" for code in left.vetoes)
    helps = "; AllowCouple lifts the last" if "excluded" in left.vetoes else ""
    raise DomainError("rules_forbid", f"the programme's rules forbid it: {why}{helps}")


def free_slot(pair: Pair, pool: Pool) -> int:
    """The slot that a pair takes when it opens again: its own where it is free."""
    (giving,) = pool.giving
    free = free_slots(giving, pool.taken[giving.subject])
    return pair.slot if pair.slot in free else free[0]


def kept_apart(couple: Couple, rules: Rules, around: Surroundings, today: date) -> list[Pair]:
    """The couple's pairs for which it isn't proposed again now, the latest last; under each code that the
    municipality had while either lived there.
    """
    parties = (around.parties.get(subject) for subject in (couple.receiving, couple.giving))
    here = [party for party in parties if party and party.municipality == couple.municipality]
    codes = {couple.municipality, *(code for party in here for code in party.formerly)}
    found = [
        pair
        for pair in around.pairs
        if pair.municipality in codes
        and pair.programme == rules.name
        and pair.receiving == couple.receiving
        and couple.giving in excluded(pair, rules.exclusion_days, today)
    ]
    return sorted(found, key=_over_on)


def excluded(pair: Pair, exclusion_days: int, today: date) -> frozenset[str]:
    """The guides whom a pair that is over keeps apart from its receiving party: it was declined or expired,
    or the two aren't to meet again, less than so many days ago, and nobody has allowed it since. Of one that
    isn't to meet again also those who were its guide before, by the day on which they were it no more.
    """
    if pair.is_open:
        return frozenset()
    since = today - timedelta(days=exclusion_days)
    unwanted = pair.status in {"declined", "expired"}
    parted = pair.outcome is not None and not pair.outcome.may_meet_again
    last = [(pair.giving, pair.spells[-1].since, pair.allowed_on)] if unwanted or parted else []
    former = [(item.giving, item.to, item.allowed_on) for item in pair.former_guides] if parted else []
    return frozenset(
        guide
        for guide, on, allowed_on in (*last, *former)
        if guide is not None and on > since and allowed_on is None
    )


def allow(pair: Pair, giving: str, today: date) -> Decision:
    """Lets a guide of a pair that is over be proposed to its receiving party again."""
    former = tuple(
        replace(item, allowed_on=today) if item.giving == giving else item for item in pair.former_guides
    )
    allowed_on = today if pair.giving == giving else pair.allowed_on
    return replace(pair, allowed_on=allowed_on, former_guides=former), (Fact.COUPLE_ALLOWED,)


def _waiting(
    side: Side, subject: str, municipality: str, rules: Rules, around: Surroundings
) -> Receiving | Giving:
    party = around.parties.get(subject)
    if party is None or party.attributes is None or party.municipality != municipality:
        raise _not_waiting(side)
    ready_since = next((wait.since for wait in party.waits if wait.programme == rules.name), None)
    if ready_since is None:
        raise _not_waiting(side)
    since = waiting_since(ready_since, _afterwards(subject, party, rules, around))
    if since is None:
        raise _not_waiting(side)
    attributes = party.attributes
    return replace(attributes, ready_since=since) if isinstance(attributes, Receiving) else attributes


def _afterwards(
    subject: str, party: Party, rules: Rules, around: Surroundings
) -> tuple[Afterwards, date] | None:
    """What somebody does since the latest of their pairs was over, and since when. Who was to rest after one
    in another municipality and is ready here is so anew.
    """
    over = [
        pair
        for pair in around.pairs
        if pair.programme == rules.name and subject in {pair.receiving, pair.giving} and pair.outcome
    ]
    if not over:
        return None
    latest = max(over, key=_over_on)
    if latest.outcome is None:
        return None
    does = latest.outcome.receiving if latest.receiving == subject else latest.outcome.giving
    if does == "rests" and latest.municipality not in {party.municipality, *party.formerly}:
        does = "waits_anew"
    return does, latest.spells[-1].since


def _over_on(pair: Pair) -> tuple[date, str]:
    return pair.spells[-1].since, pair.subject


def _not_waiting(side: Side) -> DomainError:
    return DomainError("not_waiting", "this side doesn't wait in the programme now", side)
