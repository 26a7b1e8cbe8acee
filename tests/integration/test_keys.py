"""An installation on servers that hold data already begins with the keys that it was written with, or not."""

import pytest

from deploy.keys import check_keys, given_keys
from deploy.local.addresses import StackError
from kobling.keys import VARIABLES, new_keys
from shared.mongo import Database
from shared.sealing import encode
from tests.integration.intake.world import World, settled

THEIRS = {**new_keys(), "master": encode(b"m" * 32)}
"""With the key that `World` encrypts with."""


async def test_new_keys_are_for_an_empty_database(database: Database) -> None:
    await check_keys(database, None)
    await check_keys(database, new_keys())


@pytest.mark.parametrize("protection", ["none", "confidential"])
async def test_new_keys_are_refused_over_data(database: Database, protection: str) -> None:
    """Of somebody protected nothing is encrypted, but their case is digested."""
    world = World(database)
    await world.ensure()
    await world.settle(("no-4601", settled("CASE-1", "1", protection=protection)))
    with pytest.raises(StackError, match=r"holds data already.* set INTAKE_MASTER_KEY, "):
        await check_keys(database, None)
    await check_keys(database, THEIRS)


async def test_keys_that_do_not_open_what_is_there_are_refused(database: Database) -> None:
    world = World(database)
    await world.ensure()
    await world.settle(("no-4601", settled("CASE-1", "1")))
    for other in (new_keys(), {**THEIRS, "master": "short"}):
        with pytest.raises(StackError, match="INTAKE_MASTER_KEY is not the key"):
            await check_keys(database, other)


def test_keys_are_given_together() -> None:
    keys = new_keys()
    environment = {name: keys[key] for key, name in VARIABLES.items()}
    assert given_keys(environment) == keys
    assert given_keys({}) is None
    del environment["INTAKE_CASE_KEY"]
    with pytest.raises(StackError, match="set INTAKE_CASE_KEY too"):
        given_keys(environment)
