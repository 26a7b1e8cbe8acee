"""Signatures: who signs what, and when that creates the pair."""

from datetime import date, timedelta

import pytest

from services.matching.domain.agreement import sign
from services.matching.domain.pair import Fact, PairStatus, Spell
from tests.unit.matching.lives import (
    ALL,
    DAY,
    LATER,
    LATER_DAY,
    NOW,
    STATES,
    accepted,
    active,
    paused,
    refused,
    signed,
)


def test_the_last_of_all_signatories_creates_the_pair() -> None:
    pair, facts = sign(accepted(), "red_cross", "2", LATER_DAY, signatories=ALL, maximum_months=12, now=LATER)
    assert (pair.status, facts, pair.created_on) == ("accepted", (Fact.AGREEMENT_SIGNED,), None)
    pair = signed(pair, "giving", date(2026, 11, 27), NOW + timedelta(days=9))
    pair, facts = sign(
        pair,
        "receiving",
        "2",
        date(2026, 11, 26),
        signatories=ALL,
        maximum_months=12,
        now=NOW + timedelta(days=9),
    )
    assert (pair.status, facts) == ("active", (Fact.PAIR_CREATED,))
    assert (pair.created_on, pair.ends_on) == (date(2026, 11, 27), date(2027, 11, 27))
    assert pair.spells[-1] == Spell("active", date(2026, 11, 27))


def test_without_a_maximum_a_pair_has_no_end() -> None:
    pair, _ = sign(
        accepted(), "giving", "2", LATER_DAY, signatories=("giving",), maximum_months=None, now=LATER
    )
    assert (pair.status, pair.ends_on) == ("active", None)


def test_the_same_signature_again_changes_nothing() -> None:
    half = signed(accepted(), "giving")
    for pair in (half, active(), paused()):
        again = sign(pair, "giving", "2", LATER_DAY, signatories=ALL, maximum_months=12, now=LATER)
        assert again == (pair, ())


@pytest.mark.parametrize(
    ("status", "signatory", "text", "code"),
    [
        ("proposed", "giving", "2", "not_accepted"),
        ("accepted", "municipality", "2", "unknown_signatory"),
        ("active", "giving", "3", "already_signed"),
        ("declined", "giving", "2", "pair_closed"),
        ("expired", "giving", "2", "pair_closed"),
        ("completed", "giving", "2", "pair_closed"),
        ("ended", "giving", "2", "pair_closed"),
    ],
)
def test_signatures_that_may_not_happen(status: PairStatus, signatory: str, text: str, code: str) -> None:
    def attempt() -> object:
        pair = STATES[status]()
        return sign(pair, signatory, text, LATER_DAY, signatories=ALL, maximum_months=12, now=LATER)

    assert refused(attempt) == code


def test_nobody_more_signs_an_agreement_that_is_complete() -> None:
    more = (*ALL, "municipality")

    def attempt() -> object:
        return sign(active(), "municipality", "2", LATER_DAY, signatories=more, maximum_months=12, now=LATER)

    assert refused(attempt) == "already_signed"


def test_all_sign_the_same_text() -> None:
    half = signed(accepted(), "giving")

    def attempt(signatory: str) -> object:
        return sign(half, signatory, "3", LATER_DAY, signatories=ALL, maximum_months=12, now=LATER)

    assert refused(lambda: attempt("receiving")) == "text_version_differs"
    assert refused(lambda: attempt("giving")) == "already_signed"


def test_an_agreement_signed_on_paper_before_the_last_answer_starts_with_that_answer() -> None:
    pair = accepted()
    for signatory in ALL:
        pair = signed(pair, signatory, DAY)
    assert (pair.created_on, pair.spells[-1].since) == (LATER_DAY, LATER_DAY)
