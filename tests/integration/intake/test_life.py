"""A person's life in intake, on the real database: cards, corrections, arrivals, references."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.intake.test_commands import REGISTER, VOLUNTEER
from tests.integration.intake.test_one_person import BERGEN, TROMSO, holds
from tests.integration.intake.test_readiness import consent
from tests.integration.intake.world import World, command, names, settled

PAIR = "pair-aaaaaaaaaaaaaaaa"
NOBODY = "refugee-aaaaaaaaaaaaaaaa"


async def settle_one(world: World, **data: Any) -> str:
    await world.settle((BERGEN, settled("A1", "1", 6, **data)))
    (subject,) = await world.public()
    return subject


def correct(subject: str, id_: str, **data: Any) -> tuple[str, dict[str, Any]]:
    return "red-1", command("CorrectPerson", subject, id_, **data)


def take_back(subject: str, id_: str, purpose: str = "contact") -> tuple[str, dict[str, Any]]:
    data = {"purpose": purpose, "withdrawn_on": "2016-06-10"}
    return "red-1", command("WithdrawConsent", subject, id_, **data)


def consented(subject: str, id_: str, purpose: str, given_on: str) -> tuple[str, dict[str, Any]]:
    data = {"purpose": purpose, "text_version": "1", "given_on": given_on}
    return "red-1", command("RecordConsent", subject, id_, **data)


async def cards(world: World) -> list[str]:
    return names(await world.sent("contact-cards.v1"))


async def test_a_card_goes_with_its_consent_and_comes_again_with_another(world: World) -> None:
    await world.send(("red-1", REGISTER), ("red-1", consent(VOLUNTEER, "contact")))
    await world.send(take_back(VOLUNTEER, "back"))
    await world.send(consented(VOLUNTEER, "again", "contact", "2016-06-10"))
    sent = await world.sent("contact-cards.v1")
    assert names(sent) == ["ContactCardSealed", "ContactCardWithdrawn", "ContactCardSealed"]
    assert [row["value"]["revision"] for row in sent] == [1, 2, 3]
    assert sent[1]["value"]["data"] == {"municipality": BERGEN}
    await world.send(("red-1", consent(VOLUNTEER, "matching")), take_back(VOLUNTEER, "other", "matching"))
    assert len(await cards(world)) == 3
    withdraw = command("WithdrawVolunteer", VOLUNTEER, "leave", withdrawn_on="2016-06-11")
    await world.send(("red-1", {**withdraw, "id": "dry", "dryrun": True}))
    assert len(await cards(world)) == 3
    await world.send(("red-1", withdraw), ("red-1", {**withdraw, "id": "leave-again"}))
    assert (await cards(world))[3:] == ["ContactCardWithdrawn"]


async def test_a_consent_of_before_it_was_taken_back_holds_no_more(world: World) -> None:
    await world.send(("red-1", REGISTER), ("red-1", consent(VOLUNTEER, "contact")))
    await world.send(take_back(VOLUNTEER, "back"))
    await world.send(consented(VOLUNTEER, "old", "contact", "2016-06-09"))
    refused = await world.reply("red-1", "old")
    assert (refused["code"], refused["field"]) == ("consent_superseded", "given_on")
    assert await cards(world) == ["ContactCardSealed", "ContactCardWithdrawn"]
    await world.send(consented(VOLUNTEER, "other", "matching", "2016-06-09"))
    (held,) = (await world.reply("red-1", "other"))["result"]["consents"]
    assert held["purpose"] == "matching"
    # As an earlier release left it, which kept no days of that.
    unset = {"$unset": {"person.withdrawals": ""}}
    await world.database["volunteers"].update_one({"_id": VOLUNTEER}, unset)
    await world.send(consented(VOLUNTEER, "unheard", "contact", "2016-06-09"))
    assert (await cards(world))[2:] == ["ContactCardSealed"]


async def test_a_check_that_was_seen_earlier_replaces_none_that_was_seen_later(world: World) -> None:
    async def seen(id_: str, on: str) -> dict[str, Any]:
        data = {"kind": "training", "seen_on": on}
        await world.send(("red-1", command("RecordCheck", VOLUNTEER, id_, **data)))
        return await world.reply("red-1", id_)

    await world.send(("red-1", REGISTER))
    for id_ in ("newer", "same"):
        assert (await seen(id_, "2016-06-05"))["result"]["checks"][0]["seen_on"] == "2016-06-05"
    refused = await seen("older", "2016-06-04")
    assert (refused["code"], refused["field"]) == ("check_superseded", "seen_on")


async def test_who_moves_on_is_not_written_to_any_more(world: World) -> None:
    subject = await settle_one(world)
    await world.send(("red-1", consent(subject, "contact")))
    moved = {"to_municipality": TROMSO, "moved_on": "2016-06-14"}
    left = {**settled("A1", "2", 7), "type": "no.kobling.PersonMoved.v1", "data": moved}
    await world.settle((BERGEN, left))
    assert await cards(world) == ["ContactCardSealed", "ContactCardWithdrawn"]
    await world.settle((TROMSO, settled("B1", "3", 8, **{"from": {"municipality": BERGEN, "case": "A1"}})))
    assert await cards(world) == ["ContactCardSealed", "ContactCardWithdrawn"]


async def test_who_has_moved_away_takes_back_what_is_left_and_nothing_else(world: World) -> None:
    subject = await settle_one(world)
    record = command("RecordReferenceConsent", subject, "record", **LIFE["RecordReferenceConsent"])
    await world.send(("red-1", consent(subject, "matching")), ("red-1", record))
    before = await world.database["refugees"].find_one({"_id": subject}, {"person.consents": 1})
    assert before is not None
    moved = {"to_municipality": "no-4602", "moved_on": "2016-06-14"}
    left = {**settled("A1", "2", 7), "type": "no.kobling.PersonMoved.v1", "data": moved}
    await world.settle((BERGEN, left))
    state = (await world.public())[subject]["data"]
    assert (state["status"], state["consents"], len(state["references"])) == ("moved", [], 1)
    await world.send(take_back(subject, "none", "matching"))
    assert (await world.reply("red-1", "none"))["code"] == "no_consent"
    # As an earlier release left it.
    kept = {"person.consents": before["person"]["consents"]}
    await world.database["refugees"].update_one({"_id": subject}, {"$set": kept})
    back = command("WithdrawReferenceConsent", subject, "back", **LIFE["WithdrawReferenceConsent"])
    await world.send(take_back(subject, "old", "matching"), ("red-1", back))
    assert (await world.reply("red-1", "old"))["result"]["consents"] == []
    last = (await world.public())[subject]["data"]
    assert (last["status"], last["consents"], last["spells"]) == ("moved", [], state["spells"])
    assert "references" not in last
    await world.send(("red-1", {**record, "id": "again"}), ("red-1", consent(subject, "contact")))
    for id_ in ("again", f"contact-{subject}"):
        assert (await world.reply("red-1", id_))["code"] == "not_taking_part"


async def test_what_is_corrected_is_public_and_in_the_card_at_once(world: World) -> None:
    await world.send(("red-1", REGISTER), ("red-1", consent(VOLUNTEER, "contact")))
    person = {"phone": "900 00 043", "email": "hemmelig@example.org"}
    await world.send(correct(VOLUNTEER, "dry", person=person, interests=["hiking"]))
    before = await world.sent("volunteers.v1")
    assert before[-1]["value"]["data"]["interests"] == ["hiking"]
    await world.send(correct(VOLUNTEER, "gender", person={"gender": "male"}, clear=["person.birth_date"]))
    state = (await world.reply("red-1", "gender"))["result"]
    assert state["gender"] == "male"
    assert "birth_year" not in state
    assert await cards(world) == ["ContactCardSealed"] * 3
    assert not await holds(world, "hemmelig")
    assert "hemmelig" not in str(await world.sent("volunteers.v1"))


async def test_a_correction_holds_against_the_same_record_and_not_against_another(world: World) -> None:
    subject = await settle_one(world, education="primary")
    await world.send(correct(subject, "correct", education="master", person={"phone": "90000043"}))
    await world.settle((BERGEN, settled("A1", "2", 7, education="primary")))
    assert (await world.public())[subject]["data"]["education_level"] == "master"
    await world.settle((BERGEN, settled("A1", "3", 8, education="secondary")))
    assert (await world.public())[subject]["data"]["education_level"] == "secondary"


CASES: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("CorrectPerson", {"person": {"phone": "ring meg"}}, "phone_invalid", "person.phone"),
    ("CorrectPerson", {"person": {"given_name": "Berit"}}, "municipality_says", "person.given_name"),
    ("CorrectPerson", {"clear": ["adults"]}, "field_invalid", "clear.0"),
    ("CorrectPerson", {}, "nothing_to_correct", None),
    ("ConfirmArrival", {"arrived_on": "2199-01-01"}, "date_in_future", "arrived_on"),
    ("WithdrawReferenceConsent", {"pair": PAIR, "withdrawn_on": "2016-06-10"}, "no_consent", "pair"),
]


@pytest.mark.parametrize(("name", "data", "code", "field"), CASES)
async def test_what_cannot_be_done_changes_nothing_and_says_why(
    world: World, name: str, data: dict[str, Any], code: str, field: str | None
) -> None:
    subject = await settle_one(world)
    await world.send(("red-1", command(name, subject, "wrong", **data)))
    reply = await world.reply("red-1", "wrong")
    assert (reply["code"], reply.get("field")) == (code, field)
    assert len(await world.sent("refugees.v1")) == 1


LIFE: dict[str, dict[str, Any]] = {
    "CorrectPerson": {"person": {"phone": "90000043"}, "interests": ["hiking"]},
    "ConfirmArrival": {"arrived_on": "2016-06-10"},
    "RecordReferenceConsent": {
        "pair": PAIR,
        "referees": ["guide"],
        "text_version": "1",
        "given_on": "2016-06-10",
    },
    "WithdrawReferenceConsent": {"pair": PAIR, "withdrawn_on": "2016-06-11"},
}
"""What each command says; the last one is of a consent that was recorded before."""


@pytest.mark.parametrize("name", LIFE)
async def test_a_step_is_tried_taken_once_and_refused_to_strangers(world: World, name: str) -> None:
    subject = await settle_one(world, arrived_on=None, settled_on=None, expected_arrival_on="2016-06-20")
    if name == "WithdrawReferenceConsent":
        recorded = command("RecordReferenceConsent", subject, "before", **LIFE["RecordReferenceConsent"])
        await world.send(("red-1", recorded))
    step = command(name, subject, "step", **LIFE[name])
    sent = len(await world.sent("refugees.v1"))
    await world.send(("red-1", {**step, "id": "dry", "dryrun": True}))
    assert await world.replies("red-1", "dry") == [("CommandPreviewed", 1)]
    operators = world.wiring.resources.operators
    known = operators.find("red-1", world.clock.now())
    assert known is not None
    operators.put("elsewhere-1", known.model_copy(update={"municipalities": [TROMSO]}))
    operators.put("expired-1", known.model_copy(update={"valid_until": world.clock.now()}))
    await world.send(("elsewhere-1", step), ("expired-1", step))
    assert (await world.reply("elsewhere-1", "step"))["code"] == "not_your_municipality"
    assert (await world.reply("expired-1", "step"))["code"] == "unknown_operator"
    await world.send(("red-1", {**step, "id": "late", "expectedrevision": 9}))
    assert (await world.reply("red-1", "late"))["code"] == "stale_revision"
    assert len(await world.sent("refugees.v1")) == sent
    await world.send(("red-1", step))
    await world.send(("red-1", step))
    assert await world.replies("red-1", "step") == [("CommandAccepted", 1)] * 2
    assert len(await world.sent("refugees.v1")) == sent + 1
    await world.send(("red-1", command(name, NOBODY, "nobody", **LIFE[name])))
    await world.run_due(timedelta(minutes=1))
    assert (await world.reply("red-1", "nobody"))["code"] == "unknown_subject"
    await world.settle((BERGEN, settled("A1", "2", 9, protection="confidential")))
    await world.send(("red-1", {**step, "id": "hidden"}))
    await world.run_due(timedelta(minutes=1))
    assert (await world.reply("red-1", "hidden"))["code"] == "unknown_subject"


async def test_an_arrival_is_confirmed_and_stays_until_the_municipality_names_a_day(world: World) -> None:
    announced = {"arrived_on": None, "settled_on": None, "expected_arrival_on": "2016-06-20"}
    subject = await settle_one(world, **announced)
    await world.send(("red-1", command("ConfirmArrival", subject, "come", **LIFE["ConfirmArrival"])))
    assert names(await world.sent("refugees.v1"))[-1] == "ArrivalConfirmed"
    await world.settle((BERGEN, settled("A1", "2", 7, **announced)))
    state = (await world.public())[subject]["data"]
    assert (state["status"], state["arrived_on"]) == ("settled", "2016-06-10")
    await world.settle((BERGEN, settled("A1", "3", 8, **{**announced, "arrived_on": "2016-06-11"})))
    assert (await world.public())[subject]["data"]["arrived_on"] == "2016-06-11"
    await world.send(("red-1", command("ConfirmArrival", subject, "late", arrived_on="2016-06-12")))
    assert (await world.reply("red-1", "late"))["code"] == "already_arrived"
    await world.send(("red-1", REGISTER))
    await world.send(("red-1", command("ConfirmArrival", VOLUNTEER, "guide", arrived_on="2016-06-12")))
    assert (await world.reply("red-1", "guide"))["code"] == "not_a_refugee"


async def test_a_guide_who_has_left_may_still_consent_to_being_named(world: World) -> None:
    withdraw = command("WithdrawVolunteer", VOLUNTEER, "leave", withdrawn_on="2016-06-10")
    record = command("RecordReferenceConsent", VOLUNTEER, "record", **LIFE["RecordReferenceConsent"])
    await world.send(("red-1", REGISTER), ("red-1", withdraw), ("red-1", record))
    state = (await world.reply("red-1", "record"))["result"]
    assert (state["status"], state["references"]) == ("withdrawn", [LIFE["RecordReferenceConsent"]])
    back = command("WithdrawReferenceConsent", VOLUNTEER, "back", **LIFE["WithdrawReferenceConsent"])
    await world.send(("red-1", back))
    assert "references" not in (await world.reply("red-1", "back"))["result"]
