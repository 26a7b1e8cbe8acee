"""People as municipalities know them, on the real database: taken, kept, and helped on."""

from datetime import timedelta
from typing import Any

import pytest

from shared.messaging.reading.sentences import SENTENCES
from tests.integration.intake.test_commands import REGISTER, VOLUNTEER
from tests.integration.intake.test_one_person import BERGEN, holds
from tests.integration.intake.test_readiness import consent, interview
from tests.integration.intake.world import GUIDE, World, command, settled

MINIMAL = {"given_name": "Eksempelnavn", "preferred_language": "ti"}


async def receipt(world: World) -> dict[str, Any]:
    said: dict[str, Any] = (await world.sent("receipts.no-4601.v1"))[-1]["value"]["data"]
    return said


async def test_who_has_one_name_and_no_birth_date_is_taken_and_waits_for_their_age(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 6, person=MINIMAL)))
    said = await receipt(world)
    assert (said["outcome"], said["code"], said["field"]) == ("accepted", "age_unsure", "person.birth_date")
    assert said["notes"] == [
        {"code": said["code"], "where": "data", "field": said["field"], "message": SENTENCES["age_unsure"]}
    ]
    assert "message" not in said
    ((subject, _),) = (await world.public()).items()
    join = command("JoinProgramme", subject, "join", programme=GUIDE, joined_on="2016-06-02")
    steps = [join, consent(subject, "contact"), consent(subject, "matching"), interview(subject)]
    await world.send(*[("red-1", step) for step in steps])
    assert await missing(world, subject) == ["age"]
    await world.run_due(timedelta(days=40_000))
    assert await missing(world, subject) == ["age"]

    await world.settle((BERGEN, settled("A1", "2", 7, person={**MINIMAL, "birth_date": "1990"})))
    assert "notes" not in await receipt(world)
    await world.run_due(timedelta())
    state = (await world.public())[subject]["data"]
    assert (state["status"], state["birth_year"]) == ("ready", 1990)


async def missing(world: World, subject: str) -> list[str]:
    state = (await world.public())[subject]["data"]
    found: list[str] = state["participations"][0].get("missing", [])
    return found


async def test_a_coordinator_s_word_on_the_age_is_enough(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 6, person=MINIMAL)))
    ((subject, _),) = (await world.public()).items()
    join = command("JoinProgramme", subject, "join", programme=GUIDE, joined_on="2016-06-02")
    steps = [join, consent(subject, "contact"), consent(subject, "matching"), interview(subject)]
    born = command("RecordBirthDate", subject, "born", birth_date="1990")
    await world.send(*[("red-1", step) for step in (*steps, born)])
    assert (await world.public())[subject]["data"]["status"] == "ready"
    await world.settle((BERGEN, settled("A1", "2", 7, person={**MINIMAL, "phone": "90000042"})))
    state = (await world.public())[subject]["data"]
    assert (state["status"], state["birth_year"]) == ("ready", 1990)
    assert "notes" not in await receipt(world)


async def test_a_field_that_cannot_be_used_costs_no_settlement_and_is_kept_nowhere(world: World) -> None:
    reached = {"phone": ["hemmelig-1"], "email": "hemmelig-2", "address": "hemmelig-3" * 40}
    await world.settle((BERGEN, settled("A1", "1", 7, person={**MINIMAL, "birth_date": "1990", **reached})))
    said = await receipt(world)
    assert said["outcome"] == "accepted"
    assert [note["field"] for note in said["notes"]] == ["person.phone", "person.email", "person.address"]
    assert len(await world.public()) == 1
    assert "hemmelig" not in str(await world.sent("receipts.no-4601.v1"))
    assert not await holds(world, "hemmelig")


@pytest.mark.parametrize(
    ("reached", "code"),
    [({"phone": "ring meg"}, "phone_invalid"), ({"email": "hemmelig"}, "email_invalid")],
)
async def test_a_volunteer_is_not_registered_with_one(
    world: World, reached: dict[str, str], code: str
) -> None:
    data = {**REGISTER["data"], "person": {**MINIMAL, **reached}}
    await world.send(("red-1", {**REGISTER, "data": data}))
    reply = await world.reply("red-1", "register")
    (field,) = reached
    assert (reply["code"], reply["field"]) == (code, f"person.{field}")
    assert reached[field] not in str(reply)
    assert await world.database["volunteers"].count_documents({}) == 0


async def test_an_unknown_language_is_refused_with_the_nearest(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7, languages=[{"code": "ua", "level": "native"}])))
    (fault,) = (await receipt(world))["faults"]
    assert (fault["code"], fault["field"], fault["nearest"]) == ("language_unknown", "languages.0.code", "uk")
    data = {**REGISTER["data"], "languages": [{"code": "dk", "level": "native"}]}
    await world.send(("red-1", {**REGISTER, "data": data}))
    reply = await world.reply("red-1", "register")
    assert (reply["code"], reply["field"]) == ("language_unknown", "languages.0.code")
    assert reply["message"].endswith("Did you mean da?")


async def test_a_volunteer_of_one_name_is_registered_and_lacks_the_age(world: World) -> None:
    await world.send(("red-1", {**REGISTER, "data": {**REGISTER["data"], "person": MINIMAL}}))
    registered = (await world.reply("red-1", "register"))["result"]
    assert "age" in registered["missing"][GUIDE]
    await world.send(("red-1", command("RecordBirthDate", VOLUNTEER, "born", birth_date="1980")))
    assert (await world.reply("red-1", "born"))["result"]["birth_year"] == 1980
