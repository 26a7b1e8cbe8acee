"""The floor: bare aiokafka and Motor, with the same reads, writes, bytes and cryptography as a service.

No validation, no decisions, no quarantine, no counters, no health, no redelivery: what is left is what the
servers and client libraries cost. Batches, the outbox and the fenced relay are as in the services.
"""

import asyncio
import contextlib
import hashlib
import hmac
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from motor.motor_asyncio import AsyncIOMotorClientSession, AsyncIOMotorDatabase
from pymongo import IndexModel, InsertOne, UpdateOne

from shared.contracts.envelope import HEADERS
from shared.contracts.topics import CONTACT_CARDS, RECEIPTS, REFUGEES, SETTLEMENTS, Topic
from shared.ids import new_event_id, new_subject
from shared.messaging.sending.outbox import INDEXES, OLDEST_FIRST, Bundle, Row, bundled, slot_of
from shared.messaging.sending.parcels import pack
from shared.mongo import put
from tests.bench.pipeline.bare import DURABLE, SNAPSHOT, Document, Where, serve_until_told
from tests.bench.pipeline.load import MUNICIPALITIES

BATCH = 1000
RELAYED = 32
SECRET = os.urandom(32)

Records = Sequence["ConsumerRecord[bytes, bytes]"]
Database = AsyncIOMotorDatabase[Document]
Session = AsyncIOMotorClientSession
Handle = Callable[[Records, Database, Session], Awaitable[None]]


def _encrypted(key: bytes, plain: bytes, subject: str) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, subject.encode())


def _row(topic: Topic, name: str, key: str, value: Document, order: int) -> Row:
    place = key.encode()
    return Row(name, place, orjson.dumps(value), HEADERS, order, slot_of(topic, name, place))


def envelope_of(name: str, subject: str, revision: int, cause: str, now: str, data: Document) -> Document:
    return {
        "specversion": "1.0",
        "id": new_event_id(),
        "source": "/kobling/intake",
        "type": f"no.kobling.{name}.v1",
        "subject": subject,
        "time": now,
        "datacontenttype": "application/json",
        "dataschema": f"urn:kobling:schema:{name}:1",
        "revision": revision,
        "correlationid": cause,
        "causationid": cause,
        "data": data,
    }


def public_state(said: Document, municipality: str) -> Document:
    return {
        "municipality": municipality,
        "status": "settled",
        "spells": [{"status": "settled", "from": said["settled_on"]}],
        "participations": [],
        "consents": [],
        "birth_year": int(said["person"]["birth_date"][:4]),
        "gender": said["person"]["gender"],
        "languages": said["languages"],
        "household": said["household"],
        "occupation_field": said["occupation"],
        "education_level": said["education"],
        "interests": said["interests"],
        "settled_on": said["settled_on"],
        "placement": said["placement"],
    }


def intake(prefix: str) -> Handle:
    """Settlements: a file with encrypted details, its key, an inbox row, a state and a receipt each."""

    async def handle(records: Records, database: Database, session: Session) -> None:
        said = [orjson.loads(record.value) for record in records]
        owners = [record.topic[len(prefix) :].split(".")[1] for record in records]
        cases = [
            hmac.digest(SECRET, f"{owner}/{one['subject']}".encode(), "sha256").hex()
            for owner, one in zip(owners, said, strict=True)
        ]
        ids = [f"{record.topic} {one['id']}" for record, one in zip(records, said, strict=True)]
        await database["inbox"].find({"_id": {"$in": ids}}, session=session).to_list(None)
        await database["refugees"].find({"cases": {"$in": cases}}, session=session).to_list(None)
        moment = datetime.now(UTC)
        order, now = int(moment.timestamp() * 1e6), moment.isoformat()
        keys: list[InsertOne[Document]] = []
        files: list[InsertOne[Document]] = []
        seen: list[Document] = []
        outbox: list[Row] = []
        for record, one, owner, case, id_ in zip(records, said, owners, cases, ids, strict=True):
            subject, key, data = new_subject("refugee"), AESGCM.generate_key(256), one["data"]
            keys.append(InsertOne({"_id": subject, "wrapped": _encrypted(SECRET, key, subject)}))
            state = public_state(data, owner)
            files.append(
                InsertOne(
                    {
                        "_id": subject,
                        "person": {
                            **state,
                            "subject": subject,
                            "cases": [{"key": case, "newest": one["time"]}],
                        },
                        "details": _encrypted(key, orjson.dumps(data["person"]), subject),
                        "state": [1, order],
                        "card": [0, 0],
                        "cases": [case],
                    }
                )
            )
            fingerprint = hashlib.blake2b(record.value, digest_size=16).digest()
            place = {"partition": record.partition, "offset": record.offset}
            seen.append({"_id": id_, "fingerprint": fingerprint, **place, "at": moment})
            envelope = envelope_of("RefugeeSettled", subject, 1, one["id"], now, state)
            outbox.append(_row(REFUGEES, prefix + REFUGEES.name, subject, envelope, order))
            receipt = {"outcome": "accepted", **place}
            answer = envelope_of(
                "SettlementReceipt", one["subject"], record.offset + 1, one["id"], now, receipt
            )
            outbox.append(_row(RECEIPTS, RECEIPTS.named(owner, prefix), one["subject"], answer, order))
        await database["subject_keys"].bulk_write(keys, session=session)
        await database["refugees"].bulk_write(files, session=session)
        await database["inbox"].insert_many(seen, ordered=False, session=session)
        await database["outbox"].insert_many(bundled(outbox), ordered=False, session=session)

    return handle


