"""Intake's replies: their order, what is kept of them, and what must never be."""

from datetime import timedelta

import bson
import pytest

from shared.messaging.batches.dead_letters import dead_letter_id
from shared.messaging.reading.records import Raw
from tests.integration.intake.world import BROKER_TIME, GUIDE, World, command, find, settled
from tests.unit.messaging.records import STRUCTURED

VOLUNTEER = "volunteer-aaaaaaaaaaaaaaaa"
NUMBER = "01010750160"
"""A synthetic number with fitting check digits (day 01.01.2007)."""
PERSON = {
    "given_name": "Test",
    "family_name": "Eksempel",
    "birth_date": "1980-02-03",
    "gender": "female",
    "preferred_language": "nb",
}
REGISTER = command(
    "RegisterVolunteer",
    VOLUNTEER,
    "register",
    municipality="no-4601",
    person=PERSON,
    languages=[{"code": "nb", "level": "native"}],
    registered_on="2016-06-01",
)
JOIN = command("JoinProgramme", VOLUNTEER, "join", programme=GUIDE, joined_on="2016-06-02")


def approve(id_: str) -> dict[str, object]:
    return command("ApproveVolunteer", VOLUNTEER, id_, programme=GUIDE, decided_on="2016-06-03")


async def everything(world: World) -> bytes:
    """All that the database holds, but for what is on its way to Kafka."""
    held = b""
    for name in ("replies", "due", "approvals", "refugees", "positions", "quarantine", "inbox"):
        held += b"".join([bson.encode(row) async for row in world.database[name].find({})])
    return held


@pytest.mark.parametrize("together", [True, False])
async def test_what_a_later_command_completes_is_pending_first_and_accepted_then(
    world: World, together: bool
) -> None:
    await world.send(("red-1", REGISTER), ("red-1", JOIN))
    both = [("red-1", approve("first")), ("bergen-1", approve("second"))]
    for batch in [both] if together else [[approval] for approval in both]:
        await world.send(*batch)
    assert await world.replies("red-1", "first") == [("CommandPending", 1), ("CommandAccepted", 2)]
    assert await world.replies("bergen-1", "second") == [("CommandAccepted", 1)]
    await world.send(("red-1", approve("first")))
    assert (await world.replies("red-1", "first"))[2:] == [("CommandAccepted", 2)]
    assert await world.database["due"].count_documents({}) == 0


async def test_an_approval_that_waits_in_vain_is_answered_after_its_window(world: World) -> None:
    await world.send(("red-1", REGISTER), ("red-1", JOIN), ("red-1", approve("first")))
    await world.run_due(timedelta(days=13))
    assert await world.replies("red-1", "first") == [("CommandPending", 1)]
    await world.run_due(timedelta(days=15))
    assert await world.replies("red-1", "first") == [("CommandPending", 1), ("CommandRejected", 2)]
    reply = await world.reply("red-1", "first")
    assert reply["code"] == "approval_incomplete"
    (*_, last) = await world.sent("replies.red-1.v1")
    assert "first" not in last["value"]["causationid"], "the id that the operator chose"
    assert "introduction" in reply["message"]
    await world.send(("bergen-1", approve("second")))
    assert len(await world.replies("red-1", "first")) == 2


async def test_a_collision_is_told_and_the_reply_of_the_ids_first_command_is_again_the_latest(
    world: World,
) -> None:
    other = {**JOIN, "id": "register"}
    await world.send(("red-1", REGISTER), ("red-1", other))
    told = [("CommandAccepted", 1), ("CommandRejected", 2), ("CommandAccepted", 3)]
    assert await world.replies("red-1", "register") == told
    (_, refused, last) = [row["value"]["data"] for row in await world.sent("replies.red-1.v1")]
    assert (refused["code"], refused["field"], refused["faults"][0]["where"]) == (
        "id_collision",
        "id",
        "envelope",
    )
    assert last["result"]["status"] == "registered"
    await world.send(("red-1", other))
    told += [("CommandRejected", 4), ("CommandAccepted", 5)]
    assert await world.replies("red-1", "register") == told
    await world.send(("red-1", REGISTER))
    assert await world.replies("red-1", "register") == [*told, ("CommandAccepted", 5)]
    assert await world.dead() == ["id_collision"] * 2


