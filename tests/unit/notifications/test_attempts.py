"""What an attempt to send a message leads to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.notifications.domain.attempts import (
    Again,
    Cancelled,
    Deferred,
    Delivered,
    Failed,
    Next,
    Outcome,
    Refused,
    Sent,
    Unconfirmed,
    Unready,
    Unwanted,
    after,
)
from services.notifications.domain.messages import new_message

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
WAIT = timedelta(seconds=5)
CARD_WAIT = timedelta(hours=24)
MESSAGE = new_message("pair-p", "pair_created", "refugee-r", "receiving", NOW, "chain")


def decided(outcome: Outcome, *, now: datetime = NOW, handovers: int = 0, wait: timedelta = WAIT) -> Next:
    return after(replace(MESSAGE, handovers=handovers), outcome, now, wait=wait, card_wait=CARD_WAIT)


def test_clear_answers_end_a_message() -> None:
    assert decided(Delivered()) == Sent()
    assert decided(Refused("recipient_refused")) == Failed("recipient_refused")
    assert decided(Unwanted()) == Cancelled()


def test_a_mail_server_is_asked_again_however_long_it_is_away() -> None:
    years = NOW + timedelta(days=3650)
    assert isinstance(decided(Deferred("smtp_unavailable"), now=years), Again)


def test_a_clear_no_counts_for_no_handover() -> None:
    assert decided(Deferred("smtp_452"), handovers=1) == Again(NOW + timedelta(seconds=5), 1)


def test_a_lost_answer_allows_one_more_handover_and_no_third() -> None:
    assert decided(Unconfirmed()) == Again(NOW + timedelta(seconds=5), 1)
    assert decided(Unconfirmed(), handovers=1) == Failed("delivery_unconfirmed")
    assert decided(Unconfirmed(), handovers=2) == Failed("delivery_unconfirmed")


def test_a_missing_card_is_waited_for_a_day() -> None:
    nearly = NOW + timedelta(hours=23, minutes=59)
    deadline = NOW + timedelta(hours=24)
    assert decided(Unready("no_contact_card"), wait=WAIT * 8) == Again(NOW + WAIT * 8, 0)
    assert decided(Unready("no_contact_card"), now=nearly, wait=timedelta(hours=1)) == Again(deadline, 0)
    assert decided(Unready("no_contact_card"), now=deadline) == Failed("no_contact_card")
