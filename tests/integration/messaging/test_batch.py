import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import bson
import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import AutoReconnect

from shared.contracts import topics
from shared.messaging.at_rest import RecordCipher
from shared.messaging.batches.batch import Halted
from shared.messaging.batches.dead_letters import LARGEST_KEY
from shared.messaging.reading.outcome import Applied, Outcome
from shared.messaging.reading.records import Handled, Readable
from shared.messaging.subscription import HandledBefore, Hearing, Subscription
from shared.messaging.work import DueRow, OutgoingTooLarge, Work
from tests.integration.messaging.ledger import Commits, Ledger, processor, raws
from tests.support.cluster import Corner
from tests.support.outbox import waiting_rows
from tests.unit.messaging.records import raw, settlement


async def test_every_record_has_exactly_one_outcome(corner: Corner, ledger: Ledger) -> None:
    good, other = settlement("BER-1"), settlement("BER-2")
    collision = {**settlement("BER-3"), "id": good["id"]}
    commits = Commits()
    await processor(corner, ledger).process(raws([good, b"nonsense", good, other, collision]), commits)
    assert await ledger.rows() == {"BER-1": [0], "BER-2": [3]}
    assert await ledger.positions() == {"applied": 2, "duplicate": 1, "stale": 0, "dead": 2, "next_offset": 5}
    assert ledger.reported == [(0, "Applied"), (1, "Dead"), (2, "Duplicate"), (3, "Applied"), (4, "Dead")]
    codes = {row["code"] async for row in ledger.database["quarantine"].find({})}
    assert codes == {"not_json", "id_collision"}
    assert commits.offsets == {("settlements.no-4601.v1", 0): 5}


async def test_a_redelivered_batch_changes_and_answers_nothing(corner: Corner, ledger: Ledger) -> None:
    batch = raws([settlement("BER-1"), b"nonsense", settlement("BER-2")])
    await processor(corner, ledger).process(batch, Commits())
    before = (await ledger.rows(), await ledger.positions(), await ledger.count("outbox"))
    # Another process, as after a crash between the transaction's commit and the offset's.
    await processor(corner, ledger).process(batch, Commits())
    assert (await ledger.rows(), await ledger.positions(), await ledger.count("outbox")) == before
    assert len(ledger.reported) == 3


async def test_a_crash_inside_the_transaction_leaves_nothing(corner: Corner, ledger: Ledger) -> None:
    class Crash(BaseException):
        pass

    def crash(_: Readable) -> None:
        raise Crash

    ledger.before = crash
    with pytest.raises(Crash):
        await processor(corner, ledger).process(raws([settlement("BER-1")]), Commits())
    assert await ledger.count("positions") == 0
    ledger.before = lambda _: None
    await processor(corner, ledger).process(raws([settlement("BER-1")]), Commits())
    assert await ledger.rows() == {"BER-1": [0]}


@pytest.mark.parametrize(
    ("away", "woken"), [(timedelta(), 1), (timedelta(hours=-1), 1), (timedelta(hours=1), 0), (None, 0)]
)
async def test_a_batch_wakes_whoever_runs_due_rows_only_for_one_that_is_due(
    corner: Corner, ledger: Ledger, away: timedelta | None, woken: int
) -> None:
    async def apply(records: Sequence[Readable], work: Work) -> Sequence[Outcome]:
        if away is not None:
            work.schedule(DueRow("remind/1", "remind", work.now + away, "pair-1"))
        return [Applied() for _ in records]

    calls: list[None] = []
    handler = processor(corner, ledger)
    handler.transaction = replace(
        handler.transaction, subscription=Subscription(topics.SETTLEMENTS, apply, ledger.report)
    )
    handler.wake_due = lambda: calls.append(None)
    await handler.process(raws([settlement("BER-1")]), Commits())
    assert len(calls) == woken


