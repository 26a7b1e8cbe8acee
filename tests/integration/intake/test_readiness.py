"""What is still missing, as replies and states say it, and people who come of age."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.clock import local_day
from tests.integration.intake.test_commands import JOIN, REGISTER, VOLUNTEER, approve
from tests.integration.intake.world import GUIDE, World, command, names, settled
from tests.unit.messaging.records import settlement

EVERYTHING = [
    "approval:introduction_programme_bergen",
    "approval:red_cross_bergen",
    "check:confidentiality_declaration",
    "check:police_certificate",
    "check:training",
    "consent:contact",
    "consent:matching",
    "interview",
]


def consent(subject: str, purpose: str) -> dict[str, Any]:
    day = "2016-06-03"
    return command(
        "RecordConsent", subject, f"{purpose}-{subject}", purpose=purpose, text_version="1", given_on=day
    )


def interview(subject: str) -> dict[str, Any]:
    return command(
        "RecordInterview",
        subject,
        f"interview-{subject}",
        programme=GUIDE,
        held_on="2016-06-04",
        expectations={"weekly_hours": 2, "activities": ["walks"], "contact": "in_person"},
        availability=dict.fromkeys(("weekday_morning", "weekday_afternoon", "weekday_evening", "weekend"), 1),
        wishes={"interpreter_ok": False},
    )


def check(kind: str) -> dict[str, Any]:
    return command("RecordCheck", VOLUNTEER, kind, kind=kind, seen_on="2016-06-05")


async def test_a_volunteer_is_told_what_is_missing_until_nothing_is(world: World) -> None:
    await world.send(("red-1", REGISTER))
    registered = (await world.reply("red-1", "register"))["result"]
    assert registered["missing"] == {GUIDE: EVERYTHING}
    assert registered["participations"] == []
    await world.send(("red-1", JOIN))
    (joined,) = (await world.reply("red-1", "join"))["result"]["participations"]
    assert joined["missing"] == EVERYTHING
    checks = [check(code.partition(":")[2]) for code in EVERYTHING if code.startswith("check")]
    steps = [consent(VOLUNTEER, "contact"), consent(VOLUNTEER, "matching"), interview(VOLUNTEER), *checks]
    await world.send(*[("red-1", step) for step in steps])
    await world.send(("red-1", approve("first")))
    before, after = (await world.sent("volunteers.v1"))[-2:]
    assert before["value"]["data"]["participations"][0]["missing"] == EVERYTHING[:2]
    assert after["value"]["data"]["participations"][0]["missing"] == EVERYTHING[:1]
    assert after["value"]["data"]["roles"] == []
    await world.send(("bergen-1", approve("second")))
    approved = (await world.reply("bergen-1", "second"))["result"]
    assert approved["participations"] == [
        {"programme": GUIDE, "pack_version": "1.0", "status": "ready", "ready_since": "2016-06-05"}
    ]
    assert approved["roles"] == ["guide"]


async def test_where_no_programme_runs_nothing_is_missing(world: World) -> None:
    elsewhere = {**REGISTER["data"], "municipality": "no-5501"}
    await world.send(("red-1", {**REGISTER, "data": elsewhere}))
    assert "missing" not in (await world.reply("red-1", "register"))["result"]


def eighteen_in(days: int) -> tuple[dict[str, Any], date]:
    """A settlement of somebody who comes of age in so many days, and the first day of the month after."""
    birthday = local_day(datetime.now(UTC)) + timedelta(days=days)
    if (birthday.month, birthday.day) == (2, 29):
        # The year of birth may have no such day.
        birthday += timedelta(days=1)
    who = {**settlement()["data"]["person"], "birth_date": f"{birthday.year - 18}-{birthday:%m-%d}"}
    years, month = divmod(birthday.month, 12)
    return settled("A1", "1", person=who), date(birthday.year + years, month + 1, 1)


async def waiting_for_a_birthday(world: World, days: int) -> tuple[str, date]:
    """Somebody who lacks nothing but the age."""
    record, counts_from = eighteen_in(days)
    await world.settle(("no-4601", record))
    (subject,) = await world.public()
    join = command("JoinProgramme", subject, "join", programme=GUIDE, joined_on="2016-06-02")
    await world.send(("red-1", {**join, "id": "dry", "dryrun": True}))
    assert await world.database["due"].count_documents({}) == 0
    steps = [join, consent(subject, "matching"), consent(subject, "contact"), interview(subject)]
    await world.send(*[("red-1", step) for step in steps])
    return subject, counts_from


async def test_who_comes_of_age_is_ready_in_the_month_after_by_itself(
    world: World,
) -> None:
    subject, counts_from = await waiting_for_a_birthday(world, 10)
    days = (counts_from - local_day(datetime.now(UTC))).days
    (waiting,) = (await world.public())[subject]["data"]["participations"]
    assert waiting["missing"] == ["age"]
    assert await world.database["due"].count_documents({}) == 1, "one row, however many commands there were"
    sent = len(await world.sent("refugees.v1"))
    await world.run_due(timedelta(days=days - 2))
    assert len(await world.sent("refugees.v1")) == sent
    await world.run_due(timedelta(days=days + 1))
    assert names((await world.sent("refugees.v1"))[sent:]) == ["RefugeeReady"]
    (ready,) = (await world.public())[subject]["data"]["participations"]
    assert (ready["ready_since"], "missing" in ready) == (counts_from.isoformat(), False)
    assert await world.database["due"].count_documents({}) == 0


async def test_who_has_left_is_not_looked_at_again(world: World) -> None:
    await waiting_for_a_birthday(world, 10)
    left = {**settled("A1", "2", 9), "type": "no.kobling.SettlementWithdrawn.v1", "data": {"reason": "test"}}
    await world.settle(("no-4601", left))
    sent = len(await world.sent("refugees.v1"))
    await world.run_due(timedelta(days=50))
    assert len(await world.sent("refugees.v1")) == sent
    assert await world.database["due"].count_documents({}) == 0


async def test_of_somebody_protected_since_no_row_is_left(world: World) -> None:
    await waiting_for_a_birthday(world, 10)
    await world.settle(("no-4601", settled("A1", "2", 8, protection="confidential")))
    assert await world.database["due"].count_documents({}) == 0
