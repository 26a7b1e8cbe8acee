"""What an attempt to send a message leads to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.notifications.domain.attempts import (
    Again,
    Cancelled,
    Deferred,
    Delivered,
    Failed,
    Next,
    Outcome,
    Patience,
    Refused,
    Sent,
    Unconfirmed,
    Unready,
    Unwanted,
    after,
)
from services.notifications.domain.messages import Message

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PATIENCE = Patience(timedelta(seconds=5), timedelta(hours=1), timedelta(hours=24))
MESSAGE = Message("pair-p", "pair_created", "refugee-r", "receiving", NOW, "chain")


def decided(
    outcome: Outcome, *, tries: int = 0, now: datetime = NOW, handovers: int = 0, jitter: float = 0.0
) -> Next:
    return after(replace(MESSAGE, handovers=handovers), outcome, tries, now, jitter, PATIENCE)


def test_clear_answers_end_a_message() -> None:
    assert decided(Delivered()) == Sent()
    assert decided(Refused("recipient_refused")) == Failed("recipient_refused")
    assert decided(Unwanted()) == Cancelled()


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 5), (1, 10), (2, 20), (9, 2560), (10, 3600), (100, 3600), (10_000, 3600)]
)
def test_waits_double_up_to_the_ceiling(tries: int, seconds: int) -> None:
    assert decided(Deferred("smtp_451"), tries=tries) == Again(NOW + timedelta(seconds=seconds), 0)


def test_jitter_takes_up_to_a_half_off() -> None:
    assert PATIENCE.delay(0, 0.0) == timedelta(seconds=5)
    assert PATIENCE.delay(0, 0.5) == timedelta(seconds=3.75)
    assert PATIENCE.delay(0, 0.999) > timedelta(seconds=2.5)


def test_a_mail_server_is_asked_again_however_long_it_is_away() -> None:
    years = NOW + timedelta(days=3650)
    assert isinstance(decided(Deferred("smtp_unavailable"), tries=90_000, now=years), Again)


def test_a_clear_no_counts_for_no_handover() -> None:
    assert decided(Deferred("smtp_452"), handovers=1) == Again(NOW + timedelta(seconds=5), 1)


def test_a_lost_answer_allows_one_more_handover_and_no_third() -> None:
    assert decided(Unconfirmed()) == Again(NOW + timedelta(seconds=5), 1)
    assert decided(Unconfirmed(), handovers=1) == Failed("delivery_unconfirmed")
    assert decided(Unconfirmed(), handovers=2) == Failed("delivery_unconfirmed")


def test_a_missing_card_is_waited_for_a_day() -> None:
    nearly = NOW + timedelta(hours=23, minutes=59)
    deadline = NOW + timedelta(hours=24)
    assert decided(Unready("no_contact_card"), tries=3) == Again(NOW + timedelta(seconds=40), 0)
    assert decided(Unready("no_contact_card"), tries=50, now=nearly) == Again(deadline, 0)
    assert decided(Unready("no_contact_card"), tries=51, now=deadline) == Failed("no_contact_card")
