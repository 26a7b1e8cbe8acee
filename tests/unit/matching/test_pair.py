"""The life of a pair, as tables."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.matching.domain.agreement import answer, expire, propose, sign
from services.matching.domain.course import end_because
from services.matching.domain.errors import DomainError
from services.matching.domain.pair import EndReason, Fact, PairStatus, Spell
from services.matching.domain.proposal import Proposal
from shared.values import add_months
from tests.unit.matching.lives import (
    ALL,
    DAY,
    LATER,
    LATER_DAY,
    NOW,
    RECEIPT,
    STATES,
    accepted,
    active,
    declined,
    expired,
    proposal,
    proposed,
    refused,
    signed,
)
from tests.unit.matching.pools import rules


@pytest.mark.parametrize("status", STATES)
def test_every_state_of_the_tables_is_what_it_says(status: PairStatus) -> None:
    assert STATES[status]().status == status
    assert STATES[status]().is_open == (status in {"proposed", "accepted", "active", "paused"})


def test_a_proposal_becomes_a_pair_that_keeps_its_packs_version_and_receipt() -> None:
    pair, facts = propose(proposal(), rules(), subject="pair-1", coordinator=None, on=DAY, now=NOW)
    assert facts == (Fact.PAIR_PROPOSED,)
    assert (pair.subject, pair.status, pair.slot, pair.receipt) == ("pair-1", "proposed", 1, RECEIPT)
    assert (pair.programme, pair.pack_version, pair.relation) == ("flyktningguide-bergen", "1.0", "guide")
    assert (pair.receiving, pair.giving, pair.municipality) == ("refugee-1", "volunteer-1", "no-4601")
    assert pair.respond_by == datetime(2026, 12, 6, 23, 59, 59, tzinfo=UTC)
    assert pair.spells == (Spell("proposed", DAY),)
    assert (pair.proposed_on, pair.created_on, pair.answers, pair.signatures) == (DAY, None, (), ())


def test_a_proposal_of_another_pack_version_or_to_oneself_is_refused() -> None:
    def offer(offered: Proposal, version: str = "1.0") -> object:
        return propose(offered, rules(version=version), subject="p", coordinator=None, on=DAY, now=NOW)

    assert refused(lambda: offer(proposal(), "1.1")) == "pack_version_differs"
    assert refused(lambda: offer(proposal(giving="refugee-1"))) == "self_pair"


def test_the_first_acceptance_is_recorded_and_the_second_accepts() -> None:
    first, facts = answer(proposed(), "receiving", True, DAY, NOW)
    assert (first.status, facts) == ("proposed", (Fact.ANSWER_RECORDED,))
    both, facts = answer(first, "giving", True, LATER_DAY, LATER)
    assert (both.status, facts) == ("accepted", (Fact.PROPOSAL_ACCEPTED,))
    assert [(given.side, given.accept, given.on) for given in both.answers] == [
        ("receiving", True, DAY),
        ("giving", True, LATER_DAY),
    ]
    assert both.spells == (Spell("proposed", DAY, LATER_DAY), Spell("accepted", LATER_DAY))


def test_accepted_on_the_later_of_the_two_days_whichever_is_recorded_last() -> None:
    first, _ = answer(proposed(), "receiving", True, LATER_DAY, LATER)
    both, _ = answer(first, "giving", True, DAY, LATER)
    assert both.spells[-1] == Spell("accepted", LATER_DAY)


@pytest.mark.parametrize("before", [None, "receiving"])
def test_one_no_declines_whatever_the_other_said(before: str | None) -> None:
    pair = answer(proposed(), "receiving", True, DAY, NOW)[0] if before else proposed()
    after, facts = answer(pair, "giving", False, DAY, NOW)
    assert (after.status, facts) == ("declined", (Fact.PROPOSAL_DECLINED,))


@pytest.mark.parametrize("status", ["accepted", "active", "paused"])
def test_the_same_answer_again_changes_nothing_and_another_is_refused(status: PairStatus) -> None:
    pair = STATES[status]()
    assert answer(pair, "giving", True, LATER_DAY, NOW + timedelta(days=99)) == (pair, ())
    assert refused(lambda: answer(pair, "giving", False, LATER_DAY, LATER)) == "already_answered"


def test_a_no_cannot_be_taken_back() -> None:
    assert answer(declined(), "giving", False, DAY, LATER) == (declined(), ())
    assert refused(lambda: answer(declined(), "giving", True, DAY, LATER)) == "already_answered"
    assert refused(lambda: answer(declined(), "receiving", True, DAY, LATER)) == "pair_closed"


@pytest.mark.parametrize("status", ["ended", "completed"])
def test_nobody_answers_when_the_pair_is_over(status: PairStatus) -> None:
    assert refused(lambda: answer(STATES[status](), "giving", True, DAY, LATER)) == "pair_closed"


def test_the_deadline_is_the_last_moment_to_answer_and_the_first_after_it_expires() -> None:
    pair = proposed()
    tick = timedelta(microseconds=1)
    assert answer(pair, "giving", True, DAY, pair.respond_by)[1] == (Fact.ANSWER_RECORDED,)
    assert refused(lambda: answer(pair, "giving", True, DAY, pair.respond_by + tick)) == "proposal_expired"
    assert refused(lambda: expire(pair, pair.respond_by)) == "not_due"
    after, facts = expire(pair, pair.respond_by + tick)
    assert (after.status, facts) == ("expired", (Fact.PROPOSAL_EXPIRED,))
    assert after.spells[-1] == Spell("expired", date(2026, 12, 6))


def test_a_proposal_with_one_answer_expires_too() -> None:
    half, _ = answer(proposed(), "giving", True, DAY, NOW)
    after, _ = expire(half, NOW + timedelta(days=20))
    assert after.status == "expired"
    assert refused(lambda: answer(after, "receiving", True, DAY, LATER)) == "proposal_expired"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("accepted", "already_answered"),
        ("active", "already_answered"),
        ("paused", "already_answered"),
        ("declined", "pair_closed"),
        ("completed", "pair_closed"),
        ("ended", "pair_closed"),
    ],
)
def test_only_an_unanswered_proposal_expires(status: PairStatus, code: str) -> None:
    assert refused(lambda: expire(STATES[status](), NOW + timedelta(days=99))) == code


def test_expiring_again_changes_nothing() -> None:
    assert expire(expired(), NOW + timedelta(days=99)) == (expired(), ())


@pytest.mark.parametrize(
    ("on", "now", "code"),
    [
        (DAY + timedelta(days=1), NOW, "date_in_future"),
        (DAY - timedelta(days=1), NOW, "date_before_proposal"),
    ],
)
def test_answers_and_signatures_bear_a_day_between_the_proposal_and_today(
    on: date, now: datetime, code: str
) -> None:
    assert refused(lambda: answer(proposed(), "giving", True, on, now)) == code
    assert refused(lambda: signed(accepted(), "giving", on, now)) == code


@pytest.mark.parametrize("zone", ["Europe/Oslo", "Europe/Copenhagen"])
@pytest.mark.parametrize(
    ("moment", "until"),
    [
        # Proposed late in the evening; in the night to the next day; before the clocks go forward, and back.
        (datetime(2026, 6, 1, 21, 30, tzinfo=UTC), datetime(2026, 6, 15, 21, 59, 59, tzinfo=UTC)),
        (datetime(2026, 6, 1, 22, 30, tzinfo=UTC), datetime(2026, 6, 16, 21, 59, 59, tzinfo=UTC)),
        (datetime(2026, 3, 20, 8, tzinfo=UTC), datetime(2026, 4, 3, 21, 59, 59, tzinfo=UTC)),
        (datetime(2026, 3, 15, 8, tzinfo=UTC), datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)),
        (datetime(2026, 10, 20, 8, tzinfo=UTC), datetime(2026, 11, 3, 22, 59, 59, tzinfo=UTC)),
        (datetime(2026, 10, 11, 8, tzinfo=UTC), datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)),
    ],
)
def test_both_may_answer_until_the_end_of_the_local_day(zone: str, moment: datetime, until: datetime) -> None:
    now = moment.astimezone(ZoneInfo(zone))
    pair, _ = propose(proposal(), rules(), subject="pair-1", coordinator=None, on=now.date(), now=now)
    assert pair.respond_by == until
    last = until.astimezone(ZoneInfo(zone))
    assert answer(pair, "giving", True, last.date(), last)[1] == (Fact.ANSWER_RECORDED,)
    gone, _ = expire(pair, last + timedelta(milliseconds=1))
    assert gone.spells[-1].since == now.date() + timedelta(days=14) == last.date()


def test_a_spell_begins_on_the_municipalitys_own_day() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC).astimezone(ZoneInfo("Europe/Oslo"))
    first = date(2026, 12, 1)
    assert end_because(active(), EndReason.MOVED, late)[0].ended_on == first
    assert answer(proposed(), "giving", True, first, late)[1]
    ahead = first + timedelta(days=1)
    assert refused(lambda: answer(proposed(), "giving", True, ahead, late)) == "date_in_future"


@pytest.mark.parametrize("status", ["proposed", "accepted", "active", "paused"])
def test_an_open_pair_ends_with_its_reason_and_day(status: PairStatus) -> None:
    pair, facts = end_because(STATES[status](), EndReason.WITHDRAWN, LATER)
    assert (pair.status, facts) == ("ended", (Fact.PAIR_ENDED,))
    assert (pair.ended_on, pair.end_reason) == (LATER_DAY, "withdrawn")
    assert pair.spells[-1] == Spell("ended", LATER_DAY)
    assert not pair.is_open


@pytest.mark.parametrize("status", ["declined", "expired", "completed", "ended"])
def test_what_is_over_does_not_end_again(status: PairStatus) -> None:
    assert refused(lambda: end_because(STATES[status](), EndReason.ERASED, LATER)) == "pair_closed"


def test_spells_follow_each_other_without_gap_or_overlap() -> None:
    for make in STATES.values():
        spells = make().spells
        assert [spell.to for spell in spells[:-1]] == [spell.since for spell in spells[1:]]
        assert spells[-1].to is None
        assert list(spells) == sorted(spells, key=lambda spell: spell.since)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 22), 12, date(2027, 11, 22)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 3, 15), 9, date(2026, 12, 15)),
        (date(2026, 12, 1), 60, date(2031, 12, 1)),
    ],
)
def test_months_end_on_the_same_day_or_the_months_last(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_an_error_says_its_code_message_and_field() -> None:
    with pytest.raises(DomainError, match="unknown_signatory: one of giving, receiving, red_cross") as caught:
        sign(accepted(), "x", "2", DAY, signatories=ALL, maximum_months=12, now=LATER)
    assert caught.value.field == "signatory"
