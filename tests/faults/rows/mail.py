"""Row 29: the mail server accepts messages and dies before it says so."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from shared.contracts.intake.cards import CardDetails, ContactCard
from shared.ids import new_subject
from shared.sealing import Sealer
from tests.faults.registry import Run, row
from tests.faults.world import World
from tests.support.cluster import Record, event, wait_until
from tests.support.mail import MailSink

PAIRS: Final = 12
CUTS: Final = 6
KEY_ID: Final = "notifications-1"
QUICK: Final = {"RETRY_FIRST": "PT0.2S", "RETRY_CEILING": "PT2S"}


def _card(world: World, subject: str, address: str) -> Record:
    details = CardDetails.model_validate(
        {
            "given_name": "Kanarifugl",
            "email": address,
            "preferred_language": "en",
        }
    )
    plain = details.model_dump_json(exclude_none=True).encode()
    sealed = Sealer(KEY_ID, world.keys["card_public"]).seal(plain, subject)
    data = ContactCard(municipality=world.municipalities[0], card=sealed).model_dump(mode="json")
    return event("ContactCardSealed", subject, data, datetime.now(UTC), revision=1)


def _pair(world: World, receiving: str, giving: str) -> Record:
    today = datetime.now(UTC).date().isoformat()
    receipt = {
        "score": 1,
        "parts": {},
        "waiting_bonus": 0,
        "rank": 1,
        "candidates": 1,
        "pack_version": "1.0",
        "round": "round-1",
    }
    state: dict[str, Any] = {
        "municipality": world.municipalities[0],
        "programme": "flyktningguide-bergen",
        "pack_version": "1.0",
        "receiving": receiving,
        "giving": giving,
        "status": "active",
        "receipt": receipt,
        "proposed_on": today,
        "created_on": today,
    }
    return event("PairCreated", new_subject("pair"), state, datetime.now(UTC), revision=1)


async def _publish(world: World, records: list[Record]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=world.servers.kafka)
    await producer.start()
    try:
        for topic, key, value in records:
            await producer.send_and_wait(world.prefix + topic.name, value, key.encode())
    finally:
        await producer.stop()


@row(29, "the mail server dies after accepting; the service between send and mark", "beside")
async def mail_server_dies(run: Run) -> None:
    sink = MailSink(cuts=CUTS)
    await sink.start()
    try:
        async with run.own("notifications", more={**QUICK, "SMTP_PORT": str(sink.port)}) as world:
            people = [(new_subject("refugee"), new_subject("volunteer")) for _ in range(PAIRS)]
            addresses = {one: f"{one}@example.org" for couple in people for one in couple}
            await _publish(world, [_card(world, *one) for one in addresses.items()])
            await _publish(world, [_pair(world, *couple) for couple in people])

            async def some() -> bool:
                return len(sink.mails) >= CUTS

            await wait_until(some, "the first mails", within=60)
            # The server is gone for a while, and so is the service, in the middle of sending.
            await world.of("notifications").kill()
            await sink.stop()
            await asyncio.sleep(2)
            await sink.start()

            async def all_settled() -> bool:
                rows = world.databases["notifications"]["messages"]
                return await rows.count_documents({"status": "pending"}) == 0 and await rows.count_documents(
                    {}
                ) == len(addresses)

            await wait_until(all_settled, "every message is settled", within=60)
            rows = world.databases["notifications"]["messages"]
            ended = {
                addresses[row["recipient"]]: row["code"] async for row in rows.find({"status": "failed"})
            }
            _held(run, sink, list(addresses.values()), ended)
            run.did(f"{CUTS} replies lost, 1 kill; {len(sink.mails)} mails to {len(addresses)}")
    finally:
        await sink.stop()


def _held(run: Run, sink: MailSink, addresses: list[str], ended: dict[str, str]) -> None:
    """Promise 9: at most twice, under one Message-ID, and to everybody. `ended` has the codes of
    messages that failed, so that a missing mail says why.
    """
    mails = Counter(str(mail["To"]) for mail in sink.mails)
    ids = {address: {str(mail["Message-ID"]) for mail in sink.to(address)} for address in addresses}
    verdict = run.result.verdict
    verdict.missing(
        "promise 9", "mails", [f"{one} ({ended.get(one)})" for one in addresses if not mails[one]]
    )
    verdict.twice("promise 9", "mails more than", [one for one in addresses if mails[one] > 2])
    verdict.broken("promise 9", "two Message-IDs", [one for one in addresses if len(ids[one]) > 1])
