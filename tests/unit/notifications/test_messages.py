"""Which messages a pair's state calls for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.notifications.domain.messages import Message, Plan, new_message, plan
from services.notifications.domain.pairs import Pair
from services.notifications.domain.triggers import QUIET
from services.notifications.readers import PairRead
from services.notifications.wire import pair as pair_of

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
WITHIN = timedelta(days=90)
PAIR = Pair("pair-p", "refugee-r", "volunteer-v", "active", date(2026, 11, 20), date(2026, 11, 13))
PROPOSAL = replace(PAIR, status="proposed", created_on=None)
CLOSED = replace(PROPOSAL, status="declined", over_on=date(2026, 11, 21))
OVER = replace(PAIR, status="ended", over_on=date(2026, 11, 21), end_reason="personal_giving")
BOTH = [("refugee-r", "receiving"), ("volunteer-v", "giving")]


def planned(pair: Pair, *known: Message) -> Plan:
    return plan(pair, {message.id: message for message in known}, NOW, WITHIN, "chain")


def test_a_created_pair_calls_for_one_message_to_each_side() -> None:
    new = planned(PAIR).new
    assert [(message.id, message.side) for message in new] == [
        ("message-dc86fc65912c83b5b56dc4f168704292", "receiving"),
        (new_message("pair-p", "pair_created", "volunteer-v", "giving", NOW, "").id, "giving"),
    ]
    assert {message.correlation for message in new} == {"chain"}


def called_for(pair: Pair) -> list[str]:
    """The templates of the messages that a pair calls for, of which each goes to both sides."""
    new = planned(pair).new
    templates = list(dict.fromkeys(message.template for message in new))
    assert [(one.template, one.recipient, one.side) for one in new] == [
        (template, *side) for template in templates for side in BOTH
    ]
    return templates


@pytest.mark.parametrize(
    ("pair", "templates"),
    [
        (PROPOSAL, ["pair_proposed"]),
        (replace(PROPOSAL, status="accepted"), []),
        (PAIR, ["pair_created"]),
        (CLOSED, ["proposal_closed"]),
        (replace(CLOSED, status="expired"), ["proposal_closed"]),
        (replace(CLOSED, status="ended", end_reason="not_available"), ["proposal_closed"]),
        (OVER, ["pair_over"]),
        (replace(OVER, end_reason="moved"), ["pair_over"]),
        (replace(OVER, status="completed", end_reason=None), ["pair_over"]),
    ],
)
def test_both_sides_hear_of_a_proposal_what_came_of_it_and_an_end(pair: Pair, templates: list[str]) -> None:
    assert called_for(pair) == templates


@pytest.mark.parametrize("reason", sorted(QUIET))
@pytest.mark.parametrize("pair", [OVER, replace(CLOSED, status="ended")])
def test_where_a_side_may_be_protected_nobody_is_written_to(pair: Pair, reason: str) -> None:
    proposed, created = planned(PROPOSAL).new, planned(PAIR).new
    ended = planned(replace(pair, end_reason=reason), *proposed, *created)
    assert ended == Plan(cancelled=(*proposed, *created))


def test_an_answer_takes_back_what_was_not_sent_of_a_proposal() -> None:
    receiving, giving = planned(PROPOSAL).new
    for pair in (replace(PROPOSAL, status="accepted"), PAIR, CLOSED, OVER):
        assert planned(pair, replace(receiving, status="sent"), giving).cancelled == (giving,)


def test_a_proposal_that_is_open_again_takes_back_what_was_not_sent_of_its_end() -> None:
    receiving, giving = planned(CLOSED).new
    told = tuple(replace(message, status="sent") for message in planned(PROPOSAL).new)
    again = planned(PROPOSAL, *told, replace(receiving, status="sent"), giving)
    assert again == Plan(cancelled=(giving,))


@pytest.mark.parametrize("pair", [PROPOSAL, CLOSED, OVER])
def test_what_came_about_long_ago_counts_as_told(pair: Pair) -> None:
    before = NOW.date() - WITHIN - timedelta(days=1)
    assert planned(replace(pair, proposed_on=before, over_on=before)).new == ()


def test_a_proposal_came_to_nothing_on_the_day_since_which_it_is_closed() -> None:
    state = {
        "receiving": "refugee-aaaaaaaaaaaaaaaa",
        "giving": "volunteer-aaaaaaaaaaaaaaaa",
        "status": "expired",
        "spells": [
            {"status": "proposed", "from": "2026-11-01", "to": "2026-11-15"},
            {"status": "expired", "from": "2026-11-15"},
        ],
        "proposed_on": "2026-11-01",
    }
    pair = pair_of("pair-p", PairRead.model_validate(state))
    assert (pair.proposed_on, pair.over_on) == (date(2026, 11, 1), date(2026, 11, 15))
    ended = {**state, "status": "ended", "ended_on": "2026-11-16", "end_reason": "moved"}
    pair = pair_of("pair-p", PairRead.model_validate(ended))
    assert (pair.over_on, pair.end_reason) == (date(2026, 11, 16), "moved")


def test_known_messages_are_not_called_for_again_whatever_became_of_them() -> None:
    receiving, giving = planned(PAIR).new
    known = (replace(receiving, status="sent"), replace(giving, status="failed"))
    assert planned(PAIR, *known) == Plan()
    assert planned(PAIR, known[0]).new == (giving,)


def test_a_pair_of_which_a_day_is_not_known_calls_for_nothing() -> None:
    assert planned(replace(PROPOSAL, proposed_on=None)) == Plan()
    assert planned(replace(PAIR, created_on=None)) == Plan()
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
