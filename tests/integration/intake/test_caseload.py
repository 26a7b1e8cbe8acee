"""Who looks after whom, and all of one operator's people handed to another."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake import handover
from services.intake.app import create_app
from tests.integration.intake.asking import BERGEN, TROMSO, ask, equip, named, put, register
from tests.integration.intake.world import GUIDE, World, command, settled
from tests.support.wired import run_due

GONE = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
async def people(world: World) -> World:
    """Red-1 looks after a refugee and six volunteers, red-2 after one."""
    equip(world)
    await world.settle((BERGEN, settled("A1", "1")))
    ((refugee, _),) = (await world.public()).items()
    join = command("JoinProgramme", refugee, "join", programme=GUIDE, joined_on="2016-06-02")
    await world.send(("red-1", join))
    for letter in "abcdef":
        await register(world, letter, "Test", "Eksempel")
    await register(world, "g", "Test", "Eksempel", "red-2")
    return world


async def assign(world: World, id_: str, operator: str, owner: str = "red-1", **data: Any) -> dict[str, Any]:
    subject = data.pop("subject", named("a"))
    return await ask(world, "AssignCoordinator", subject, id_, owner, operator=operator, **data)


async def offer(world: World, id_: str = "offer", owner: str = "red-1", /, **data: Any) -> dict[str, Any]:
    data = {"municipality": BERGEN, "from": "red-1", "to": "bergen-1", **data}
    return await ask(world, "TransferCaseload", data.pop("subject", BERGEN), id_, owner, **data)


async def accept(world: World, transfer: str, owner: str = "bergen-1", **data: Any) -> dict[str, Any]:
    return await ask(world, "AcceptCaseload", transfer, "accept", owner, **data)


async def decline(world: World, transfer: str, id_: str, owner: str = "bergen-1") -> dict[str, Any]:
    return await ask(world, "DeclineCaseload", transfer, id_, owner)


async def coordinators(world: World) -> dict[str, int]:
    """How many people each operator looks after."""
    found: dict[str, int] = {}
    for name in ("refugees", "volunteers"):
        async for row in world.database[name].find({}):
            found[row["person"]["coordinator"]] = found.get(row["person"]["coordinator"], 0) + 1
    return found


async def revisions(world: World) -> dict[str, list[int]]:
    """The published revisions of each person, in order."""
    found: dict[str, list[int]] = {}
    for topic in ("refugees.v1", "volunteers.v1"):
        for row in await world.sent(topic):
            found.setdefault(row["key"], []).append(row["value"]["revision"])
    return found


async def notices(world: World, owner: str) -> list[str]:
    return [row["value"]["data"]["code"] for row in await world.sent(f"notices.{owner}.v1")]


async def test_who_registers_or_has_somebody_join_looks_after_them_until_somebody_else_does(
    people: World,
) -> None:
    assert await coordinators(people) == {"red-1": 7, "red-2": 1}
    state = await assign(people, "assign", "bergen-1")
    assert state["coordinator"] == "bergen-1"
    published = (await people.sent("volunteers.v1"))[-1]["value"]
    assert (published["subject"], published["data"]["coordinator"]) == (named("a"), "bergen-1")
    join = command("JoinProgramme", named("a"), "join-a", programme=GUIDE, joined_on="2016-06-02")
    await people.send(("red-1", join))
    assert (await people.reply("red-1", "join-a"))["result"]["coordinator"] == "bergen-1"


async def test_a_coordinator_is_an_operator_who_may_look_after_people_there(people: World) -> None:
    for number, name in enumerate(("nobody", "late-1", "far-1", "audit-1")):
        refused = await assign(people, f"assign-{number}", name)
        assert (refused["code"], refused["field"]) == ("unknown_operator", "operator")
    assert (await assign(people, "far", "red-2", "far-1"))["code"] == "not_your_municipality"
    assert (await assign(people, "late", "red-2", "late-1"))["code"] == "unknown_operator"
    assert (await assign(people, "dry", "red-2", dry_run=True))["coordinator"] == "red-2"
    assert await coordinators(people) == {"red-1": 7, "red-2": 1}
    gone = command("WithdrawVolunteer", named("b"), "gone", withdrawn_on="2016-06-03")
    await people.send(("red-1", gone))
    assert (await assign(people, "left", "red-2", subject=named("b")))["code"] == "has_left"


async def test_an_accepted_offer_hands_over_everybody_once_and_tells_both(
    people: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "BATCH", 2)
    before = await revisions(people)
    offered = await offer(people)
    assert (offered["status"], offered["people"]) == ("offered", 7)
    waiting = (await ask(people, "ListDue", BERGEN, "due", "bergen-1", municipality=BERGEN))["offers"]
    assert [(one["transfer"], one["from"]) for one in waiting] == [(offered["transfer"], "red-1")]
    assert (await accept(people, offered["transfer"]))["status"] == "accepted"
    assert await coordinators(people) == {"red-1": 7, "red-2": 1}, "not in the operator's own transaction"
    await people.run_due(people.clock.offset)
    assert await coordinators(people) == {"bergen-1": 7, "red-2": 1}
    for subject, numbers in (await revisions(people)).items():
        more = 0 if subject == named("g") else 1
        assert numbers == list(range(1, before[subject][-1] + more + 1))
    for owner in ("red-1", "bergen-1"):
        assert await notices(people, owner) == ["caseload_offered", "caseload_taken"]
    assert await notices(people, "red-2") == []
    (taken,) = [row["transfer"]["status"] async for row in people.database["transfers"].find({})]
    assert taken == "taken"
    assert (await decline(people, offered["transfer"], "late"))["code"] == "already_answered"


async def test_people_in_another_municipality_stay_whose_they_are(people: World) -> None:
    await register(people, "h", "Test", "Eksempel", municipality=TROMSO)
    offered = await offer(people)
    assert offered["people"] == 7
    await accept(people, offered["transfer"])
    await people.run_due(people.clock.offset)
    assert await coordinators(people) == {"bergen-1": 7, "red-1": 1, "red-2": 1}


class Killed(RuntimeError):
    """The process is no more."""


@pytest.mark.parametrize("dies_after", [1, 2, 3])
async def test_a_death_between_two_batches_loses_and_doubles_nothing(
    people: World, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    monkeypatch.setattr(handover, "BATCH", 2)
    before = await revisions(people)
    transfer = (await offer(people))["transfer"]
    await accept(people, transfer)
    whole, batches = handover.Handover._batch, 0

    async def dying(self: handover.Handover, *arguments: Any) -> bool:
        nonlocal batches
        batches += 1
        more = await whole(self, *arguments)
        if batches > dies_after:
            # Written, and not committed.
            raise Killed
        return more

    with monkeypatch.context() as patched:
        patched.setattr(handover.Handover, "_batch", dying)
        await people.run_due(people.clock.offset)
    assert await coordinators(people) == {"red-1": 7 - 2 * dies_after, "bergen-1": 2 * dies_after, "red-2": 1}
    await people.database["due"].update_many({}, {"$set": {"due_at": GONE}, "$unset": {"claimed_until": 1}})
    await people.run_due(people.clock.offset)
    assert await coordinators(people) == {"bergen-1": 7, "red-2": 1}
    for subject, numbers in (await revisions(people)).items():
        assert numbers[len(before[subject]) :] == ([] if subject == named("g") else [before[subject][-1] + 1])


async def test_two_replicas_hand_over_everybody_once(people: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "BATCH", 1)
    before = await revisions(people)
    await accept(people, (await offer(people))["transfer"])
    second = create_app(people.settings, people.wiring.resources)
    await asyncio.gather(run_due(people.wiring), run_due(second))
    assert await coordinators(people) == {"bergen-1": 7, "red-2": 1}
    assert sum(len(numbers) for numbers in (await revisions(people)).values()) == 7 + sum(
        len(numbers) for numbers in before.values()
    )
    assert (await notices(people, "bergen-1")).count("caseload_taken") == 1


async def test_a_declined_offer_changes_nothing_and_makes_room_for_another(people: World) -> None:
    transfer = (await offer(people))["transfer"]
    assert (await offer(people, "again", to="red-2", subject=BERGEN))["code"] == "already_offered"
    put(people, "bergen-2", "introduction_programme_bergen")
    assert (await decline(people, transfer, "mine", "bergen-2"))["code"] == "not_your_offer"
    assert (await decline(people, transfer, "no"))["status"] == "declined"
    assert await notices(people, "red-1") == ["caseload_offered", "caseload_declined"]
    assert await coordinators(people) == {"red-1": 7, "red-2": 1}
    back = (await offer(people, "back"))["transfer"]
    assert (await decline(people, back, "taken-back", "red-1"))["status"] == "declined"
    assert (await accept(people, back))["code"] == "already_answered"
    colleagues = (await offer(people, "third"))["transfer"]
    assert (await decline(people, colleagues, "for-red-1", "red-2"))["status"] == "declined"


@pytest.mark.parametrize(
    ("owner", "data", "code"),
    [
        ("red-1", {"to": "nobody"}, "unknown_operator"),
        ("red-1", {"to": "far-1"}, "unknown_operator"),
        ("red-1", {"to": "red-1"}, "unknown_operator"),
        ("bergen-1", {"to": "red-2"}, "not_your_people"),
        ("red-2", {"to": "red-2"}, "four_eyes"),
        ("red-1", {"from": "bergen-1", "to": "red-2"}, "not_your_people"),
        ("red-1", {"from": "nobody"}, "no_people"),
        ("red-1", {"subject": TROMSO}, "subject_invalid"),
        ("far-1", {}, "not_your_municipality"),
        ("late-1", {}, "unknown_operator"),
        ("audit-1", {}, "role_missing"),
    ],
)
async def test_an_offer_that_cannot_be_made_says_why(
    people: World, owner: str, data: dict[str, Any], code: str
) -> None:
    assert (await offer(people, "offer", owner, **data))["code"] == code
    assert await people.database["transfers"].count_documents({}) == 0


async def test_a_dry_run_offers_and_takes_nothing(people: World) -> None:
    assert (await offer(people, "dry", dry_run=True))["people"] == 7
    assert await people.database["transfers"].count_documents({}) == 0
    transfer = (await offer(people))["transfer"]
    assert (await accept(people, transfer, dry_run=True))["status"] == "accepted"
    await people.run_due(people.clock.offset)
    assert await coordinators(people) == {"red-1": 7, "red-2": 1}


async def test_the_same_offer_again_is_answered_alike(people: World) -> None:
    assert await offer(people) == await offer(people)
    assert await people.database["transfers"].count_documents({}) == 1


async def test_an_offer_is_answered_by_whom_it_is_for(people: World) -> None:
    transfer = (await offer(people))["transfer"]
    for id_, owner, code in (
        ("red", "red-1", "not_your_offer"),
        ("far", "far-1", "not_your_municipality"),
        ("late", "late-1", "unknown_operator"),
    ):
        refused = await ask(people, "AcceptCaseload", transfer, id_, owner)
        assert refused["code"] == code
    unknown = await ask(people, "AcceptCaseload", "caseload-aaaaaaaaaaaaaaaa", "unknown", "bergen-1")
    assert unknown["waits_for"] == ["subject"]


async def test_an_expired_operators_people_are_offered_by_anybody_and_shown_until_somebody_has_them(
    people: World,
) -> None:
    put(people, "red-1", "red_cross_bergen", valid_until=GONE)

    async def left(id_: str) -> int:
        asked = {"municipality": BERGEN, "without_coordinator": True}
        return int((await ask(people, "ListPeople", BERGEN, id_, "red-2", **asked))["count"])

    assert await left("before") == 7
    assert (await offer(people, "self", "bergen-1"))["code"] == "four_eyes"
    transfer = (await offer(people, "offer", "red-2"))["transfer"]
    assert await left("offered") == 7
    await accept(people, transfer)
    await people.run_due(people.clock.offset)
    assert await left("after") == 0
    assert await notices(people, "red-1") == []
    assert await notices(people, "bergen-1") == ["caseload_offered", "caseload_taken"]


async def test_an_offer_to_who_may_act_there_no_more_gives_way_to_another(people: World) -> None:
    put(people, "bergen-2", "introduction_programme_bergen")
    stuck = (await offer(people))["transfer"]
    put(people, "red-1", "red_cross_bergen", valid_until=GONE)
    assert (await offer(people, "early", "red-2", to="bergen-2"))["code"] == "already_offered"
    put(people, "bergen-1", "introduction_programme_bergen", valid_until=GONE)
    assert (await offer(people, "dry", "red-2", to="bergen-2", dry_run=True))["people"] == 7
    assert (await offer(people, "self", "red-2", to="red-2"))["code"] == "four_eyes"
    assert [row["_id"] async for row in people.database["transfers"].find({"open": True})] == [stuck]
    another = (await offer(people, "another", "red-2", to="bergen-2"))["transfer"]
    assert [row["_id"] async for row in people.database["transfers"].find({"open": True})] == [another]
    await accept(people, another, "bergen-2")
    await people.run_due(people.clock.offset)
    assert await coordinators(people) == {"bergen-2": 7, "red-2": 1}


async def test_whoever_may_offer_takes_back_what_nobody_can_answer(people: World) -> None:
    stuck = (await offer(people))["transfer"]
    for name, organisation in (("red-1", "red_cross_bergen"), ("bergen-1", "introduction_programme_bergen")):
        put(people, name, organisation, valid_until=GONE)
    put(people, "bergen-2", "introduction_programme_bergen")
    assert (await decline(people, stuck, "back", "bergen-2"))["status"] == "declined"
    assert (await offer(people, "another", "red-2", to="bergen-2"))["status"] == "offered"
