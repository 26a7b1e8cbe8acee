"""What coordinators are told of their people, on the real database."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.intake.test_commands import JOIN, REGISTER, VOLUNTEER, approve
from tests.integration.intake.world import GUIDE, World, command, operator, settled

BERGEN, TROMSO = "no-4601", "no-5501"
READERS = ("red-1", "bergen-1")
TODAY = "2016-06-15"


async def told(world: World, reader: str = "red-1") -> list[dict[str, Any]]:
    """The notices on a coordinator's topic."""
    return [row["value"] for row in await world.sent(f"notices.{reader}.v1")]


async def codes(world: World, reader: str = "red-1") -> list[str]:
    return [":".join([one["data"]["code"], *one["data"]["details"]]) for one in await told(world, reader)]


async def subject_of(world: World) -> str:
    (subject,) = await world.public()
    return subject


async def test_a_volunteers_life_is_told_each_step_once(world: World) -> None:
    steps = [
        REGISTER,
        JOIN,
        command("PauseVolunteer", VOLUNTEER, "pause", paused_on=TODAY),
        command("PauseVolunteer", VOLUNTEER, "pause-2", paused_on=TODAY, until="2100-01-01"),
        command("ResumeVolunteer", VOLUNTEER, "resume"),
        command("LeaveProgramme", VOLUNTEER, "leave", programme=GUIDE, left_on=TODAY),
        command("WithdrawVolunteer", VOLUNTEER, "withdraw", withdrawn_on=TODAY),
        command("WithdrawVolunteer", VOLUNTEER, "withdraw", withdrawn_on=TODAY),
    ]
    for step in steps:
        await world.send(("red-1", step))
    expected = ["volunteer_paused", "volunteer_resumed", "participation_left", "volunteer_withdrawn"]
    assert (await codes(world), await codes(world, "bergen-1")) == (expected, [])
    paused, *_, left, _ = await told(world)
    assert paused["subject"] == VOLUNTEER
    assert paused["data"] == {
        "code": "volunteer_paused",
        "municipality": BERGEN,
        "about": [VOLUNTEER],
        "on": TODAY,
        "details": [],
    }
    assert left["data"]["programme"] == GUIDE


async def test_a_dry_run_tells_nobody(world: World) -> None:
    await world.send(("red-1", REGISTER))
    pause = command("PauseVolunteer", VOLUNTEER, "pause", paused_on=TODAY)
    await world.send(("red-1", {**pause, "dryrun": True}))
    assert await told(world) == []


async def test_nobody_is_told_whose_municipality_it_is_not(world: World) -> None:
    elsewhere = operator("bergen-1", "introduction_programme_bergen")
    operators = world.wiring.resources.operators
    operators.put("bergen-1", elsewhere.model_copy(update={"municipalities": [TROMSO]}))
    await world.settle((BERGEN, settled("A1", "1", 7)))
    await world.settle((TROMSO, settled("B1", "2", 8, **{"from": {"municipality": BERGEN, "case": "A1"}})))
    assert await codes(world) == ["refugee_moved"]
    assert await codes(world, "bergen-1") == []


WITHDRAWN = {**settled("A1", "2", 9), "type": "no.kobling.SettlementWithdrawn.v1", "data": {"reason": "left"}}
TAKEN_BACK = {
    "withdrawn": WITHDRAWN,
    "protected": settled("A1", "2", 9, protection="strictly_confidential"),
    "minor": settled("A1", "2", 9, unaccompanied_minor=True),
    "refused": settled("A1", "2", 9, protection=[]),
}


@pytest.mark.parametrize("record", TAKEN_BACK.values(), ids=TAKEN_BACK)
async def test_who_is_taken_back_gives_one_notice_that_says_neither_why_nor_by_what(
    world: World, record: dict[str, Any]
) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)))
    subject = await subject_of(world)
    await world.settle((BERGEN, record))
    await world.run_due(timedelta(days=2))
    (notice,) = await told(world)
    assert notice["subject"] == subject
    on = notice["data"].pop("on")
    assert notice["time"].startswith(on)
    assert notice["data"] == {
        "code": "refugee_withdrawn",
        "municipality": BERGEN,
        "about": [subject],
        "details": [],
    }
    (withdrawn,) = [
        row["value"]
        for row in await world.sent("refugees.v1")
        if row["value"] is not None and row["value"]["type"] == "no.kobling.RefugeeWithdrawn.v1"
    ]
    assert notice["causationid"] == withdrawn["causationid"] == notice["correlationid"]
    assert "traceparent" not in notice


async def test_of_a_minor_who_was_referred_nothing_is_ever_told(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7, unaccompanied_minor=True)))
    await world.settle((BERGEN, WITHDRAWN))
    assert len(await world.sent("refugees.v1")) == 3
    assert await told(world) == []


async def test_a_consent_taken_back_is_told_by_its_purpose_and_as_no_lapse_besides(world: World) -> None:
    await world.send(("red-1", REGISTER), ("red-1", JOIN))
    kinds = ("police_certificate", "confidentiality_declaration", "training")
    hours = {"weekly_hours": 2, "activities": [], "contact": "in_person"}
    ready = [
        *(
            command(
                "RecordConsent", VOLUNTEER, f"c-{purpose}", purpose=purpose, text_version="1", given_on=TODAY
            )
            for purpose in ("matching", "contact")
        ),
        command(
            "RecordInterview",
            VOLUNTEER,
            "interview",
            programme=GUIDE,
            held_on=TODAY,
            expectations=hours,
            availability={"weekend": 4},
            wishes={},
            interests=[],
        ),
        *(command("RecordCheck", VOLUNTEER, kind, kind=kind, seen_on=TODAY, role="guide") for kind in kinds),
        approve("first"),
    ]
    await world.send(*(("red-1", step) for step in ready))
    await world.send(("bergen-1", approve("second")))
    back = command("WithdrawConsent", VOLUNTEER, "back", purpose="matching", withdrawn_on=TODAY)
    await world.send(("red-1", back))
    assert await codes(world) == ["consent_withdrawn:matching"]
