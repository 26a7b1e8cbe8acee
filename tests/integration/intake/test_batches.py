"""Many commands in one record, on the real MongoDB."""

from datetime import timedelta
from typing import Any

import orjson

from shared.contracts import topics
from shared.messaging.reading.records import Raw
from tests.integration.intake.test_commands import JOIN, NUMBER, REGISTER, VOLUNTEER, approve, everything
from tests.integration.intake.world import BROKER_TIME, World, command
from tests.support.wired import processor
from tests.unit.messaging.records import STRUCTURED

UNKNOWN = "volunteer-zzzzzzzzzzzzzzzz"


def batch(id_: str, *commands: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """A batch of these commands."""
    listed = [
        {
            "command": one["type"].split(".")[3],
            "subject": one["subject"],
            "data": one["data"],
            **({"expectedrevision": one["expectedrevision"]} if "expectedrevision" in one else {}),
        }
        for one in commands
    ]
    return {**command("RunBatch", "batch", id_, commands=listed), **attributes}


def seen(**data: Any) -> dict[str, Any]:
    return command("RecordCheck", VOLUNTEER, "", seen_on="2016-06-02", **data)


async def outcomes(world: World, id_: str) -> list[tuple[str, str | None]]:
    """What the batch's reply says of each of its commands: outcome and code."""
    results = (await world.reply("red-1", id_))["result"]["results"]
    return [(result["outcome"], result.get("code")) for result in results]


async def test_each_command_of_a_batch_is_decided_by_itself_in_its_order(world: World) -> None:
    await world.send(
        ("red-1", batch("all", REGISTER, JOIN, seen(kind="trainin"), seen(kind="training"), approve("")))
    )
    assert await outcomes(world, "all") == [
        ("accepted", None),
        ("accepted", None),
        ("rejected", "not_listed"),
        ("accepted", None),
        ("pending", None),
    ]
    reply = await world.reply("red-1", "all")
    counts = {name: reply["result"][name] for name in ("accepted", "pending", "rejected")}
    assert counts == {"accepted": 3, "pending": 1, "rejected": 1}
    assert reply["result"]["results"][2] == {
        "command": "all.3",
        "about": VOLUNTEER,
        "outcome": "rejected",
        "code": "not_listed",
        "field": "kind",
        "message": (await world.reply("red-1", "all.3"))["message"],
    }
    states = [row["value"]["revision"] for row in await world.sent("volunteers.v1")]
    assert states == [1, 2, 3, 4]


async def test_a_pending_command_of_a_batch_gets_its_final_reply_later(world: World) -> None:
    await world.send(("red-1", batch("all", REGISTER, JOIN, approve(""))))
    await world.send(("bergen-1", approve("second")))
    assert await world.replies("red-1", "all.3") == [("CommandPending", 1), ("CommandAccepted", 2)]
    assert await world.replies("red-1", "all") == [("CommandAccepted", 1)]


async def test_a_batch_that_comes_twice_is_carried_out_once_and_answered_alike(world: World) -> None:
    sent = batch("all", REGISTER, JOIN)
    await world.send(("red-1", sent), ("red-1", sent))
    await world.send(("red-1", sent))
    assert await world.replies("red-1", "all") == [("CommandAccepted", 1)] * 3
    assert await world.replies("red-1", "all.1") == [("CommandAccepted", 1)]
    assert len(await world.sent("volunteers.v1")) == 2


async def test_a_dry_run_of_a_batch_changes_nothing(world: World) -> None:
    await world.send(("red-1", REGISTER))
    await world.send(("red-1", batch("trial", JOIN, seen(kind="trainin"), dryrun=True)))
    assert await world.replies("red-1", "trial") == [("CommandPreviewed", 1)]
    assert await outcomes(world, "trial") == [("accepted", None), ("rejected", "not_listed")]
    assert await world.replies("red-1", "trial.1") == [("CommandPreviewed", 1)]
    assert len(await world.sent("volunteers.v1")) == 1


async def test_what_of_a_batch_cannot_be_read_is_told_and_stops_no_other(world: World) -> None:
    unread = [
        command("RegisterVoluntear", VOLUNTEER, ""),
        command("RunRound", VOLUNTEER, ""),
        {**JOIN, "data": {**JOIN["data"], "joined_on": "yesterday"}},
        batch("", REGISTER),
        {**JOIN, "subject": NUMBER},
    ]
    await world.send(("red-1", batch("all", *unread, REGISTER)))
    assert await outcomes(world, "all") == [
        ("rejected", "unknown_type"),
        ("rejected", "unknown_type"),
        ("rejected", "date_invalid"),
        ("rejected", "batch_in_batch"),
        ("rejected", "personal_number"),
        ("accepted", None),
    ]
    assert await world.dead() == []
    assert NUMBER.encode() not in await everything(world)


async def test_a_command_of_a_batch_on_an_unknown_subject_waits_for_it(world: World) -> None:
    late = [{**JOIN, "subject": UNKNOWN}, JOIN]
    await world.send(("red-1", batch("all", *late)))
    assert await outcomes(world, "all") == [("pending", None), ("pending", None)]
    await world.send(("red-1", REGISTER))
    await world.run_due(timedelta(seconds=3))
    await world.run_due(timedelta(seconds=40))
    assert await world.replies("red-1", "all.1") == [("CommandPending", 1), ("CommandRejected", 2)]
    assert await world.replies("red-1", "all.2") == [("CommandPending", 1), ("CommandAccepted", 2)]


async def test_a_command_of_a_batch_is_held_against_its_operator_and_the_revision_it_names(
    world: World,
) -> None:
    await world.send(("red-1", REGISTER))
    elsewhere = {**REGISTER, "data": {**REGISTER["data"], "municipality": "no-0301"}}
    await world.send(("red-1", batch("all", elsewhere, {**JOIN, "expectedrevision": 7}, JOIN)))
    assert await outcomes(world, "all") == [
        ("rejected", "not_your_municipality"),
        ("rejected", "stale_revision"),
        ("accepted", None),
    ]


async def test_nobody_unknown_runs_a_batch_and_too_many_commands_are_refused(world: World) -> None:
    await world.send(("stranger", batch("all", REGISTER)))
    assert (await world.reply("stranger", "all"))["code"] == "unknown_operator"
    await world.send(("red-1", batch("many", *[JOIN] * 201)))
    assert (await world.reply("red-1", "many"))["code"] == "field_invalid"
    assert (await world.reply("red-1", "many"))["field"] == "commands"
    assert await world.sent("volunteers.v1") == []


async def test_a_batch_counts_with_all_its_commands_in_a_transaction(world: World) -> None:
    handler = processor(world.wiring, topics.COMMANDS["intake"], batch_records=5)
    others = [{**REGISTER, "subject": f"volunteer-{letter * 16}"} for letter in "bcdefg"]
    sent = [batch("first", *others[:3]), batch("second", *others[3:])]
    records = [
        Raw("commands.intake.red-1.v1", 0, offset, BROKER_TIME, b"batch", orjson.dumps(one), STRUCTURED)
        for offset, one in enumerate(sent)
    ]
    ends = []

    async def commit(offsets: Any) -> None:
        ends.append(dict(offsets))

    await handler.process(records, commit)
    assert len(ends) == 2
    assert len(await world.sent("volunteers.v1")) == 6