async def test_a_command_of_another_source_is_held_to_the_same_ids(world: World) -> None:
    await world.send(("red-1", REGISTER), ("red-1", {**JOIN, "id": "register", "source": "/other"}))
    assert await world.dead() == ["id_collision"]


async def test_a_refused_command_is_told_all_its_faults_and_nothing_of_what_it_said(world: World) -> None:
    wrong = {
        **REGISTER,
        "data": {**REGISTER["data"], "persn": PERSON, "capacity": "Kari", "registered_on": 1},
    }
    await world.send(("red-1", wrong))
    reply = await world.reply("red-1", "register")
    told = [(fault["code"], fault.get("field"), fault.get("nearest")) for fault in reply["faults"]]
    assert told == [
        ("field_invalid", "capacity", None),
        ("date_invalid", "registered_on", None),
        ("unknown_field", "data", "person"),
    ]
    assert (reply["code"], reply["field"]) == told[0][:2]
    assert reply["message"].endswith("Send it again under a new id.")
    assert "Kari" not in str(reply)


async def test_a_command_for_another_service_is_told_where_it_goes(world: World) -> None:
    await world.send(
        ("red-1", command("RunRound", "no-4601/x", "round", municipality="no-4601", programme="x"))
    )
    reply = await world.reply("red-1", "round")
    assert reply["code"] == "unknown_type"
    assert "RunRound goes to matching" in reply["message"]


async def test_a_command_that_is_refused_and_then_mended_counts_on(world: World) -> None:
    broken = {**REGISTER, "data": {"reason": "test"}}
    await world.send(("red-1", broken))
    await world.send(("red-1", REGISTER))
    assert await world.replies("red-1", "register") == [("CommandRejected", 1), ("CommandAccepted", 2)]


async def test_a_find_leaves_neither_case_nor_subject_readable(world: World) -> None:
    await world.settle(("no-4601", settled("CASE-77", "1")))
    (subject,) = await world.public()
    await world.send(("red-1", find("CASE-77", "known")), ("red-1", find("CASE-78", "unknown")))
    assert (await world.reply("red-1", "known"))["result"]["subject"] == subject
    assert await world.database["due"].count_documents({}) == 1
    held = await everything(world)
    assert b"CASE-7" not in held
    await world.send(("red-1", find("CASE-77", "known")))
    assert await world.replies("red-1", "known") == [("CommandAccepted", 1)] * 2


async def test_a_find_that_waited_is_run_from_what_was_kept_encrypted(world: World) -> None:
    await world.send(("red-1", find("CASE-77", "early")))
    await world.settle(("no-4601", settled("CASE-77", "1")))
    await world.run_due(timedelta(seconds=5))
    assert await world.replies("red-1", "early") == [("CommandPending", 1), ("CommandAccepted", 2)]


async def test_of_a_command_that_waits_no_header_is_readable(world: World) -> None:
    await world.send(("red-1", find("CASE-77", "early")), headers=(*STRUCTURED, ("Kari Eksempel", b"x")))
    assert await world.database["due"].count_documents({}) == 1
    assert b"Kari" not in await everything(world)
    await world.settle(("no-4601", settled("CASE-77", "1")))
    await world.run_due(timedelta(seconds=5))
    assert await world.replies("red-1", "early") == [("CommandPending", 1), ("CommandAccepted", 2)]


