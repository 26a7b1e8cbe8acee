"""One settlement's trace, through the real services to the indicators, as a collector gets it."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy import background
from deploy.accounts import cluster_of
from deploy.demo.client import Client, Document, read_all
from deploy.examples import BERGEN
from shared.contracts import topics
from shared.contracts.example import MUNICIPALITY, POOL, PROGRAMME
from tests.e2e import canaries as people
from tests.e2e.municipality import settlements
from tests.support.cluster import wait_until
from tests.support.collector import Collector, Taken

TRACE, ROUND, REFUSED, UNSAMPLED, AFTER = (f"{number}af7651916cd43dd8448eb211c80319c" for number in range(5))
"""Of the settlement that is followed, of the rounds, and of other settlements."""
SENT = "b7ad6b7169203331"
CASE = "BER-traced-case"

Step = tuple[str, str]
"""A service without `kobling-`, and the name of its span."""


def now() -> datetime:
    return datetime.now(UTC)


class Coordinator(Client):
    """Clients whose system traces the rounds that it asks for, and nothing else."""

    def command(self, name: str, operator: str, subject: str, **data: Any) -> Document:
        made = super().command(name, operator, subject, **data)
        return {**made, "traceparent": f"00-{ROUND}-{SENT}-01"} if name == "RunRound" else made


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector().running() as running:
        yield running


@pytest.fixture(scope="module")
def installation(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The four services, which send their spans to the collector."""
    directory: Path = tmp_path_factory.mktemp("traced")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        patched.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        patched.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        try:
            yield background.start(directory)
        finally:
            background.stop(directory)


@pytest.fixture
async def client(installation: dict[str, Any]) -> AsyncIterator[Client]:
    cluster = cluster_of(installation)
    async with Coordinator(cluster, BERGEN.municipalities, BERGEN.operators, now) as connected:
        yield connected


def settlement(case: str, *, trace: str | None = TRACE, flags: str = "01", **data: Any) -> Document:
    """A settlement, in its sender's trace."""
    made = settlements(now)(case, **data)
    return made if trace is None else {**made, "traceparent": f"00-{trace}-{SENT}-{flags}"}


async def settle(client: Client, *sent: Document) -> list[str]:
    """Settles people, and returns what came of it."""
    await client.send("settlements.no-4601.v1", list(sent))

    def receipts() -> list[Document]:
        cases = [one["subject"] for one in sent]
        return [one["data"] for one in client.receipts if one["subject"] in cases]

    await client.until(lambda: len(receipts()) == len(sent), lambda: f"{len(receipts())} receipts")
    return [receipt["outcome"] for receipt in receipts()]


def steps_to(span: Taken, collector: Collector) -> list[Step]:
    """From the sender's span to this one; empty before all between them are there: services send for
    themselves.
    """
    by_id = {one.id: one for one in collector.spans}
    steps = [_step(span)]
    while span.parent != SENT:
        if (parent := by_id.get(span.parent)) is None:
            return []
        span = parent
        steps.append(_step(span))
    return steps[::-1]


def _step(span: Taken) -> Step:
    return span.service.removeprefix("kobling-"), span.name


TO_PAIR: list[Step] = [
    ("intake", "process settlements.<municipality>.v1"),
    ("matching", "process refugees.v1"),
    ("matching", "PairProposed"),
    ("matching", "AnswerRecorded"),
    ("matching", "ProposalAccepted"),
    ("matching", "AgreementSigned"),
    ("matching", "AgreementSigned"),
    ("matching", "PairCreated"),
]


