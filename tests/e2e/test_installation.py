"""What the demonstration says and leaves behind, and a municipality that goes on sending to it."""

import asyncio
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from deploy.accounts import cluster_of
from deploy.demo.client import Client, Document, event_name, read_all
from deploy.examples import BERGEN
from shared.cluster import Cluster
from shared.contracts import topics
from tests.e2e import canaries as people
from tests.e2e.conftest import Demo
from tests.e2e.imports import (  # noqa: F401 (one demonstration serves both files)
    test_a_changed_row_undoes_nothing_that_happened_since,
    test_a_row_that_was_refused_in_part_goes_through_once_it_is_mended,
    test_a_trial_sends_nothing,
    test_commands_one_on_each_line,
    test_forty_volunteers_are_one_file_and_twice_are_they_the_same,
    test_meetings_of_a_table_are_logged_once,
    test_settlements_and_their_receipts,
    test_what_is_wrong_is_told_by_row_and_column_before_anything_is_sent,
)
from tests.e2e.municipality import TOPIC, Settlement, caused_by, cloud_event, produce, receipts, structured
from tests.e2e.traces import canaries, logs, records
from tests.support.canaries import held
from tests.support.cluster import wait_until

LAST_LINE = "demo: 32 settlements, 23 pairs created, 2 refugees waiting, 32 volunteers waiting, 0 lost"


def test_the_same_last_line_whichever_service_is_killed(demo: Demo) -> None:
    assert sorted(demo.killed) == ["intake", "matching", "notifications", "reporting"]
    assert demo.output.strip().splitlines()[-1] == LAST_LINE
    assert demo.status == 0


def test_the_pairs_are_shown_with_the_parts_of_their_score_and_who_waits_with_the_reason(demo: Demo) -> None:
    for part in ("interests", "language", "availability", "score", "waiting"):
        assert part in demo.output
    assert re.search(r"BER-2016-0012 .*no_candidate.*language 55", demo.output)
    assert re.search(r"BER-2016-0013 .*no_candidate.*language 52", demo.output)


async def test_no_personal_data_but_where_it_may_be(demo: Demo) -> None:
    """Every committed record of every topic, and every log line, against every example person's values."""
    personal = canaries()
    assert len(personal) > 200
    seen = 0
    found: list[str] = []
    for topic, content in await records(demo.addresses["kafka"]):
        seen += 1
        allowed = re.match(r"settlements\.|commands\.intake\.", topic)
        found += [f"{topic}: {canary}" for canary in personal if canary in content and not allowed]
    assert seen > 2000
    for log, text in logs(demo).items():
        found += [f"{log}: {canary}" for canary in personal if canary in text]
    assert found == []
    assert not any(canary in demo.output for canary in personal)


async def test_the_canaries_are_there_where_they_may_be(demo: Demo) -> None:
    """The search finds what it looks for."""
    texts = "".join(
        content
        for topic, content in await records(demo.addresses["kafka"])
        if topic.startswith("settlements.")
    )
    person = BERGEN.settlements("no-4601")[0]["data"]["person"]
    assert person["family_name"] in texts


async def test_a_settlement_in_structured_mode(
    installation: Document, client: Client, settlement: Settlement, case: str
) -> None:
    sent = settlement(case)
    structured(installation["kafka"], sent)
    (receipt,) = await receipts(client, case, 1)
    assert receipt["outcome"] == "accepted"
    (record,) = await caused_by(cluster_of(installation), topics.REFUGEES, sent["id"])
    event = cloud_event(record)
    assert event.get_type() == "no.kobling.RefugeeSettled.v1"
    assert event.get_subject() == record.key.decode()
    assert event.get_extension("causationid") == sent["id"]
    assert event.get_extension("revision") == 1


