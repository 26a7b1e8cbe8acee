"""`kobling replay` on a whole service: what it says, what it refuses, and where it was cut off."""

import asyncio
import json
import os
import signal
import sys

import pytest

from kobling.errors import AdministrationError
from kobling.replaying import Replay
from services.reporting.documents import REFUGEES
from services.reporting.state_hash import STATE
from shared.messaging.places.admission import PART
from shared.messaging.places.guard import EMPTYING, REBUILD
from shared.messaging.sending.outbox import Row, bundled
from shared.messaging.state_hash import state_hash
from shared.mongo import Database
from tests.integration.matching.world import refugee
from tests.integration.reporting.test_restore import applied, committed, kobling, read_all, starting
from tests.support.cluster import Corner, wait_until

PEOPLE = 4


@pytest.fixture
async def replay(corner: Corner, database: Database) -> Replay:
    """Of a service that has read everything, and is stopped."""
    await corner.produce([refugee(number) for number in range(PEOPLE)])
    await read_all(corner, PEOPLE)
    return Replay("reporting", corner.addresses.cluster, corner.prefix, database)


async def hash_of(database: Database) -> str:
    """Of the projections: figures come with time."""
    return await state_hash(database, [part for part in STATE if part.collection == REFUGEES])


async def caught_up(corner: Corner, database: Database, count: int = PEOPLE) -> None:
    """Runs the service until it has committed so much in all, and lets nothing hold it back."""
    async with starting(corner) as (app, task):

        async def done() -> bool:
            return task.done() and sum(await committed(corner)) >= count and await applied(database) == PEOPLE

        await wait_until(done)
        assert PART not in app.resources.health.causes


KILLED = """
import os, signal, sys
from motor.motor_asyncio import AsyncIOMotorCollection as Collection
from kobling.cli import main

where, delete_many = sys.argv.pop(1), Collection.delete_many

def end(*_):
    os.kill(os.getpid(), signal.SIGKILL)

Collection.delete_many = lambda self, *given: end() if self.name == where else delete_many(self, *given)
if where == "release":
    Collection.delete_one = end
sys.exit(main())
"""


async def killed(corner: Corner, at: str) -> int:
    """How the command ends that is killed before a collection is emptied, or before the last thing."""
    variables = {f"REPORTING_{name.upper()}": value for name, value in corner.settings.items()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, at, "replay", "reporting", "--anew", "--yes"),
        env={**os.environ, **variables},
    )
    return await process.wait()


async def test_topics_are_read_again_and_nothing_changes(
    corner: Corner, database: Database, replay: Replay
) -> None:
    before, stood = await hash_of(database), sum(await committed(corner))
    code, said = await kobling(corner, "replay", "reporting", "--plan")
    assert code == 0
    assert f"{corner.prefix}reporting.refugees on {corner.prefix}refugees.v1" in said
    assert sum(await committed(corner)) == stood, "it was only a plan"
    code, said = await kobling(corner, "replay", "reporting")
    assert (code, "say --yes" in said) == (1, True)
    assert sum(await committed(corner)) == stood, "nobody agreed"
    code, said = await kobling(corner, "replay", "reporting", "--yes", "--json")
    assert code == 0
    (step,) = json.loads(said)
    assert (step["do"], step["amount"]) == ("reset", stood)
    assert sum(await committed(corner)) == 0
    # Run again, nothing is left to do.
    assert await kobling(corner, "replay", "reporting", "--yes") == (0, "nothing to do\n")
    await caught_up(corner, database)
    assert await hash_of(database) == before


async def test_a_topic_that_was_not_read_is_named(replay: Replay) -> None:
    with pytest.raises(AdministrationError, match=r"cards\.v1: reporting has not read that; it has read \S+"):
        await replay.plan(["contact-cards.v1"])
    assert await replay.plan(["refugees.v1"])


async def test_a_database_is_built_anew(corner: Corner, database: Database, replay: Replay) -> None:
    before = await hash_of(database)
    # What is stored and stands on no topic: a rebuild doesn't bring it back.
    await database["refugees"].update_many({}, {"$set": {"revision": 77}})
    assert await hash_of(database) != before
    code, said = await kobling(corner, "replay", "reporting", "--anew", "--yes")
    assert code == 0
    assert "reporting's refugees" in said
    assert await database["refugees"].count_documents({}) == 0
    assert await database["refugees"].index_information() != {}
    await caught_up(corner, database)
    assert await hash_of(database) == before


async def test_while_the_service_runs_nothing_is_done(
    corner: Corner, database: Database, replay: Replay
) -> None:
    async with starting(corner):

        async def joined() -> bool:
            try:
                await replay.plan()
            except AdministrationError as refused:
                return "has members: stop all replicas" in str(refused)
            return False

        await wait_until(joined)
        code, said = await kobling(corner, "replay", "reporting", "--anew", "--yes")
        assert (code, "has members" in said) == (1, True)
    assert await database["refugees"].count_documents({}) == PEOPLE


async def test_what_is_not_sent_yet_is_not_lost(database: Database, replay: Replay) -> None:
    row = Row("indicators.v1", b"k", b"{}", headers=(), order=0, slot=0)
    await database["outbox"].insert_many(bundled([row]))
    with pytest.raises(AdministrationError, match="it would be lost"):
        await replay.plan(anew=True)
    # To read again loses nothing.
    assert await replay.plan()


async def test_intake_is_not_emptied(database: Database, replay: Replay) -> None:
    intake = Replay("intake", replay.kafka, replay.prefix, database)
    with pytest.raises(AdministrationError, match="intake can't be built from topics"):
        await intake.plan(anew=True)


@pytest.mark.parametrize("at", ["positions", "refugees", "release"])
async def test_killed_in_between_the_service_waits_until_it_is_run_again(
    corner: Corner, database: Database, replay: Replay, at: str
) -> None:
    before = await hash_of(database)
    # Groups that stand at the beginning already hold nobody back by themselves.
    await replay.carry_out(await replay.plan())
    assert await killed(corner, at) == -signal.SIGKILL
    assert await database[REBUILD].find_one({"_id": EMPTYING}) is not None
    async with starting(corner) as (app, task):

        async def held() -> str:
            cause = app.resources.health.causes.get(PART, "starting")
            return "" if cause == "starting" else cause

        assert "run it again with the same words" in await wait_until(held)
        assert not task.done()
    code, said = await kobling(corner, "replay", "reporting", "--yes")
    assert (code, "--anew" in said) == (1, True)
    assert (await kobling(corner, "replay", "reporting", "--anew", "--yes"))[0] == 0
    await caught_up(corner, database)
    assert await hash_of(database) == before