async def test_who_hears_of_refused_records_is_given_them_at_their_places(
    corner: Corner, ledger: Ledger
) -> None:
    given: list[tuple[int, str, bool]] = []

    async def apply(
        records: Sequence[Readable | Handled], work: Work, handled_before: HandledBefore
    ) -> Sequence[Outcome]:
        for item in records:
            raw = item.record.raw if isinstance(item, Handled) else item.raw
            given.append((raw.offset, type(item).__name__, handled_before(raw)))
        return [item.outcome if isinstance(item, Handled) else Applied() for item in records]

    handler = processor(corner, ledger)
    handler.transaction = replace(
        handler.transaction, subscription=Subscription(topics.SETTLEMENTS, Hearing(apply), ledger.report)
    )
    good, other = settlement("BER-1"), settlement("BER-2")
    collision = {**settlement("BER-3"), "id": good["id"]}
    batch = raws([b"nonsense", good, b"nonsense", other, good])
    await handler.process(batch, Commits())
    await handler.process([*batch, *raws([collision, settlement("BER-4")], start=5)], Commits())
    first = [(0, "Handled"), (1, "Received"), (2, "Handled"), (3, "Received")]
    again = [(0, "Handled"), (2, "Handled")]
    new = [(5, "Handled"), (6, "Received")]
    assert given == [
        *((*one, False) for one in first),
        *((*one, True) for one in again),
        *((*one, False) for one in new),
    ]
    assert await ledger.positions() == {"applied": 3, "duplicate": 1, "stale": 0, "dead": 3, "next_offset": 7}


async def test_replicas_that_hold_the_same_batch_apply_it_once(corner: Corner, ledger: Ledger) -> None:
    batch = raws([settlement(f"BER-{number}") for number in range(40)])
    replicas = [processor(corner, ledger) for _ in range(4)]
    await asyncio.gather(*(replica.process(batch, Commits()) for replica in replicas))
    assert await ledger.rows() == {f"BER-{number}": [number] for number in range(40)}
    assert (await ledger.positions())["applied"] == 40
    assert await ledger.count("outbox") == 40


def failing(times: int, error: Callable[[], Exception], case: str) -> Callable[[Readable], None]:
    """Raises for one case, so many times."""
    left = [times]

    def before(record: Readable) -> None:
        if record.key == case and left[0]:
            left[0] -= 1
            raise error()

    return before


async def test_infrastructure_is_waited_for(corner: Corner, ledger: Ledger) -> None:
    ledger.before = failing(30, lambda: AutoReconnect("no primary"), "BER-1")
    await processor(corner, ledger).process(raws([settlement("BER-0"), settlement("BER-1")]), Commits())
    assert await ledger.rows() == {"BER-0": [0], "BER-1": [1]}
    assert await ledger.count("quarantine") == 0


async def test_an_exception_that_passes_costs_nothing(corner: Corner, ledger: Ledger) -> None:
    ledger.before = failing(4, lambda: KeyError("x"), "BER-5")
    await processor(corner, ledger).process(raws([settlement(f"BER-{n}") for n in range(8)]), Commits())
    assert await ledger.rows() == {f"BER-{number}": [number] for number in range(8)}


async def test_one_poison_record_is_found_by_bisecting_and_quarantined(
    corner: Corner, ledger: Ledger
) -> None:
    ledger.before = failing(10_000, lambda: KeyError("x"), "BER-5")
    commits = Commits()
    await processor(corner, ledger).process(raws([settlement(f"BER-{n}") for n in range(8)]), commits)
    assert await ledger.rows() == {f"BER-{number}": [number] for number in range(8) if number != 5}
    assert (await ledger.positions())["dead"] == 1
    row = await ledger.database["quarantine"].find_one({})
    assert row is not None
    assert (row["code"], row["attempts"], row["offset"]) == ("unhandled_exception", 5, 5)
    assert commits.offsets == {("settlements.no-4601.v1", 0): 8}


async def test_a_bad_release_stops_itself(corner: Corner, ledger: Ledger) -> None:
    def raise_always(_: Readable) -> None:
        raise KeyError

    ledger.before = raise_always
    handler = processor(corner, ledger)
    commits = Commits()
    with pytest.raises(Halted):
        await handler.process(raws([settlement(f"BER-{number}") for number in range(40)]), commits)
    assert await ledger.count("quarantine") == 0
    assert await ledger.count("positions") == 0
    assert commits.offsets == {}
    assert "unknown exceptions" in handler.health.causes["settlements"]


