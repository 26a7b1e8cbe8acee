"""What both sides hear from proposal to end, and when they hear nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.intake.states import Spell
from tests.integration.notifications.people import AMINA, KARI, both_cards
from tests.integration.notifications.world import World, subjects

TODAY = datetime.now(UTC).date()
RECEIVING, GIVING = "zahrabanu@mail.example", "torbjorg@post.example"


def over(reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {"ended_on": TODAY, "end_reason": reason, **more}


async def heard(world: World) -> list[tuple[str, str]]:
    """The subjects of the mails that the receiving and the giving side have got, in order."""
    await world.ended()
    subjects_of = [[str(mail["Subject"]) for mail in world.sink.to(one)] for one in (RECEIVING, GIVING)]
    return list(zip(*subjects_of, strict=True))


PROPOSED = ("A proposal for a guide", "Et forslag til deg som guide")
CLOSED = ("About the proposal for a guide", "Om forslaget til deg som guide")
CREATED = ("You have a guide", "Du er koblet som guide")
OVER = ("Your time with a guide is over", "Tiden din som guide er over")


@pytest.mark.parametrize(
    ("status", "name", "more"),
    [("completed", "PairCompleted", over()), ("ended", "PairEnded", over("mismatched_expectations"))],
)
async def test_both_hear_of_the_proposal_the_pair_and_its_end_once(
    world: World, status: Any, name: str, more: dict[str, Any]
) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving, status="proposed", name="PairProposed")
    assert await heard(world) == [PROPOSED]
    await world.pair(pair, 2, receiving, giving, status="proposed", name="AnswerRecorded")
    await world.pair(pair, 3, receiving, giving, status="accepted", name="ProposalAccepted")
    await world.pair(pair, 4, receiving, giving)
    assert await heard(world) == [PROPOSED, CREATED]
    await world.pair(pair, 5, receiving, giving, status=status, name=name, **more)
    assert await heard(world) == [PROPOSED, CREATED, OVER]
    await world.pair(pair, 6, receiving, giving, status=status, name="MeetingLogged", **more)
    assert await heard(world) == [PROPOSED, CREATED, OVER]


@pytest.mark.parametrize(
    ("status", "name"), [("declined", "ProposalDeclined"), ("expired", "ProposalExpired")]
)
async def test_both_hear_the_same_of_a_proposal_that_came_to_nothing(
    world: World, status: Any, name: str
) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await both_cards(world, receiving, giving)
    spells = [Spell(status=status, **{"from": TODAY})]
    await world.pair(pair, 2, receiving, giving, status=status, name=name, spells=spells)
    assert await heard(world) == [CLOSED]


@pytest.mark.parametrize("reason", ["withdrawn", "restricted"])
async def test_of_an_end_that_may_be_a_protection_nobody_is_written_to(world: World, reason: str) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    assert await heard(world) == [CREATED]
    await world.pair(pair, 2, receiving, giving, status="ended", name="PairEnded", **over(reason))
    assert await heard(world) == [CREATED]
    assert {row["status"] for row in await world.documents("messages")} == {"sent"}


async def test_a_proposal_waits_for_a_card_and_is_told_no_more_once_it_is_answered(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.start(retry_first=timedelta(hours=1), retry_ceiling=timedelta(hours=1))
    await world.pair(pair, 1, receiving, giving, status="proposed", name="PairProposed")
    await world.tried(1)
    await world.card(receiving, 1, AMINA)
    await world.handled()
    await world.events_until(1)
    await world.pair(pair, 2, receiving, giving, status="accepted", name="ProposalAccepted")
    await world.handled()
    await world.card(giving, 1, KARI)
    await world.ended()
    assert dict(world.sink.recipients) == {RECEIVING: 1}