async def test_one_settlement_is_followed_to_its_letters_and_the_indicators(
    installation: dict[str, Any], client: Client, collector: Collector
) -> None:
    # The first round of a fresh installation takes its time.
    pool = {"municipality": MUNICIPALITY, "programme": PROGRAMME}
    await people.ask(client, "matching", ("RunRound", POOL, pool))
    await people.pair(client, settlement, CASE, now().date())
    # What follows the pair's creation: both are written to, and it is counted.
    ends = {("notifications", "run send_message"): 2, ("reporting", "publish indicators"): 1}

    async def all_there() -> bool:
        found = [steps_to(span, collector) for span in collector.spans]
        return all(
            found.count([*TO_PAIR, (end[0], "process pairs.v1"), end]) == count for end, count in ends.items()
        )

    await wait_until(all_there, "the spans of letters and indicators", within=60)
    traced = [span for span in collector.spans if span.trace == TRACE]
    assert {span.service for span in traced} == {f"kobling-{service}" for service in topics.SERVICES}
    assert {span.attributes["kobling.outcome"] for span in traced if "process" in span.name} == {"applied"}
    (reported,) = [span for span in collector.named("process refugees.v1") if "reporting" in span.service]
    assert steps_to(reported, collector) == [TO_PAIR[0], ("reporting", "process refugees.v1")]


async def test_the_round_is_in_its_coordinator_s_trace_and_the_proposal_leads_to_it(
    collector: Collector,
) -> None:
    rounds = {span.id for span in collector.named("run run_round")}
    assert {span.trace for span in collector.named("run run_round")} == {ROUND}
    (proposed,) = collector.named("PairProposed")
    assert len(proposed.links) == 1
    assert set(proposed.links) <= rounds
    round_of_it = next(span for span in collector.spans if span.id == proposed.links[0])
    assert steps_to(round_of_it, collector) == [
        ("matching", "process commands.matching.<operator>.v1"),
        ("matching", "run run_round"),
    ]


async def test_no_span_holds_anything_of_anybody(
    installation: dict[str, Any], client: Client, collector: Collector
) -> None:
    """Nor what leads to somebody, but for where the record stands."""
    assert len(collector.spans) > 20
    texts = "\n".join(span.text for span in collector.spans)
    assert not people.holds_canary(texts)
    subjects = [record.key.decode() for record in await read_all(cluster_of(installation), "refugees.v1", 12)]
    assert subjects
    for words in (CASE, "Eksempel", "kanari", "refugee-", "volunteer-", "pair-", "message-", *subjects):
        assert words not in texts
    published = await read_all(cluster_of(installation), "indicators.v1", 12)
    assert published
    assert not any("traceparent" in json.loads(record.value) for record in published if record.value)


async def test_who_is_not_traced_leaves_no_span_and_who_is_refused_does(
    client: Client, collector: Collector
) -> None:
    refused = settlement("BER-refused", trace=REFUSED, shoe_size=38)
    unsampled = settlement("BER-unsampled", trace=UNSAMPLED, flags="00")
    untraced, after = settlement("BER-untraced", trace=None), settlement("BER-after", trace=AFTER)
    sent = [refused, unsampled, untraced, after]
    assert sorted(await settle(client, *sent)) == ["accepted", "accepted", "accepted", "rejected"]

    async def all_there() -> bool:
        seen = {span.service for span in collector.spans if span.trace == AFTER}
        return len(seen) == 3

    await wait_until(all_there, "the last one's spans, in intake, matching and reporting", within=30)
    assert {span.trace for span in collector.spans} == {TRACE, ROUND, REFUSED, AFTER}
    (dead,) = [span for span in collector.spans if span.trace == REFUSED]
    assert dead.failed
    assert (dead.attributes["kobling.outcome"], dead.attributes["error.type"]) == ("dead", "unknown_field")


async def test_with_the_collector_away_everything_goes_on(
    installation: dict[str, Any], client: Client, collector: Collector
) -> None:
    collector.close()
    assert await settle(client, settlement("BER-away")) == ["accepted"]
    log = Path(installation["logs"]) / "intake.log"

    async def dropped() -> bool:
        return '"event":"spans_dropped"' in log.read_text()

    await wait_until(dropped, "the log line of what is lost", within=30)
    async with httpx.AsyncClient(trust_env=False) as http:
        for service in installation["services"].values():
            assert (await http.get(f"{service['health']}/ready")).status_code == 200
    collector.open()
    before = len(collector.spans)
    assert await settle(client, settlement("BER-back")) == ["accepted"]

    async def back() -> bool:
        return any(span.service == "kobling-intake" for span in collector.spans[before:])

    await wait_until(back, "spans again", within=30)
