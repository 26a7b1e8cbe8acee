"""Which messages a pair's state calls for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from services.notifications.domain.messages import Message, Plan, new_message, plan
from services.notifications.domain.pairs import Pair

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
WITHIN = timedelta(days=90)
PAIR = Pair("pair-p", "refugee-r", "volunteer-v", "active", date(2026, 11, 20))


def planned(pair: Pair, *known: Message) -> Plan:
    return plan(pair, {message.id: message for message in known}, NOW, WITHIN, "chain")


def test_a_created_pair_calls_for_one_message_to_each_side() -> None:
    new = planned(PAIR).new
    assert [(message.id, message.side) for message in new] == [
        ("message-dc86fc65912c83b5b56dc4f168704292", "receiving"),
        (new_message("pair-p", "pair_created", "volunteer-v", "giving", NOW, "").id, "giving"),
    ]
    assert {message.correlation for message in new} == {"chain"}


def test_known_messages_are_not_called_for_again_whatever_became_of_them() -> None:
    receiving, giving = planned(PAIR).new
    known = (replace(receiving, status="sent"), replace(giving, status="failed"))
    assert planned(PAIR, *known) == Plan()
    assert planned(PAIR, known[0]).new == (giving,)


def test_a_pair_that_is_not_created_calls_for_nothing() -> None:
    assert planned(replace(PAIR, status="proposed", created_on=None)) == Plan()
    assert planned(replace(PAIR, status="active", created_on=None)) == Plan()
    assert planned(replace(PAIR, status="ended")) == Plan()
    assert planned(replace(PAIR, status="completed")) == Plan()


def test_the_end_of_a_pair_cancels_what_was_not_sent() -> None:
    receiving, giving = planned(PAIR).new
    ended = replace(PAIR, status="ended")
    assert planned(ended, receiving, replace(giving, status="sent")).cancelled == (receiving,)


def test_a_pause_neither_calls_for_messages_nor_cancels_any() -> None:
    receiving, giving = planned(PAIR).new
    paused = replace(PAIR, status="paused")
    assert planned(paused) == Plan()
    assert planned(paused, receiving, giving) == Plan()


def test_a_new_guide_is_told_and_the_former_is_not_any_more() -> None:
    receiving, giving = planned(PAIR).new
    replaced = planned(replace(PAIR, giving="volunteer-w"), replace(receiving, status="sent"), giving)
    assert [message.recipient for message in replaced.new] == ["volunteer-w"]
    assert replaced.cancelled == (giving,)


def test_an_old_pair_counts_as_told() -> None:
    assert len(planned(replace(PAIR, created_on=NOW.date() - WITHIN)).new) == 2
    old = replace(PAIR, created_on=NOW.date() - WITHIN - timedelta(days=1))
    assert planned(old).new == ()
    receiving, giving = planned(PAIR).new
    assert planned(old, receiving, giving).cancelled == ()


def test_what_the_release_before_stored_is_known() -> None:
    receiving, giving = planned(PAIR).new
    former = [replace(one, id=f"{one.pair}/{one.template}/{one.recipient}") for one in (receiving, giving)]
    assert planned(PAIR, replace(former[0], status="sent"), former[1]) == Plan()
    assert planned(replace(PAIR, status="ended"), *former).cancelled == tuple(former)


def test_what_is_known_from_events_alone_is_known() -> None:
    receiving, giving = [replace(one, recipient="", status="sent") for one in planned(PAIR).new]
    assert planned(PAIR, receiving, giving) == Plan()


def test_the_id_is_the_same_for_ever_and_names_nobody() -> None:
    (receiving, giving) = planned(PAIR).new
    later = new_message("pair-p", "pair_created", "refugee-r", "receiving", NOW + timedelta(days=1), "x")
    assert receiving.id == later.id != giving.id
    assert receiving.mail_id == "dc86fc65912c83b5b56dc4f168704292"