async def test_the_same_settlement_in_binary_mode(
    installation: Document, client: Client, settlement: Settlement, case: str
) -> None:
    sent = settlement(case)
    data = sent.pop("data")
    headers = {f"ce_{name}": value for name, value in sent.items()} | {"content-type": "application/json"}
    produce(installation["kafka"], case, json.dumps(data).encode(), headers)
    (receipt,) = await receipts(client, case, 1)
    assert receipt["outcome"] == "accepted"
    assert len(await caused_by(cluster_of(installation), topics.REFUGEES, sent["id"])) == 1


async def test_the_same_record_again_gives_a_duplicate_receipt_and_nothing_else(
    installation: Document, client: Client, settlement: Settlement, case: str
) -> None:
    sent = settlement(case)
    for _ in range(3):
        structured(installation["kafka"], sent)
    outcomes = [receipt["outcome"] for receipt in await receipts(client, case, 3)]
    assert outcomes == ["accepted", "duplicate", "duplicate"]
    assert len(await caused_by(cluster_of(installation), topics.REFUGEES, sent["id"])) == 1


async def test_a_broken_record_gives_one_dead_letter_without_its_content(
    installation: Document, client: Client, settlement: Settlement, case: str
) -> None:
    broken = settlement(case)
    broken["data"]["person"]["shoe_size"] = 38
    structured(installation["kafka"], broken)
    structured(installation["kafka"], settlement(case))
    first, second = await receipts(client, case, 2)
    assert (first["outcome"], first["code"], first["field"]) == (
        "rejected",
        "unknown_field",
        "person",
    )
    assert second["outcome"] == "accepted"
    letters = await read_all(cluster_of(installation), "intake.dlq.v1", 12)
    mine = [
        letter for letter in letters if dict(letter.headers)["dlq-offset"] == str(first["offset"]).encode()
    ]
    (letter,) = mine
    assert (letter.key, letter.value) == (None, b"")
    headers = {name: value.decode() for name, value in letter.headers}
    assert headers["dlq-reason"] == "unknown_field"
    assert headers["dlq-field"] == "person"
    assert headers["dlq-topic"] == TOPIC


async def test_a_correction_and_a_late_older_record(
    installation: Document, client: Client, settlement: Settlement, case: str
) -> None:
    older, newer = settlement(case), settlement(case)
    older["time"] = "2016-01-01T00:00:00Z"
    structured(installation["kafka"], newer)
    structured(installation["kafka"], older)
    corrected = settlement(case, languages=[{"code": "ti", "level": "native"}])
    structured(installation["kafka"], corrected)
    first, second, third = await receipts(client, case, 3)
    assert [first["outcome"], second["outcome"], third["outcome"]] == ["accepted", "stale", "accepted"]
    assert second["newer"] == newer["time"]
    (record,) = await caused_by(cluster_of(installation), topics.REFUGEES, corrected["id"])
    assert event_name(json.loads(record.value)) == "RefugeeCorrected"
    assert await caused_by(cluster_of(installation), topics.REFUGEES, older["id"]) == []


@pytest.mark.parametrize("protection", ["confidential", "strictly_confidential", None])
async def test_a_protected_person_leaves_no_trace_but_a_receipt(
    installation: Document, client: Client, settlement: Settlement, case: str, protection: str | None
) -> None:
    sent = settlement(case)
    del sent["data"]["protection"]
    if protection:
        sent["data"]["protection"] = protection
    structured(installation["kafka"], sent)
    (receipt,) = await receipts(client, case, 1)
    assert receipt["outcome"] == "accepted"
    assert receipt.get("code") == (None if protection else "protection_unstated")
    for topic in (
        topics.REFUGEES,
        topics.CONTACT_CARDS,
        topics.PAIRS,
        topics.NOTIFICATIONS,
        topics.INDICATORS,
    ):
        assert await caused_by(cluster_of(installation), topic, sent["id"]) == []


async def referrals(kafka: Cluster) -> list[Document]:
    """All that were published, in full."""
    records = await read_all(kafka, topics.REFUGEES.name, topics.REFUGEES.partitions)
    documents = [json.loads(record.value) for record in records if record.value]
    return [document for document in documents if event_name(document) == "RefugeeReferred"]


