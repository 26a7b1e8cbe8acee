"""Operators and programmes followed on the real Kafka, and what was taken over kept in the real MongoDB."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from services.reporting.app import create_app
from services.reporting.settings import Settings
from shared.clock import Clock
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from shared.health import Health
from shared.logging import get_logger
from shared.messaging import tables
from shared.messaging.metrics import Metrics
from shared.messaging.runtime import App
from shared.messaging.serving import http
from shared.messaging.tables import COLLECTION, Kept, Operators, Programmes, TableReader
from shared.messaging.wiring import Resources
from shared.mongo import Database
from shared.programmes.table import key_of
from tests.support.cluster import Corner, Record, event, wait_until
from tests.unit.messaging.administration import (
    ACTIVE,
    BERGEN,
    INTRODUCTION,
    KEY,
    NAME,
    NOW,
    OPERATORS,
    PACK,
    RED_CROSS,
    active,
    asking,
    operator,
    version,
)

CLOCK = Clock(NOW - Clock().now())


@pytest.fixture(autouse=True)
def fresh_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger that is bound here: one that another test used first keeps that test's settings."""
    monkeypatch.setattr(tables, "log", get_logger("tables"))


def said(record: Operator | ProgrammePack | ActiveProgramme) -> Record:
    """A record as an administrator sends it."""
    name, key = {
        Operator: ("OperatorRegistered", getattr(record, "operator", "")),
        ProgrammePack: ("ProgrammePublished", "" if isinstance(record, Operator) else key_of(record)),
        ActiveProgramme: ("ProgrammeActivated", "" if isinstance(record, Operator) else key_of(record)),
    }[type(record)]
    return event(name, key, record.model_dump(mode="json", exclude_none=True), NOW)


@dataclass
class Replica:
    """One process's tables."""

    reader: TableReader

    @property
    def programmes(self) -> Programmes:
        return self.reader.programmes

    @property
    def notes(self) -> dict[str, str]:
        return self.reader.health.notes

    def runs(self) -> str | None:
        pack = self.programmes.active(BERGEN, NAME)
        return None if pack is None else pack.version

    def operators(self) -> set[str]:
        known = ("redcross-1", "intro-1", "redcross-9", *(f"intro-{number}" for number in range(2, 9)))
        return {name for name in known if self.reader.operators.find(name, NOW) is not None}

    async def until(self, runs: str | None, notes: set[str]) -> None:
        async def so() -> bool:
            return self.runs() == runs and self.notes.keys() == notes

        await wait_until(so)


@contextlib.asynccontextmanager
async def replica(
    corner: Corner, database: Database, *on_change: Callable[[], Awaitable[None]]
) -> AsyncIterator[Replica]:
    """A replica that has read both topics to their end."""
    operators, programmes = Operators(), Programmes()
    health = Health()
    health.starting("tables")
    reader = TableReader(
        corner.addresses.cluster,
        corner.prefix,
        operators,
        programmes,
        Kept(database),
        CLOCK,
        health,
        on_change,
    )
    running = asyncio.ensure_future(reader.run())
    try:
        await reader.caught_up.wait()
        yield Replica(reader)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def begin(corner: Corner, *records: Any) -> None:
    await corner.create_topics(service="reporting")
    await corner.produce([said(record) for record in (*OPERATORS, *records)])


async def test_the_last_good_ones_outlive_a_restart_and_a_compaction(
    corner: Corner, database: Database
) -> None:
    await begin(corner, PACK, active())
    async with replica(corner, database) as first:
        assert (first.runs(), first.notes) == ("1.0", {})
        # Overwritten, and activated as something that isn't there.
        await corner.produce([said(version("1.0", title="Another")), said(active("7.0"))])
        noted = {f"programmes.v1 {KEY}", f"programmes.v1 {ACTIVE}"}
        await first.until("1.0", noted)
        assert first.reader.health.causes == {}
    # Compacted: of each key the last record alone is there.
    for topic in (topics.PROGRAMMES, topics.OPERATORS):
        await corner.delete_topic(topic.name)
    await begin(corner, version("1.0", title="Another"), active("7.0"))
    async with replica(corner, database) as second:
        assert (second.runs(), set(second.notes)) == ("1.0", noted)
        assert second.programmes.pack(NAME, "1.0") == PACK
        await corner.produce([said(version("7.0"))])
        await second.until("7.0", {f"programmes.v1 {KEY}"})


async def test_a_service_hears_of_other_programmes_and_after_a_restart_of_those_that_hold(
    corner: Corner, database: Database
) -> None:
    heard: list[dict[str, str]] = []

    async def hear() -> None:
        heard.append(dict(running.programmes.successors.of_codes))

    await begin(corner, PACK)
    async with replica(corner, database) as running:
        running.reader.on_change = [hear]
        await corner.produce([said(active())])
        await wait_until(lambda: _is(heard, [{}]))
        await corner.produce([said(active().model_copy(update={"predecessors": ["no-1201"]}))])
        await wait_until(lambda: _is(heard, [{}, {"no-1201": BERGEN}]))
        await running.until("1.0", set())
        assert len(heard) == 2
    heard.clear()
    async with replica(corner, database) as running:
        assert running.programmes.successors.of_codes == {"no-1201": BERGEN}
        running.reader.on_change = [hear]
        await corner.produce([said(active().model_copy(update={"districts": ["Fana"]}))])
        await running.until("1.0", {f"programmes.v1 {ACTIVE}"})
        assert heard == [], "no code loses its successor"


async def _is(heard: list[dict[str, str]], expected: list[dict[str, str]]) -> bool:
    return heard == expected