@pytest.mark.parametrize(
    ("left", "data"),
    [
        ("SettlementWithdrawn", {"reason": "entered_in_error"}),
        ("PersonMoved", {"to_municipality": "no-5501", "moved_on": "2016-06-14"}),
    ],
)
async def test_a_case_that_was_left_before_it_was_heard_of_is_unknown(
    world: World, left: str, data: dict[str, str]
) -> None:
    gone = {**settled("CASE-77", "1"), "type": f"no.kobling.{left}.v1", "data": data}
    await world.settle(("no-4601", gone))
    assert await world.dead() == []
    assert await world.cases() == [1]
    await world.send(("red-1", find("CASE-77", "find")))
    await world.run_due(timedelta(minutes=1))
    assert await world.replies("red-1", "find") == [("CommandPending", 1), ("CommandRejected", 2)]
    assert (await world.reply("red-1", "find"))["code"] == "unknown_subject"


async def test_a_personal_number_is_refused_and_repeated_nowhere(world: World) -> None:
    spaced = f"{NUMBER[:6]} {NUMBER[6:]}"
    await world.send(
        ("red-1", find(NUMBER, "as-both")),
        ("red-1", find(NUMBER, "as-case", "CASE-77")),
        ("red-1", find("CASE-77", "as-subject", spaced)),
        ("red-1", command("JoinProgramme", NUMBER, "join", programme=GUIDE, joined_on="2016-06-02")),
        ("red-1", command("JoinProgramme", NUMBER, "unread")),
    )
    fields = {"as-both": "subject", "as-case": "case", "as-subject": "subject", "join": "subject"}
    for id_, field in fields.items():
        reply = await world.reply("red-1", id_)
        assert (reply["code"], reply["field"]) == ("personal_number", field)
    assert (await world.reply("red-1", "unread"))["about"] == "withheld"
    outgoing = b"".join([bson.encode(row) async for row in world.database["outbox"].find({})])
    for text in (NUMBER, spaced):
        assert text.encode() not in outgoing + await everything(world)


async def test_a_refusal_of_an_id_says_where_its_command_stands(world: World) -> None:
    unread = command("JoinProgramme", "volunteer-aaaaaaaaaaaaaaaa", f"2-{NUMBER}")
    for document in (find("CASE-77", NUMBER), find("CASE-77", NUMBER), unread, unread):
        await world.send(("red-1", document))
    sent = await world.sent("replies.red-1.v1")
    assert [reply["value"]["data"]["partition"] for reply in sent] == [0] * 4
    assert len({reply["value"]["data"]["offset"] for reply in sent}) == 4
    assert [reply["value"]["data"]["code"] for reply in sent] == ["personal_number"] * 2 + [
        "field_missing"
    ] * 2
    assert len({reply["key"] for reply in sent}) == 4


@pytest.mark.parametrize(
    "id_",
    [
        "1466000071271",
        "4458956334210659748",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "010F6147-4BF7-4E15-BA52-EF989DBD9B09",
    ],
)
async def test_the_reply_to_an_id_that_a_machine_made_is_found_by_it(world: World, id_: str) -> None:
    await world.send(("red-1", find("CASE-77", id_)))
    (reply,) = await world.sent("replies.red-1.v1")
    assert (reply["key"], reply["value"]["data"]["command"]) == (id_, id_)
    assert "offset" not in reply["value"]["data"]


async def test_a_personal_number_in_what_would_be_public_is_refused(world: World) -> None:
    data = {**REGISTER["data"], "occupation": f"nurse {NUMBER}"}
    interests = {**REGISTER["data"], "interests": [f"a{NUMBER}"]}
    language = {"code": f"ab-{NUMBER[:6]}-{NUMBER[6:]}", "level": "basic"}
    languages = {**REGISTER["data"], "languages": [language]}
    await world.send(
        ("red-1", {**REGISTER, "data": data, "id": "occupation"}),
        ("red-1", {**REGISTER, "data": interests, "id": "interests.0"}),
        ("red-1", {**REGISTER, "data": languages, "id": "languages.0.code"}),
    )
    for field in ("occupation", "interests.0", "languages.0.code"):
        reply = await world.reply("red-1", field)
        assert (reply["code"], reply["field"]) == ("personal_number", field)


