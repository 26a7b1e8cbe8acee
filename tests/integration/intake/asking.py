"""Operators with keys of their own, people with names, and questions about them."""

from datetime import UTC, datetime
from typing import Any

import orjson

from shared.contracts.administrators import Role
from shared.contracts.sealed import Sealed
from shared.sealing import Opener, new_key_pair
from tests.integration.intake.world import World, command, operator

BERGEN, TROMSO = "no-4601", "no-5501"
PRIVATE_KEY, PUBLIC_KEY = new_key_pair()


def equip(world: World) -> None:
    """Two coordinators of the Red Cross, one of Tromsø alone, one whose time is over, and an auditor."""
    put(world, "red-1", "red_cross_bergen")
    put(world, "red-2", "red_cross_bergen")
    put(world, "bergen-1", "introduction_programme_bergen")
    put(world, "far-1", "red_cross_tromso", municipalities=[TROMSO])
    put(world, "late-1", "red_cross_bergen", valid_until=datetime(2000, 1, 1, tzinfo=UTC))
    put(world, "audit-1", "inspectors", roles=["auditor"])


def put(world: World, name: str, organisation: str, roles: list[Role] | None = None, **changes: Any) -> None:
    """Registers an operator, or again, otherwise."""
    keys: dict[str, Any] = {"public_key": PUBLIC_KEY, "key_id": "mine"}
    if roles is not None:
        keys["roles"] = roles
    account = operator(name, organisation).model_copy(update=keys | changes)
    world.wiring.resources.operators.put(name, account)


async def ask(
    world: World, asked: str, subject: str, id_: str, owner: str = "red-1", /, **data: Any
) -> dict[str, Any]:
    """The reply to a command: its result, or the whole of a refusal or of one that is pending."""
    document = command(asked, subject, id_)
    if data.pop("dry_run", False):
        document["dryrun"] = True
    document["data"] |= data
    await world.send((owner, document))
    reply = await world.reply(owner, id_)
    told: dict[str, Any] = reply.get("result", reply)
    return told


def opened(sealed: dict[str, Any], subject: str) -> dict[str, Any]:
    """What was sealed to the operators' key about somebody."""
    found: dict[str, Any] = orjson.loads(
        Opener("mine", PRIVATE_KEY).open(Sealed.model_validate(sealed), subject)
    )
    return found


def named(letter: str) -> str:
    """A volunteer's reference."""
    return f"volunteer-{letter * 16}"


def registration(letter: str, given: str | None, family: str | None, **data: Any) -> dict[str, Any]:
    """The command that registers a volunteer of this name."""
    person = {"preferred_language": "nb", "birth_date": "1980-02-03", **data.pop("person", {})}
    person |= {"given_name": given} if given else {}
    person |= {"family_name": family} if family else {}
    taken = {"municipality": BERGEN, "languages": [], "registered_on": "2016-06-01", "person": person}
    return command("RegisterVolunteer", named(letter), f"reg-{letter}", **taken | data)


async def register(
    world: World, letter: str, given: str | None, family: str | None, owner: str = "red-1", **data: Any
) -> str:
    """Registers a volunteer of this name."""
    await world.send((owner, registration(letter, given, family, **data)))
    return named(letter)
