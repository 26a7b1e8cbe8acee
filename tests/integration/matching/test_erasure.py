"""Nobody comes back: whatever a replica still holds of somebody who was erased is stale."""

from datetime import UTC, datetime, timedelta

from services.matching.rows import EXPIRE
from shared.contracts.matching.commands.pools import ListWaiting
from shared.contracts.matching.commands.proposals import AnswerProposal
from shared.messaging.commands.answers import Accepted, Answer, CommandRef, Rejected, UnknownSubject
from shared.messaging.commands.replies import Replies
from shared.messaging.reading.records import Cause
from shared.messaging.work import KEPT, Work
from shared.mongo import Document, Session
from tests.integration.matching.world import (
    BERGEN,
    GUIDES,
    OPERATOR,
    POOL,
    World,
    couple,
    erased,
    guide,
    refugee,
    who,
)


async def party(world: World, kind: str, number: int) -> Document:
    (found,) = await world.rows("parties", _id=who(kind, number))
    return found


async def test_an_old_batch_does_not_bring_an_erased_refugee_back(world: World) -> None:
    states = [refugee(1, revision) for revision in (1, 2, 3)]
    await world.apply(guide(1), *states, erased("refugee", 1))
    await world.apply_batch(states)
    await world.apply(refugee(1, 4))
    stone = await party(world, "refugee", 1)
    assert set(stone) == {"_id", "revision", "version", "erased", "at"}
    assert (stone["revision"], stone["erased"]) == (3, True)
    await world.run_round()
    assert await world.couples() == []
    (stale,) = await world.rows("positions", _id={"$regex": "refugees"})
    assert stale["stale"] == 4


async def test_states_and_their_tombstone_in_one_batch_leave_a_gravestone(world: World) -> None:
    await world.apply(refugee(1))
    await world.apply_batch([guide(1), erased("volunteer", 1), guide(1, 2)])
    assert (await party(world, "volunteer", 1))["erased"]
    await world.run_round()
    assert await world.couples() == []


async def test_a_tombstone_of_somebody_never_seen_keeps_them_out(world: World) -> None:
    await world.apply(guide(1), erased("refugee", 1), refugee(1))
    assert (await party(world, "refugee", 1))["revision"] == 0
    await world.run_round()
    assert await world.couples() == []


async def in_a_pair(world: World) -> str:
    """A proposed pair's subject."""
    await world.apply(refugee(1), guide(1))
    await world.run_round()
    (pair,) = await world.rows("pairs")
    assert (pair["receiving"], pair["giving"]) == couple(1, 1)
    return str(pair["_id"])


async def test_an_erasure_ends_the_pair_once_and_leaves_nothing_of_it(world: World) -> None:
    await in_a_pair(world)
    await world.apply(erased("refugee", 1), erased("refugee", 1))
    sent = await world.sent("pairs.v1")
    assert [event.get("type", "erased") for event in sent] == [
        "no.kobling.PairProposed.v1",
        "no.kobling.PairEnded.v1",
        "erased",
    ]
    assert await world.rows("pairs") == []
    assert await world.rows("due", kind=EXPIRE) == []


async def test_a_pair_ends_as_with_any_other_who_leaves(world: World) -> None:
    """What happens in one batch or in two must not tell who was taken back."""
    await in_a_pair(world)
    await world.apply(refugee(2), guide(2))
    await world.run_round("round-2")
    await world.apply_batch([refugee(1, 2, "withdrawn"), erased("refugee", 1)])
    await world.apply(erased("refugee", 2))
    reasons = [event["data"].get("end_reason") for event in await world.sent("pairs.v1") if event]
    assert reasons == [None, None, "withdrawn", "withdrawn"]


async def test_pairs_that_were_over_go_too(world: World) -> None:
    pair = await in_a_pair(world)
    no = {"reason": "asked", "side": "giving", "accept": False, "answered_on": "2016-06-15"}
    await world.decide(AnswerProposal.model_validate(no), pair)
    await world.apply(erased("refugee", 1))
    assert await world.rows("pairs") == []
    assert (await world.sent("pairs.v1"))[-1] == {}


async def test_no_reply_goes_on_naming_somebody_erased(world: World) -> None:
    pair = await in_a_pair(world)
    yes = {"reason": "asked", "side": "giving", "accept": True, "answered_on": "2016-06-15"}
    await world.decide(ListWaiting(reason="asked", municipality=BERGEN, programme=GUIDES), POOL, id="list")
    await world.apply(refugee(3), refugee(4))
    await world.ask_round("round-2")
    await world.run_due()
    answered = await world.decide(AnswerProposal.model_validate(yes), pair)
    assert isinstance(answered, Accepted)
    assert answered.subject == (pair, who("refugee", 1), who("volunteer", 1))
    kept = {row["_id"]: repr(row["data"]) for row in await world.rows("replies")}
    assert any(who("refugee", 1) in data for data in kept.values())
    await world.apply(erased("refugee", 1), erased("refugee", 3), erased("refugee", 4))
    left = repr(await world.rows("replies"))
    assert not [number for number in (1, 3, 4) if who("refugee", number) in left]


async def test_no_reply_to_a_command_about_the_pair_is_kept(world: World) -> None:
    pair = await in_a_pair(world)

    async def body(session: Session) -> None:
        work = Work(session, world.database, "matching", world.corner.prefix, datetime.now(UTC))
        replies = Replies(work)
        answers: tuple[Answer, ...] = (Rejected("too_late", "Too late."), UnknownSubject())
        for number, answer in enumerate(answers):
            id_ = f"command-{number}"
            replies.send(CommandRef(OPERATOR.operator, id_, pair, id_), Cause(id_, id_), answer)
        await work.flush()

    await world.database.transact(body)
    assert repr(await world.rows("replies")).count(pair) > 0
    await world.apply(erased("refugee", 1))
    left = await world.rows("replies")
    assert pair not in repr(left)
    assert {(row["name"], row["data"], row["subject"]) for row in left} == {(None, None, None)}
    # No number of a reply is used again.
    assert {row["revision"] for row in left} == {1}
    assert len(left) == 3, "the round's and these two"


async def test_gravestones_go_when_nothing_can_hold_what_came_before(world: World) -> None:
    indexes = await world.database["parties"].index_information()
    seconds = {one["key"][0][0]: one.get("expireAfterSeconds") for one in indexes.values()}
    assert seconds["at"] == KEPT / timedelta(seconds=1)
