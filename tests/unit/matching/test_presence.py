"""What becomes of an open pair as its people are there, away for a while, or gone: a table."""

import itertools
from dataclasses import replace

import pytest

from services.matching.domain.course import pause
from services.matching.domain.pair import EndReason, Fact, Hold, PairStatus, Side
from services.matching.domain.presence import Presence, follow, look_after
from tests.unit.matching.lives import LATER, LATER_DAY, STATES, active, paused, proposed

PROGRAMME = proposed().programme
HERE = Presence("no-4601", frozenset({PROGRAMME}), frozenset())
AWAY = Presence("no-4601", frozenset(), frozenset({PROGRAMME}))
ELSEWHERE = Presence("no-5501", frozenset({PROGRAMME}), frozenset())
IN_ANOTHER_PROGRAMME = Presence("no-4601", frozenset({"other"}), frozenset({"another"}))
SIDES: tuple[Side, ...] = ("receiving", "giving")
OPEN: tuple[PairStatus, ...] = ("proposed", "accepted", "active", "paused")


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("status", OPEN)
def test_a_pair_goes_on_while_both_are_there(status: PairStatus, side: Side) -> None:
    pair = STATES[status]()
    assert follow(pair, side, HERE, EndReason.WITHDRAWN, LATER) == (pair, ())


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("status", OPEN)
@pytest.mark.parametrize(
    ("presence", "given", "reason"),
    [
        (None, EndReason.WITHDRAWN, EndReason.WITHDRAWN),
        (None, EndReason.RESTRICTED, EndReason.RESTRICTED),
        (ELSEWHERE, EndReason.WITHDRAWN, EndReason.MOVED),
        (IN_ANOTHER_PROGRAMME, EndReason.WITHDRAWN, EndReason.WITHDRAWN),
    ],
)
def test_a_pair_ends_with_whoever_leaves(
    status: PairStatus, side: Side, presence: Presence | None, given: EndReason, reason: EndReason
) -> None:
    pair, facts = follow(STATES[status](), side, presence, given, LATER)
    assert (pair.status, pair.end_reason, facts) == ("ended", reason, (Fact.PAIR_ENDED,))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("status", ["proposed", "accepted"])
def test_a_proposal_ends_of_who_may_not_be_matched_for_now(status: PairStatus, side: Side) -> None:
    pair, facts = follow(STATES[status](), side, AWAY, EndReason.WITHDRAWN, LATER)
    assert (pair.end_reason, facts) == (EndReason.NOT_AVAILABLE, (Fact.PAIR_ENDED,))


@pytest.mark.parametrize("side", SIDES)
def test_a_pair_pauses_until_they_may_and_only_once(side: Side) -> None:
    pair, facts = follow(active(), side, AWAY, EndReason.WITHDRAWN, LATER)
    assert (pair.status, pair.holds, facts) == ("paused", (Hold(side, LATER_DAY),), (Fact.PAIR_PAUSED,))
    assert follow(pair, side, AWAY, EndReason.WITHDRAWN, LATER) == (pair, ())
    assert follow(pair, side, HERE, EndReason.WITHDRAWN, LATER)[1] == (Fact.PAIR_RESUMED,)


def test_what_a_coordinator_has_paused_stays_so_when_a_side_is_back() -> None:
    held, _ = follow(paused(), "giving", AWAY, EndReason.WITHDRAWN, LATER)
    assert [hold.by for hold in held.holds] == ["coordinator", "giving"]
    back, facts = follow(held, "giving", HERE, EndReason.WITHDRAWN, LATER)
    assert (back.status, [hold.by for hold in back.holds]) == ("paused", ["coordinator"])
    assert facts == (Fact.PAIR_PAUSED,)
    assert pause(back, "coordinator", LATER_DAY, None, LATER) == (back, ())


@pytest.mark.parametrize("status", OPEN)
@pytest.mark.parametrize(
    ("receiving", "giving", "coordinator"),
    [("ola", "kari", "ola"), (None, "kari", "kari"), (None, None, None)],
)
def test_a_pair_is_looked_after_by_the_receiving_sides_coordinator_or_else_the_giving_sides(
    status: PairStatus, receiving: str | None, giving: str | None, coordinator: str | None
) -> None:
    pair, facts = look_after(STATES[status](), receiving, giving)
    assert (pair.coordinator, facts) == (coordinator, (Fact.COORDINATOR_CHANGED,))
    assert look_after(pair, receiving, giving) == (pair, ())


@pytest.mark.parametrize("status", ["declined", "expired", "completed", "ended"])
def test_what_is_over_keeps_its_coordinator(status: PairStatus) -> None:
    assert look_after(STATES[status](), "ola", None)[1] == ()


NEW = "no-5599"
RENAMED = Presence(NEW, HERE.there, frozenset(), frozenset({"no-4601"}))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("status", OPEN)
def test_under_its_municipality_s_new_code_a_pair_goes_on_and_says_so_once(
    status: PairStatus, side: Side
) -> None:
    before = STATES[status]()
    pair, facts = follow(before, side, RENAMED, EndReason.WITHDRAWN, LATER)
    assert (pair.municipality, pair.formerly, facts) == (NEW, ("no-4601",), (Fact.PAIR_UPDATED,))
    assert replace(pair, municipality=before.municipality, formerly=()) == before
    # The other side is heard of under the old code still, or under the new one.
    for presence, other in itertools.product((HERE, RENAMED), SIDES):
        assert follow(pair, other, presence, EndReason.WITHDRAWN, LATER) == (pair, ())


def test_what_else_is_heard_with_the_new_code_happens_under_it() -> None:
    away = Presence(NEW, frozenset(), AWAY.held, RENAMED.formerly)
    pair, facts = follow(active(), "giving", away, EndReason.WITHDRAWN, LATER)
    assert (pair.municipality, pair.status, facts) == (NEW, "paused", (Fact.PAIR_PAUSED,))
    gone = Presence(NEW, frozenset(), frozenset(), RENAMED.formerly)
    pair, facts = follow(active(), "giving", gone, EndReason.WITHDRAWN, LATER)
    assert (pair.municipality, pair.end_reason, facts) == (NEW, EndReason.WITHDRAWN, (Fact.PAIR_ENDED,))


def test_who_moves_on_from_the_new_code_has_moved() -> None:
    pair, _ = follow(active(), "giving", RENAMED, EndReason.WITHDRAWN, LATER)
    ended, facts = follow(pair, "receiving", ELSEWHERE, EndReason.WITHDRAWN, LATER)
    assert (ended.end_reason, facts) == (EndReason.MOVED, (Fact.PAIR_ENDED,))


def test_whatever_is_heard_in_whatever_order_a_pair_ends_once_and_never_goes_on_after() -> None:
    heard: dict[str, tuple[Side, Presence | None]] = {
        "the refugee moves": ("receiving", None),
        "and is elsewhere": ("receiving", ELSEWHERE),
        "the guide's approval lapses": ("giving", AWAY),
        "and is renewed": ("giving", HERE),
        "the municipality has a new code": ("giving", RENAMED),
    }
    for order in itertools.permutations(heard):
        pair, facts = active(), list[Fact]()
        for one in order:
            side, presence = heard[one]
            if pair.is_open:
                pair, more = follow(pair, side, presence, EndReason.MOVED, LATER)
                facts += more
        assert (pair.status, pair.end_reason) == ("ended", EndReason.MOVED), order
        assert facts.count(Fact.PAIR_ENDED) == 1, order
        assert facts[-1] is Fact.PAIR_ENDED, order
