"""What a first FastStream service looks like: one message, one transaction, one publish, one commit.

It validates as ours does and writes the same file, but keeps no outbox: a crash between its transaction and
its publish loses an event, and a redelivery sends one twice.
"""

import asyncio
import json

from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.middlewares import AckPolicy
from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo import IndexModel

from shared.contracts.envelope import Envelope
from shared.contracts.municipal import PersonSettled
from shared.contracts.topics import RECEIPTS, REFUGEES, SETTLEMENTS
from shared.ids import new_subject
from tests.bench.pipeline.bare import DURABLE, SNAPSHOT, Where, serve_until_told
from tests.bench.pipeline.floor import envelope_of, public_state


async def main() -> None:
    """Plays intake."""
    where = Where.of_environment()
    client, database = where.open()
    await database["refugees"].create_indexes([IndexModel("case", unique=True)])
    broker = KafkaBroker(where.kafka, acks="all", enable_idempotence=True, logger=None)

    @broker.subscriber(
        pattern=SETTLEMENTS.pattern(where.prefix),
        group_id=where.group("settlements"),
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        ack_policy=AckPolicy.ACK,
        no_reply=True,
    )
    async def settled(said: bytes, message: KafkaMessage) -> None:
        # FastStream decodes `application/json` alone, not `application/cloudevents+json`.
        envelope = Envelope.model_validate(json.loads(said))
        data = PersonSettled.model_validate(envelope.data).model_dump(mode="json", by_alias=True)
        topic = message.raw_message.topic  # type: ignore[union-attr]
        owner = SETTLEMENTS.owner(topic, where.prefix)
        subject, now = new_subject("refugee"), envelope.time.isoformat()

        async def store(session: AsyncIOMotorClientSession) -> None:
            case = {"case": f"{owner}/{envelope.subject}"}
            if await database["refugees"].find_one(case, session=session) is None:
                await database["refugees"].insert_one({"_id": subject, **case, "said": data}, session=session)

        async with await client.start_session() as session:
            await session.with_transaction(store, read_concern=SNAPSHOT, write_concern=DURABLE)
        state = envelope_of("RefugeeSettled", subject, 1, envelope.id, now, public_state(data, owner))
        await broker.publish(state, where.prefix + REFUGEES.name, key=subject.encode())
        receipt = envelope_of(
            "SettlementReceipt", envelope.subject, 1, envelope.id, now, {"outcome": "accepted"}
        )
        await broker.publish(receipt, where.prefix + RECEIPTS.named(owner), key=envelope.subject.encode())

    await broker.start()
    await serve_until_told(where.port)
    await broker.stop()


if __name__ == "__main__":
    asyncio.run(main())
