"""Everything read again from the beginning, and databases built anew: the state stays the same."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.contracts import topics
from shared.contracts.topics import SERVICES, Service
from tests.replay.played import PATIENCE, Played
from tests.support.cluster import wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    """The installation; each test leaves it running and at rest."""
    async with Played.play(tmp_path_factory.mktemp("played")) as played:
        await played.at_rest(await played.groups())
        yield played


async def test_the_story_leaves_something_of_everything(played: Played) -> None:
    """Else the tests below would show less than they say."""
    matching, reporting = played.database("matching"), played.database("reporting")
    statuses = set(await matching["pairs"].distinct("status"))
    assert statuses >= {"proposed", "accepted", "declined", "active"}
    assert await played.erased(topics.PAIRS) == 1, "the pair of somebody who was taken back"
    assert await matching["due"].count_documents({"kind": "expire_proposal"}) > 1
    assert await reporting["indicators"].count_documents({}) > 1
    assert played.mails() > 20
    matching.close()
    reporting.close()


async def test_the_command_prints_the_hash(played: Played) -> None:
    hashes = await played.hashes()
    assert len(set(hashes.values())) == len(SERVICES)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "kobling", "state-hash", "matching"),
        env=played.environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert said.decode() == f"{hashes['matching']}\n"


async def test_full_replays_with_kafka_s_own_tool_change_no_hash(played: Played) -> None:
    groups, before = await played.groups(), await played.hashes()
    written = [topics.REFUGEES, topics.VOLUNTEERS, topics.PAIRS, topics.ROUNDS, topics.NOTIFICATIONS]
    records, mails = [await played.count(topic) for topic in written], played.mails()
    for _ in range(2):
        await played.stop(*SERVICES)
        said = await played.tool(
            *("--all-groups", "--all-topics", "--reset-offsets", "--to-earliest", "--execute")
        )
        assert "settlements.no-4601.v1" in said
        await played.start(*SERVICES)
        await played.at_rest(groups)
        assert await played.hashes() == before
    assert ([await played.count(topic) for topic in written], played.mails()) == (records, mails)


REBUILT: dict[Service, tuple[str, ...]] = {
    "matching": ("--all-topics", "--reset-offsets", "--to-earliest", "--execute"),
    "notifications": ("--delete",),
    "reporting": ("--all-topics", "--reset-offsets", "--to-earliest", "--execute"),
}
"""How each service's groups begin anew."""
KILLED_IN: dict[Service, tuple[int, ...]] = {"matching": (1, 4), "notifications": (1, 3), "reporting": (1, 2)}
"""Steps of each rebuild, one start after the other: the first, and one when something is stored already."""


@pytest.mark.parametrize("service", REBUILT)
async def test_a_service_whose_database_is_lost_is_rebuilt_to_the_same_hash(
    played: Played, service: Service
) -> None:
    groups, before, state = await played.groups(), await played.hashes(), await played.state(service)
    written = [topics.PAIRS, topics.ROUNDS, topics.NOTIFICATIONS, topics.INDICATORS]
    records, mails = [await played.count(topic) for topic in written], played.mails()
    await lose(played, service)
    # A transaction that is cut off stays open for up to 10 s, and whoever comes next waits for it.
    for step in KILLED_IN[service]:
        await played.killed_at(service, step)
    await played.start(service)
    await played.at_rest(groups)
    assert await played.state(service) == state
    assert await played.hashes() == before
    assert ([await played.count(topic) for topic in written], played.mails()) == (records, mails)


async def lose(played: Played, service: Service) -> None:
    """Drops a service's database, and has its groups begin anew."""
    await played.stop(service)
    database = played.database(service)
    await database.drop()
    database.close()
    mine = [name for name in await played.groups() if name.startswith(f"{service}.")]
    named = [part for name in mine for part in ("--group", name)]
    await played.tool(*named, *REBUILT[service])


async def test_rebuilt_services_go_on_where_they_were(played: Played) -> None:
    """Everything is lost but intake; then the open proposals are answered, and signed."""
    groups, mails = await played.groups(), played.mails()
    for service in REBUILT:
        await lose(played, service)
    await played.start(*REBUILT)
    await played.at_rest(groups)
    pairs = played.database("matching")["pairs"]
    accepted = await pairs.find_one({"status": "accepted"})
    halfway = await pairs.find_one({"status": "proposed", "pair.answers": {"$size": 1}})
    assert accepted is not None
    assert halfway is not None
    async with played.client() as client:
        story = played.story(client)
        await story.ask(story.answer(halfway["_id"], "giving"), *story.signatures(accepted["_id"]))

    async def told() -> bool:
        return played.mails() == mails + 2

    await wait_until(told, "both sides of the new pair are told", PATIENCE)
    await played.at_rest(groups)
    for topic in (topics.PAIRS, topics.INDICATORS):
        revisions = await played.revisions(topic)
        for key in {key for key, _ in revisions}:
            mine = [revision for other, revision in revisions if other == key]
            assert mine == list(range(1, len(mine) + 1))