async def test_what_cannot_be_printed_is_refused_where_it_would_be_public(world: World) -> None:
    await world.send(("red-1", {**REGISTER, "data": {**REGISTER["data"], "occupation": "nurse\nin Fana"}}))
    reply = await world.reply("red-1", "register")
    assert (reply["code"], reply["field"]) == ("unprintable_character", "occupation")


async def test_an_occupation_that_is_no_code_is_readable_nowhere(world: World) -> None:
    data = {**REGISTER["data"], "occupation": "nurse with Kari"}
    await world.send(("red-1", {**REGISTER, "data": data}))
    assert (await world.reply("red-1", "register"))["result"].get("occupation_field") is None
    outgoing = b"".join([bson.encode(row) async for row in world.database["outbox"].find({})])
    held = b"".join([bson.encode(row) async for row in world.database["volunteers"].find({})])
    assert held
    assert b"Kari" not in outgoing + held + await everything(world)


async def test_a_subject_that_is_no_reference_is_repeated_in_no_reply(world: World) -> None:
    await world.send(
        ("red-1", command("JoinProgramme", "Kari Eksempel", "join", programme=GUIDE, joined_on="2016-06-02")),
        ("red-1", command("JoinProgramme", "Kari Eksempel", "unread")),
        ("red-1", find("CASE-77", "find")),
        ("red-1", REGISTER),
    )
    about = {
        id_: (await world.reply("red-1", id_))["about"] for id_ in ("join", "unread", "find", "register")
    }
    assert about == {"join": "withheld", "unread": "withheld", "find": "withheld", "register": VOLUNTEER}
    outgoing = b"".join([bson.encode(row) async for row in world.database["outbox"].find({})])
    assert b"Kari" not in outgoing


async def test_no_reply_tells_of_somebody_protected_since(world: World) -> None:
    await world.settle(("no-4601", settled("CASE-77", "1")))
    (subject,) = await world.public()
    join = command("JoinProgramme", subject, "join", programme=GUIDE, joined_on="2016-06-02")
    asked = [("red-1", find("CASE-77", "find")), ("red-1", join)]
    await world.send(*asked)
    before = len(await world.sent("replies.red-1.v1"))
    await world.settle(("no-4601", settled("CASE-77", "2", 8, protection="confidential")))
    await world.send(*asked)
    assert len(await world.sent("replies.red-1.v1")) == before
    assert subject.encode() not in await everything(world)


async def test_a_birth_or_a_registration_ahead_is_refused(world: World) -> None:
    unborn = {**REGISTER["data"], "person": {**PERSON, "birth_date": "2200-01-01"}}
    early = {**REGISTER["data"], "registered_on": "2200-01-01"}
    for field, data in (("person.birth_date", unborn), ("registered_on", early)):
        await world.send(("red-1", {**REGISTER, "data": data, "id": field}))
        reply = await world.reply("red-1", field)
        assert (reply["code"], reply["field"]) == ("date_in_future", field)


async def test_a_letter_that_is_settled_from_within_its_own_redrive_counts_once(world: World) -> None:
    await world.settle(("no-4601", settled("A1", "1")))
    # The subject must be the key of all three, and the letter's id can be told beforehand.
    letter = dead_letter_id(Raw("commands.intake.red-1.v1", 0, 0, BROKER_TIME, None, None))
    sound = find("A1", "find", letter)
    await world.send(("red-1", {**sound, "data": {**sound["data"], "wrong": 1}}))
    inner = command("EditAndRedriveDeadLetter", letter, "inner", value=sound)
    outer = command("EditAndRedriveDeadLetter", letter, "outer", value=inner)
    await world.send(("red-1", outer))
    counted = [row async for row in world.database["positions"].find({"topic": {"$regex": "^commands"}})]
    assert [(row["applied"], row["dead"]) for row in counted] == [(2, 0)]