async def test_an_activation_waits_for_operators_and_then_runs(corner: Corner, database: Database) -> None:
    await begin(corner, PACK, active(), asking("red_cross_vejle"), active("1.1"))
    async with replica(corner, database) as running:
        # On the topic 1.0 was superseded before anybody read it.
        await running.until(None, {f"programmes.v1 {ACTIVE}"})
        of_vejle = OPERATORS[0].model_copy(update={"operator": "vejle-1", "organisation": "red_cross_vejle"})
        await corner.produce([said(of_vejle)])
        await running.until("1.1", set())


async def test_what_runs_goes_on_after_its_operators_have_expired_and_the_service_has_restarted(
    corner: Corner, database: Database
) -> None:
    await begin(corner, PACK, active())
    async with replica(corner, database) as first:
        assert first.runs() == "1.0"
    expired = [one.model_copy(update={"valid_until": NOW - timedelta(days=1)}) for one in OPERATORS]
    await corner.produce([said(one) for one in expired])
    async with replica(corner, database) as second:
        assert (second.runs(), second.notes) == ("1.0", {})


async def make_again(corner: Corner, *records: Any) -> None:
    """Both topics anew, with other records, and in one go: nobody reads them empty."""
    for topic in (topics.OPERATORS, topics.PROGRAMMES):
        await corner.delete_topic(topic.name)
    await corner.create_topics(service="reporting")
    await corner.produce([said(record) for record in records])


ANOTHER = operator("redcross-9", RED_CROSS)


@pytest.mark.parametrize("more", [0, 6], ids=["shorter", "longer"])
async def test_topics_made_again_are_read_anew_and_what_they_lack_goes(
    corner: Corner, database: Database, more: int
) -> None:
    """Of a shorter one the position is beyond its end; a longer one has others where it was read before."""
    await begin(corner, PACK, active())
    async with replica(corner, database) as running:
        assert running.operators() == {"redcross-1", "intro-1"}
        again = [operator(f"intro-{number}", INTRODUCTION) for number in range(2, 2 + more)]
        await make_again(corner, ANOTHER, *again, PACK, active(), version("1.1"))

        async def anew() -> bool:
            taken_over = running.programmes.pack(NAME, "1.1") is not None
            return taken_over and running.operators() == {one.operator for one in (ANOTHER, *again)}

        await wait_until(anew)
        assert (running.runs(), running.notes) == ("1.0", {})


async def test_an_ended_activation_is_forgotten(corner: Corner, database: Database) -> None:
    await begin(corner, PACK, active())
    async with replica(corner, database) as running:
        await corner.produce([(topics.PROGRAMMES, ACTIVE, None)])
        await running.until(None, set())
    assert [row["_id"] async for row in database[COLLECTION].find({})] == [KEY]


async def test_of_two_replicas_contents_of_a_version_the_first_that_was_kept_holds(
    database: Database,
) -> None:
    kept, other = Kept(database), version("1.0", title="Another")
    assert await kept.keep(KEY, PACK) == (KEY, PACK)
    assert await kept.keep(KEY, other) == (KEY, PACK)


async def test_a_kept_pack_that_a_release_can_t_read_is_left_out_and_named(database: Database) -> None:
    kept = Kept(database)
    await kept.keep(KEY, PACK)
    await kept.keep(ACTIVE, active())
    await database[COLLECTION].update_one({"_id": KEY}, {"$unset": {"record.pairing": True}})
    programmes = Programmes()
    with capture_logs() as logs:
        await kept.load(programmes)
    assert [(line["event"], line["key"]) for line in logs] == [("kept_programme_unreadable", KEY)]
    assert programmes.active(BERGEN, NAME) is None


async def test_what_does_not_hold_is_logged_once_and_counted(corner: Corner, database: Database) -> None:
    with capture_logs() as logs:
        await begin(corner, PACK, active("7.0"))
        async with replica(corner, database) as running:
            metrics = Metrics(refused=lambda: running.reader.refused)
            page = (await metrics.render(database, CLOCK)).decode()
            await corner.produce([said(version("1.1"))])

            async def taken_over() -> bool:
                return running.programmes.pack(NAME, "1.1") is not None

            await wait_until(taken_over)
    counted = {
        sample.labels["topic"]: sample.value
        for metric in text_string_to_metric_families(page)
        for sample in metric.samples
        if sample.name == "kobling_table_records_refused"
    }
    assert counted == {"operators.v1": 0, "programmes.v1": 1}
    # Once more when another version was published, since the text names those that there are.
    refused = [line for line in logs if line["event"] == "table_record_refused"]
    assert [(line["topic"], line["key"]) for line in refused] == [("programmes.v1", ACTIVE)] * 2


async def test_readiness_names_what_does_not_hold_and_the_service_is_ready(corner: Corner) -> None:
    settings = Settings(**corner.settings)
    app = App(create_app(settings, Resources.of("reporting", settings)), settings)
    await begin(corner, active("7.0"))
    pages = http(app)
    async with pages.router.lifespan_context(pages):

        async def ready() -> bool:
            return app.tables.caught_up.is_set() and not app.resources.health.causes

        await wait_until(ready)
        shown, status = await answer(pages)
        assert (status, shown["ready"], shown["causes"]) == (200, True, {})
        assert shown["notes"][f"programmes.v1 {ACTIVE}"].startswith(
            "pack_version: flyktningguide-bergen@7.0 "
        )


async def answer(pages: Any) -> tuple[dict[str, Any], int]:
    """What the readiness page says."""
    transport = httpx.ASGITransport(app=pages)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        got = await client.get("/health/ready")
        return got.json(), got.status_code