async def test_a_killed_process_s_open_transaction_holds_its_successor_up_for_seconds(
    corner: Corner, ledger: Ledger
) -> None:
    orphan: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(corner.addresses.mongodb)
    session = await orphan.start_session()
    session.start_transaction()
    positions = orphan[corner.database_name]["positions"]
    await positions.insert_one({"_id": "settlements.no-4601.v1/0", "next_offset": 7}, session=session)
    # Well under the minute that MongoDB leaves such a transaction open by default.
    async with asyncio.timeout(45):
        await processor(corner, ledger).process(raws([settlement("BER-1")]), Commits())
    assert await ledger.rows() == {"BER-1": [0]}
    orphan.close()


async def test_big_batches_are_split(corner: Corner, ledger: Ledger) -> None:
    handler = processor(corner, ledger, batch_records=3)
    await handler.process(raws([settlement(f"BER-{number}") for number in range(10)]), Commits())
    assert (await ledger.positions())["applied"] == 10


def _scrambled(content: bytes, _: str) -> bytes:
    return bytes(byte ^ 0x55 for byte in content)


async def test_what_may_be_personal_is_kept_encrypted_and_announced_without_it(
    corner: Corner, ledger: Ledger
) -> None:
    handler = processor(corner, ledger, cipher=RecordCipher(_scrambled, _scrambled))
    await handler.process(raws([b"Kari Eksempel"]), Commits())
    quarantined = await ledger.database["quarantine"].find_one({})
    assert quarantined is not None
    assert b"Kari" not in quarantined["value"]
    (letter,) = await waiting_rows(ledger.database, topic="intake.dlq.v1")
    assert (letter.key, letter.value) == (None, b"")
    headers = dict(letter.headers)
    assert headers["dlq-reason"] == b"not_json"
    assert headers["dlq-id"].decode() == quarantined["_id"]


@pytest.mark.parametrize(("size", "carried"), [(LARGEST_KEY, True), (LARGEST_KEY + 1, False)])
async def test_a_notice_carries_no_key_of_a_size_that_no_subject_has(
    corner: Corner, ledger: Ledger, size: int, carried: bool
) -> None:
    await processor(corner, ledger).process([raw(b"nonsense", key="k" * size)], Commits())
    (letter,) = await waiting_rows(ledger.database, topic="intake.dlq.v1")
    assert (letter.key is not None) == carried
    assert letter.value == b"nonsense"


async def test_names_of_headers_are_kept_encrypted_too(corner: Corner, ledger: Ledger) -> None:
    handler = processor(corner, ledger, cipher=RecordCipher(_scrambled, _scrambled))
    refused = raw(b"no json", headers=(("Kari Eksempel", b"x"), ("empty", None)))
    await handler.process([refused], Commits())
    quarantined = await ledger.database["quarantine"].find_one({})
    assert quarantined is not None
    assert b"Kari" not in bson.encode(quarantined)
    assert handler.transaction.dead_letters.original(quarantined) == refused


async def test_on_a_topic_that_was_made_again_another_record_at_the_same_place_is_no_redelivery(
    corner: Corner, ledger: Ledger
) -> None:
    handler = processor(corner, ledger)
    first = {**settlement("BER-1"), "id": "same"}
    await handler.process(raws([first]), Commits())
    (later,) = raws([{**settlement("BER-2"), "id": "same"}])
    await handler.process([later._replace(timestamp=later.timestamp + 60_000)], Commits())
    assert (await ledger.positions())["dead"] == 1
    letter = await ledger.database["quarantine"].find_one({})
    assert letter is not None
    assert letter["code"] == "id_collision"


async def test_a_redelivery_is_one_whatever_a_release_makes_of_its_fingerprint(
    corner: Corner, ledger: Ledger
) -> None:
    handler = processor(corner, ledger)
    records = raws([settlement("BER-1")])
    await handler.process(records, Commits())
    await ledger.database["inbox"].update_many({}, {"$set": {"fingerprint": b"of another release"}})
    await handler.process(records, Commits())
    assert await ledger.count("quarantine") == 0


async def test_records_that_are_too_large_to_send_are_no_release_s_fault(
    corner: Corner, ledger: Ledger
) -> None:
    def too_large(_: Readable) -> None:
        raise OutgoingTooLarge

    ledger.before = too_large
    handler = processor(corner, ledger)
    await handler.process(raws([settlement(f"BER-{number}") for number in range(10)]), Commits())
    assert (await ledger.positions())["dead"] == 10
