"""Two by name: a pool of two is judged as a round would judge it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.matching import wire
from services.matching.domain.agreement import Again, answer, expire, take_back
from services.matching.domain.couple import (
    Couple,
    Surroundings,
    allow,
    excluded,
    free_slot,
    kept_apart,
    pool_of,
    proposal_in,
)
from services.matching.domain.course import end
from services.matching.domain.errors import DomainError
from services.matching.domain.guides import forget, replace_guide
from services.matching.domain.pair import EndReason, Fact, Outcome, Pair
from services.matching.domain.party import Giving, Receiving
from services.matching.domain.rounds import run_round
from services.matching.domain.waiting import Party, Waits
from tests.unit.matching.lives import (
    LATER,
    LATER_DAY,
    STATES,
    active,
    declined,
    expired,
    proposal,
    proposed,
    refused,
)
from tests.unit.matching.pools import BERGEN, TODAY, guide, refugee, rules

R, G = refugee().subject, guide().subject
COUPLE = Couple(BERGEN, R, G)
DAY = timedelta(days=1)


def party(somebody: Receiving | Giving, **changes: object) -> Party:
    waits = (Waits(rules().name, "1.0", TODAY),)
    return replace(Party(BERGEN, somebody, waits), **changes)  # type: ignore[arg-type]


def around(*pairs: Pair, receiving: Party | None = None, giving: Party | None = None) -> Surroundings:
    return Surroundings({R: receiving or party(refugee()), G: giving or party(guide())}, pairs)


def theirs(pair: Pair, **changes: object) -> Pair:
    return replace(pair, **({"receiving": R, "giving": G, "slot": 0} | changes))  # type: ignore[arg-type]


def code(known: Surroundings, couple: Couple = COUPLE) -> tuple[str, str | None]:
    with pytest.raises(DomainError) as caught:
        pool_of(couple, rules(), known, TODAY)
    return caught.value.code, caught.value.field


def test_two_who_wait_are_proposed_with_a_rounds_receipt() -> None:
    pool = pool_of(COUPLE, rules(), around(), TODAY)
    proposal = proposal_in(run_round(wire.compared(pool), "round-1"))
    assert (proposal.receiving, proposal.giving, proposal.slot) == (R, G, 0)
    assert (proposal.receipt.rank, proposal.receipt.candidates, proposal.receipt.round_id) == (
        1,
        1,
        "round-1",
    )
    assert proposal.receipt.score == sum(proposal.receipt.parts.values()) > 0


@pytest.mark.parametrize(
    ("receiving", "giving", "named"),
    [
        (refugee(wished_gender="male"), guide(), ["gender_wish"]),
        (refugee(minors=2), guide(), ["child_certificate"]),
        (refugee(languages=(("ti", "native"),)), guide(birth_year=2010), ["language", "age"]),
    ],
)
def test_the_packs_rules_forbid_by_name(receiving: Receiving, giving: Giving, named: list[str]) -> None:
    pool = pool_of(COUPLE, rules(), around(receiving=party(receiving), giving=party(giving)), TODAY)
    with pytest.raises(DomainError) as caught:
        proposal_in(run_round(pool, "round-1"))
    assert caught.value.code == "rules_forbid"
    assert all(f"{rule} (" in caught.value.message for rule in named)


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": None, "waits": (), "held": (rules().name,)},
        {"waits": (Waits("another", "1.0", TODAY),)},
        {"municipality": "no-5501"},
        {"attributes": guide()},
    ],
)
def test_who_does_not_wait_here_is_not_proposed(changes: dict[str, object]) -> None:
    assert code(around(receiving=party(refugee(), **changes))) == ("not_waiting", "receiving")


def test_who_is_not_known_does_not_wait() -> None:
    assert code(Surroundings({R: party(refugee())})) == ("not_waiting", "giving")
    assert code(Surroundings({G: party(guide())})) == ("not_waiting", "receiving")


def test_who_rests_since_their_last_pair_does_not_wait() -> None:
    rests = Outcome("waits", "rests", may_meet_again=True)
    over, _ = end(theirs(active()), EndReason.OTHER, LATER_DAY, rests, LATER)
    assert code(around(over)) == ("not_waiting", "giving")
    ready_anew = (Waits(rules().name, "1.0", LATER_DAY + DAY),)
    assert pool_of(COUPLE, rules(), around(over, giving=party(guide(), waits=ready_anew)), TODAY).giving


def test_who_has_no_place_is_not_proposed() -> None:
    somebody = {"receiving": "refugee-9"}
    assert code(around(theirs(proposed(), giving="volunteer-9"))) == ("slot_taken", "receiving")
    assert code(around(theirs(active(), **somebody))) == ("slot_taken", "giving")
    roomy = party(guide(capacity=2))
    pool = pool_of(COUPLE, rules(), around(theirs(active(), **somebody), giving=roomy), TODAY)
    assert proposal_in(run_round(pool, "r")).slot == 1
    assert pool_of(COUPLE, rules(), around(theirs(proposed(), programme="another", giving="v")), TODAY).giving


def test_what_opens_again_takes_its_own_slot_where_it_is_free() -> None:
    pair, roomy = theirs(expired(), slot=1), party(guide(capacity=3))
    other = theirs(active(), receiving="refugee-9", subject="pair-2", slot=1)
    free = pool_of(COUPLE, rules(), around(giving=roomy), TODAY)
    assert free_slot(pair, free) == 1
    assert free_slot(pair, pool_of(COUPLE, rules(), around(other, giving=roomy), TODAY)) == 0


@pytest.mark.parametrize(
    ("pair", "apart"),
    [
        (declined(), True),
        (expired(), True),
        (STATES["completed"](), True),
        (
            end(active(), EndReason.OTHER, LATER_DAY, Outcome("waits", "waits", may_meet_again=True), LATER)[
                0
            ],
            False,
        ),
        (STATES["ended"](), False),
        (active(), False),
    ],
)
def test_a_couple_is_kept_apart_until_its_days_are_over_or_somebody_allows_it(
    pair: Pair, apart: bool
) -> None:
    over_on = pair.spells[-1].since
    assert excluded(pair, 180, over_on + 179 * DAY) == ({pair.giving} if apart else set())
    assert not excluded(pair, 180, over_on + 180 * DAY)
    if apart:
        allowed, facts = allow(pair, pair.giving, over_on)
        assert facts == (Fact.COUPLE_ALLOWED,)
        assert excluded(allowed, 180, over_on + DAY) == set()


def test_a_couple_that_is_kept_apart_is_forbidden_by_that_rule_alone() -> None:
    known = around(theirs(declined()))
    assert kept_apart(COUPLE, rules(), known, TODAY) == [theirs(declined())]
    with pytest.raises(DomainError, match=r"excluded .* AllowCouple lifts the last"):
        proposal_in(run_round(pool_of(COUPLE, rules(), known, TODAY), "round-1"))
    pool = pool_of(COUPLE, rules(without=["excluded"]), known, TODAY)
    assert proposal_in(run_round(pool, "round-1")).giving == G
    assert refused(lambda: pool_of(COUPLE, rules(), around(theirs(proposed())), TODAY)) == "slot_taken"


NEW = "no-4699"
RENAMED = Couple(NEW, R, G)


def test_a_couple_is_kept_apart_under_its_municipality_s_new_code_before_its_pair_is_brought() -> None:
    new = party(refugee(), municipality=NEW, formerly=(BERGEN,))
    known = around(theirs(declined()), receiving=new, giving=party(guide(), municipality=NEW))
    assert kept_apart(RENAMED, rules(), known, TODAY) == [theirs(declined())]
    elsewhere = around(theirs(declined()), giving=new)
    assert kept_apart(Couple("no-5501", R, G), rules(), elsewhere, TODAY) == []


@pytest.mark.parametrize(
    ("municipality", "formerly", "waits"),
    [(BERGEN, (), False), (NEW, (BERGEN,), False), ("no-5501", (), True)],
)
def test_who_was_to_rest_waits_where_they_are_ready_after_a_move_and_not_after_a_new_code(
    municipality: str, formerly: tuple[str, ...], waits: bool
) -> None:
    rests = Outcome("rests", "waits", may_meet_again=True)
    over, _ = end(active(), EndReason.OTHER, LATER_DAY, rests, LATER)
    here = {"municipality": municipality, "formerly": formerly}
    known = around(theirs(over), receiving=party(refugee(), **here), giving=party(guide(), **here))
    couple = Couple(municipality, R, G)
    if waits:
        assert pool_of(couple, rules(), known, TODAY).receiving
    else:
        assert code(known, couple) == ("not_waiting", "receiving")


def parted(may_meet_again: bool = False) -> Pair:
    """A pair that ended with its second guide, 60 days after the first one was replaced."""
    second = replace(proposal(), giving="volunteer-2")
    pair, _ = replace_guide(active(), second, "giving", LATER_DAY, LATER)
    outcome, on = Outcome("waits", "waits", may_meet_again=may_meet_again), LATER_DAY + 60 * DAY
    return end(pair, EndReason.MISMATCHED_EXPECTATIONS, on, outcome, LATER + 60 * DAY)[0]


def test_a_former_guide_is_kept_apart_as_the_pairs_end_has_it_from_the_day_they_were_replaced() -> None:
    assert excluded(parted(), 180, LATER_DAY + 179 * DAY) == {"volunteer-1", "volunteer-2"}
    assert excluded(parted(), 180, LATER_DAY + 180 * DAY) == {"volunteer-2"}
    assert excluded(parted(may_meet_again=True), 180, LATER_DAY + 60 * DAY) == set()
    gone, _ = forget(parted(), {"volunteer-1"})
    assert excluded(gone, 180, LATER_DAY + 60 * DAY) == {"volunteer-2"}


@pytest.mark.parametrize(("one", "other"), [("volunteer-1", "volunteer-2"), ("volunteer-2", "volunteer-1")])
def test_each_guide_of_a_pair_is_allowed_by_themselves(one: str, other: str) -> None:
    allowed, facts = allow(parted(), one, LATER_DAY + 61 * DAY)
    assert facts == (Fact.COUPLE_ALLOWED,)
    assert excluded(allowed, 180, LATER_DAY + 61 * DAY) == {other}


def opened(pair: Pair, side: str, accept: bool = True) -> Pair:
    """The pair after an answer that was given in time and is recorded late."""
    late = pair.respond_by + timedelta(days=3)
    again = Again(1, late + timedelta(days=14))
    return answer(pair, side, accept, pair.proposed_on, late, reopening=lambda: again)[0]  # type: ignore[arg-type]


def taken_back(pair: Pair) -> Pair:
    return take_back(pair, "giving", LATER_DAY, LATER, lambda: Again(1, pair.respond_by))[0]


@pytest.mark.parametrize(
    ("over", "anew"),
    [
        (declined(), lambda pair: answer(taken_back(pair), "giving", False, LATER_DAY, LATER)[0]),
        (expired(), lambda pair: opened(pair, "giving", accept=False)),
        (expired(), lambda pair: expire(opened(pair, "giving"), LATER + timedelta(days=60))[0]),
    ],
)
def test_what_was_allowed_holds_until_the_proposal_opens_again_or_closes_anew(
    over: Pair, anew: Callable[[Pair], Pair]
) -> None:
    allowed, _ = allow(over, over.giving, LATER_DAY)
    closed = anew(allowed)
    assert closed.allowed_on is None
    assert excluded(closed, 180, closed.spells[-1].since)