def _follower(collection: str, document: Callable[[str, Document], Document]) -> Handle:
    async def handle(records: Records, database: Database, session: Session) -> None:
        states = {record.key.decode(): orjson.loads(record.value) for record in records}
        found = database[collection].find({"_id": {"$in": list(states)}}, session=session)
        known = {one["_id"] async for one in found}
        writes = [put(document(subject, state), known=subject in known) for subject, state in states.items()]
        await database[collection].bulk_write(writes, ordered=False, session=session)

    return handle


def _party(subject: str, state: Document) -> Document:
    return {"_id": subject, "revision": state["revision"], "version": 1}


def _projection(subject: str, state: Document) -> Document:
    municipality = state["data"]["municipality"]
    fact = {
        "figure": "settlements_registered",
        "municipality": municipality,
        "programme": "all",
        "month": state["time"][:7],
    }
    return {
        "_id": subject,
        "revision": state["revision"],
        "erased": False,
        "live": {"municipality": municipality, "household": None, "ready": []},
        "open": [fact],
        "counted": [f"settlements_registered@{municipality}"],
    }


async def consume(where: Where, topics: list[str], group: str, handle: Handle, wake: asyncio.Event) -> None:
    """Batches from topics into transactions, and the commit after each."""
    client, database = where.open()
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=where.kafka,
        group_id=where.group(group),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=512 * 1024,
    )
    await consumer.start()
    try:
        while True:
            found = await consumer.getmany(timeout_ms=500, max_records=BATCH)
            records = [record for batch in found.values() for record in batch]
            if not records:
                continue

            async def store(session: Session, records: Records = records) -> None:
                await database["positions"].find({}, session=session).to_list(None)
                await handle(records, database, session)
                ends = {f"{record.topic}/{record.partition}": record.offset + 1 for record in records}
                moves = [
                    UpdateOne({"_id": place}, {"$max": {"next_offset": end}}, upsert=True)
                    for place, end in ends.items()
                ]
                await database["positions"].bulk_write(moves, ordered=False, session=session)

            async with await client.start_session() as session:
                await session.with_transaction(store, read_concern=SNAPSHOT, write_concern=DURABLE)
            wake.set()
            await consumer.commit()
    finally:
        await consumer.stop()


async def relay(where: Where, wake: asyncio.Event) -> None:
    """The outbox in order through a fenced producer; deleted after the acknowledgement."""
    _, database = where.open()
    producer = AIOKafkaProducer(
        bootstrap_servers=where.kafka,
        transactional_id=f"{where.prefix}{where.service}-relay",
        acks="all",
        enable_idempotence=True,
        max_batch_size=256 * 1024,
    )
    await producer.start()
    try:
        while True:
            found = await database["outbox"].find({}, sort=OLDEST_FIRST, limit=RELAYED).to_list(None)
            if not found:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), 0.1)
                wake.clear()
                continue
            async with producer.transaction():
                sent = [
                    await producer.send_batch(parcel.batch, parcel.topic, partition=parcel.partition)
                    for parcel in await pack(
                        [row for one in found for row in Bundle.of(one).rows], producer, ()
                    )
                ]
                await asyncio.gather(*sent)
            await database["outbox"].delete_many({"_id": {"$in": [one["_id"] for one in found]}})
    finally:
        await producer.stop()


async def main() -> None:
    """Plays the part that the environment names."""
    where = Where.of_environment()
    _, database = where.open()
    if where.service == "intake":
        await database["inbox"].create_indexes([IndexModel("at", expireAfterSeconds=90 * 86400)])
        await database["refugees"].create_indexes([IndexModel("cases", unique=True)])
    await database["outbox"].create_indexes(INDEXES)
    wake = asyncio.Event()
    states = [where.prefix + REFUGEES.name]
    parts: dict[str, tuple[list[str], str, Handle]] = {
        "intake": (
            [where.prefix + SETTLEMENTS.named(name) for name in MUNICIPALITIES],
            "settlements",
            intake(where.prefix),
        ),
        "matching": (states, "refugees", _follower("parties", _party)),
        "reporting": (states, "refugees", _follower("refugees", _projection)),
        "notifications": (
            [where.prefix + CONTACT_CARDS.name],
            "contact-cards",
            _follower("cards", lambda subject, state: {"_id": subject, **state}),
        ),
    }
    topics, group, handle = parts[where.service]
    running: list[asyncio.Task[None]] = [
        asyncio.create_task(consume(where, topics, group, handle, wake)),
        asyncio.create_task(relay(where, wake)),
        asyncio.create_task(serve_until_told(where.port)),
    ]
    # Whatever fails ends the process with its cause.
    ended, left = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    for task in ended:
        task.result()


if __name__ == "__main__":
    asyncio.run(main())