async def test_an_unaccompanied_minor_is_referred_and_nothing_more(
    installation: Document, client: Client, settlement: Settlement, case: str
) -> None:
    sent = settlement(case, unaccompanied_minor=True)
    before = await referrals(cluster_of(installation))
    structured(installation["kafka"], sent)
    (receipt,) = await receipts(client, case, 1)
    assert receipt["outcome"] == "referred"
    (document,) = [one for one in await referrals(cluster_of(installation)) if one not in before]
    assert document["data"] == {"municipality": "no-4601"}
    for topic in (topics.REFUGEES, topics.CONTACT_CARDS):
        assert await caused_by(cluster_of(installation), topic, sent["id"]) == []


async def test_a_known_person_who_becomes_protected_is_taken_back(
    installation: Document, client: Client, settlement: Settlement, case: str
) -> None:
    sent = settlement(case)
    structured(installation["kafka"], sent)
    await receipts(client, case, 1)
    (record,) = await caused_by(cluster_of(installation), topics.REFUGEES, sent["id"])
    protected = settlement(case, protection="confidential")
    structured(installation["kafka"], protected)
    await receipts(client, case, 2)

    async def taken_back() -> list[Any]:
        states = await read_all(cluster_of(installation), "refugees.v1", 12)
        mine = [state for state in states if state.key == record.key]
        return mine if mine[-1].value is None else []

    *_, last, _ = await wait_until(taken_back, "the null value")
    said = {name: value for name, value in json.loads(last.value)["data"].items() if value}
    assert said == {"municipality": "no-4601", "status": "withdrawn"}


@pytest.mark.parametrize(
    "reference", ["01010750160", "010107-50160", "010107_50160", "NO01010750160", "0101804567"]
)
async def test_a_personal_number_as_case_is_refused_and_never_repeated(
    installation: Document, client: Client, settlement: Settlement, reference: str
) -> None:
    """Made-up numbers that pass for Norwegian and Danish ones."""
    sent = settlement(reference)
    structured(installation["kafka"], sent)

    def refused() -> list[Document]:
        return [one["data"] for one in client.receipts if one["causationid"] == sent["id"]]

    await client.until(lambda: bool(refused()), lambda: "no receipt")
    assert [(data["outcome"], data["code"]) for data in refused()] == [("rejected", "personal_number")]
    receipts = await read_all(cluster_of(installation), topics.RECEIPTS.named("no-4601"), 1)
    (mine,) = [one for one in receipts if sent["id"].encode() in one.value]
    assert mine.key is None
    assert all(reference.encode() not in (receipt.value or b"") for receipt in receipts)


async def test_a_name_in_every_place_is_nowhere_but_where_it_was_sent_and_in_its_readers_letter(
    demo: Demo, client: Client, settlement: Settlement, case: str, now: Callable[[], datetime]
) -> None:
    """Last in this file: it leaves some hundred refused records, and rounds that others asked for."""
    found = demo.addresses
    async with asyncio.timeout(60):
        await people.pair(client, settlement, case, now().date())
        assert await people.send_names_everywhere(found["kafka"]) > 500

        async def letters() -> bool:
            # Of the proposal first, if they hear of it before they answer.
            return {(str(mail["To"]), str(mail["Subject"])) for mail in people.mails(found)} >= people.PAIRED

        await wait_until(letters, "their letters")
        await wait_until(lambda: people.is_settled(found), "all is handled", within=50)
    written = [one for one in await records(found["kafka"]) if people.holds_canary(one[1])]
    assert len(written) > 500
    assert {topic for topic, _ in written if not re.match(r"settlements\.|commands\.", topic)} == set()
    assert await held(found["mongodb"], *topics.SERVICES) == []
    assert [log for log, text in logs(demo).items() if people.holds_canary(text)] == []
    assert not people.holds_canary(await people.pages(found))
    assert [
        mail["Subject"] for mail in people.mails(found) if people.holds_canary(people.beyond_its_reader(mail))
    ] == []
