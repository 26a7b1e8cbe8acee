"""What coordinators are told of a pair, fact by fact."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.matching.domain.agreement import Again, answer, take_back
from services.matching.domain.course import complete, end, end_because, pause, resume
from services.matching.domain.guides import replace_guide
from services.matching.domain.notices import Told, notices
from services.matching.domain.pair import Decision, EndReason, Fact, FormerGuide, Pair
from shared.contracts.notices import CODES
from tests.unit.matching.lives import (
    DAY,
    LATER,
    LATER_DAY,
    NOW,
    OUTCOME,
    accepted,
    active,
    declined,
    expired,
    proposal,
    proposed,
)

TOMORROW = LATER + timedelta(days=1)


def told(before: Pair, decision: Decision) -> list[Told]:
    return notices(before, *decision, NOW)


def test_a_proposal_is_told_with_the_last_day_for_an_answer() -> None:
    pair = proposed()
    (one,) = told(pair, (pair, (Fact.PAIR_PROPOSED,)))
    assert one == Told("proposal_made", DAY, due_on=pair.respond_by.date())


@pytest.mark.parametrize(
    ("after", "fact", "expected"),
    [
        (declined(), Fact.PROPOSAL_DECLINED, [Told("proposal_declined", DAY)]),
        (expired(), Fact.PROPOSAL_EXPIRED, [Told("proposal_expired", expired().respond_by.date())]),
        (accepted(), Fact.PROPOSAL_ACCEPTED, []),
        (active(), Fact.PAIR_CREATED, []),
        (active(), Fact.AGREEMENT_SIGNED, []),
        (active(), Fact.MEETING_LOGGED, []),
    ],
)
def test_how_a_proposal_goes_on_is_told_without_who_declined(
    after: Pair, fact: Fact, expected: list[Told]
) -> None:
    assert told(proposed(), (after, (fact,))) == expected


def test_a_pause_is_told_where_it_is_a_sides_doing_once_for_each() -> None:
    pair = active()
    assert told(pair, pause(pair, "coordinator", LATER_DAY, None, LATER)) == []
    paused, facts = pause(pair, "giving", LATER_DAY, None, LATER)
    assert told(pair, (paused, facts)) == [Told("pair_paused", LATER_DAY, details=("giving",))]
    both, facts = pause(paused, "receiving", TOMORROW.date(), None, TOMORROW)
    assert told(paused, (both, facts)) == [Told("pair_paused", TOMORROW.date(), details=("receiving",))]
    one, facts = resume(both, "giving", TOMORROW.date(), TOMORROW)
    assert (facts, told(both, (one, facts))) == ((Fact.PAIR_PAUSED,), [])
    assert told(one, resume(one, "receiving", TOMORROW.date(), TOMORROW)) == [
        Told("pair_resumed", TOMORROW.date(), details=("receiving",))
    ]


def test_a_proposal_that_waits_for_an_answer_again_is_told_with_the_last_day_for_it() -> None:
    late = expired().respond_by + timedelta(days=3)
    again = Again(0, late + timedelta(days=14))
    opened = answer(expired(), "giving", True, DAY, late, reopening=lambda: again)
    expected = Told("proposal_reopened", late.date(), due_on=again.respond_by.date())
    assert notices(expired(), *opened, late) == [expected]
    back = take_back(accepted(), "giving", LATER_DAY, LATER, lambda: again)
    assert notices(accepted(), *back, LATER) == [
        Told("proposal_reopened", LATER_DAY, due_on=accepted().respond_by.date())
    ]


def test_another_guide_is_told_with_the_former_one() -> None:
    pair = active()
    found = proposal(giving="volunteer-2", slot=0)
    assert told(pair, replace_guide(pair, found, "giving", LATER_DAY, LATER)) == [
        Told("guide_replaced", LATER_DAY, others=("volunteer-1",))
    ]


def test_what_a_coordinator_takes_back_themselves_is_not_told() -> None:
    paused, _ = pause(active(), "coordinator", LATER_DAY, None, LATER)
    assert told(paused, resume(paused, "coordinator", LATER_DAY, LATER)) == []


def test_an_end_is_told_with_its_reason_and_a_completion_without() -> None:
    pair = active()
    assert told(pair, complete(pair, LATER_DAY, None, OUTCOME, LATER)) == [Told("pair_completed", LATER_DAY)]
    assert told(pair, end(pair, EndReason.PERSONAL_GIVING, LATER_DAY, OUTCOME, LATER)) == [
        Told("pair_ended", LATER_DAY, details=("personal_giving",))
    ]
    assert told(pair, end_because(replace(pair), EndReason.MOVED, LATER)) == [
        Told("pair_ended", LATER_DAY, details=("moved",))
    ]


@pytest.mark.parametrize("reason", [EndReason.PROTECTION, EndReason.RESTRICTED, EndReason.ERASED])
def test_an_end_that_would_tell_of_protection_reads_as_a_withdrawal(reason: EndReason) -> None:
    pair = active()
    assert told(pair, end_because(pair, reason, LATER)) == told(
        pair, end_because(pair, EndReason.WITHDRAWN, LATER)
    )


def test_every_code_is_one_that_the_contract_lists() -> None:
    pair = replace(proposed(), former_guides=(FormerGuide("volunteer-0", DAY, DAY),))
    codes = {one.code for fact in Fact for one in notices(pair, pair, (fact,), NOW)}
    assert codes <= CODES.keys()
