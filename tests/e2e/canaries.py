"""Two people who are nothing but canaries, paired by the real services, and where their names are then."""

import json
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.demo.client import Client, Document, event_name
from shared.contracts import topics
from shared.contracts.catalogue import MESSAGES
from shared.contracts.example import MUNICIPALITY, OPERATOR, POOL, PROGRAMME
from shared.ids import new_subject
from tests.e2e.municipality import Settlement
from tests.support.canaries import AS_CODE, CANARY, NAME, PHONE, with_names
from tests.support.cluster import wait_until

APPROVER = "bergen-intro-1"
LANGUAGE = {"code": "eu", "level": "native"}
"""Basque: nobody in the example speaks it, so these two can be nobody's but each other's."""
GREETS = {"kanarirefugee@example.org": "Kanariella", "kanariguide@example.org": "Kanariolf"}
"""Whose mailbox greets whom: a letter names its own reader, by the given name, and nobody else."""

PAIRED = {
    ("kanarirefugee@example.org", "Du har fått en guide"),
    ("kanariguide@example.org", "Du er koblet som guide"),
}
"""The last letters of a pair that is created."""


def person(address: str, phone: str) -> Document:
    """A person with a canary in each text."""
    return {
        "given_name": GREETS[address],
        "family_name": "Eksempel-Kanarinebb",
        "birth_date": "1988-03-09",
        "gender": "female",
        "phone": phone,
        "email": address,
        "address": "Kanarigata 1",
        "preferred_language": "nb",
    }


async def pair(client: Client, settlement: Settlement, case: str, today: date) -> None:
    """Has the two settled, registered and paired: from the first record to the last signature."""
    refugee, guide = (person(address, PHONE.format(index)) for index, address in enumerate(GREETS))
    details = {"languages": [LANGUAGE], "occupation": NAME, "interests": [AS_CODE]}
    placed = {"kind": "permanent", "placed_on": today.isoformat(), "district": NAME}
    sent = settlement(case, person=refugee, placement=placed, **details)
    await client.send(topics.SETTLEMENTS.named(MUNICIPALITY), [sent])
    await client.until(lambda: any(one["subject"] == case for one in client.receipts), lambda: "no receipt")
    (found,) = await ask(client, "intake", ("FindPerson", case, {"municipality": MUNICIPALITY, "case": case}))
    volunteer = new_subject("volunteer")
    registered = {"municipality": MUNICIPALITY, "person": guide, "registered_on": today.isoformat()}
    await ask(
        client,
        "intake",
        ("RegisterVolunteer", volunteer, {**registered, "languages": [LANGUAGE], "occupation": NAME}),
        *(step for subject in (found["subject"], volunteer) for step in joining(subject, today)),
        *(
            ("RecordCheck", volunteer, {"kind": kind, "seen_on": today.isoformat(), "role": "guide"})
            for kind in ("police_certificate", "confidentiality_declaration", "training")
        ),
    )
    approval = ("ApproveVolunteer", volunteer, {"programme": PROGRAMME, "decided_on": today.isoformat()})
    first = client.command(approval[0], OPERATOR, volunteer, **approval[2])
    await client.send(topics.COMMANDS["intake"].named(OPERATOR), [first])
    await ask(client, "intake", approval, operator=APPROVER)
    await sign(client, found["subject"], today)


def joining(subject: str, today: date) -> Iterator[tuple[str, str, Document]]:
    """What somebody needs before they may be matched, their words full of canaries."""
    day = today.isoformat()
    yield "JoinProgramme", subject, {"programme": PROGRAMME, "joined_on": day}
    for purpose in ("matching", "contact"):
        yield "RecordConsent", subject, {"purpose": purpose, "text_version": "1", "given_on": day}
    hours = {"expectations": {"weekly_hours": 2.0, "activities": [], "contact": "in_person"}}
    said = {**hours, "availability": {"weekend": 4.0}, "wishes": {}, "interests": []}
    yield "RecordInterview", subject, {"programme": PROGRAMME, "held_on": day, **said}


async def sign(client: Client, refugee: str, today: date) -> None:
    """A round, until it proposes them, and all that makes the proposal a pair."""
    pool = {"municipality": MUNICIPALITY, "programme": PROGRAMME}

    async def proposal() -> Document | None:
        (round_,) = await ask(client, "matching", ("RunRound", POOL, pool))
        return next((one for one in round_["proposals"] if one["receiving"] == refugee), None)

    # Matching follows intake at its own pace.
    proposed = await wait_until(proposal, "the proposal")
    assert proposed is not None
    day = today.isoformat()
    answers = [
        ("AnswerProposal", proposed["pair"], {"side": side, "accept": True, "answered_on": day})
        for side in ("receiving", "giving")
    ]
    signatures = [
        (
            "SignAgreement",
            proposed["pair"],
            {"signatory": signatory, "text_version": "1", "signed_on": day},
        )
        for signatory in ("refugee", "guide", "red_cross_bergen")
    ]
    await ask(client, "matching", *answers, *signatures)


async def ask(
    client: Client,
    service: topics.Service,
    *steps: tuple[str, str, Document],
    operator: str = OPERATOR,
) -> list[Document]:
    """The results of commands, all accepted."""
    commands = [client.command(name, operator, subject, **data) for name, subject, data in steps]
    replies = await client.ask(service, operator, commands)
    assert {event_name(reply) for reply in replies} == {"CommandAccepted"}, replies
    return [reply["data"]["result"] for reply in replies]


async def send_names_everywhere(kafka: str) -> int:
    """A name in each place of each record, over Kafka, to each service; returns how many records."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=5)
    await producer.start()
    try:
        sent = 0
        for message in MESSAGES:
            if message.topic is not topics.SETTLEMENTS and message.topic not in topics.COMMANDS.values():
                continue
            owner = MUNICIPALITY if message.topic is topics.SETTLEMENTS else OPERATOR
            topic = message.topic.named(owner)
            for document, key, headers in with_names(message):
                value = json.dumps(document).encode()
                await producer.send(topic, value, key.encode(), headers=list(headers))
                sent += 1
    finally:
        await producer.stop()
    return sent


async def is_settled(installation: Document) -> bool:
    """Whether each service has handled all that is on its topics, and has nothing more to send."""
    mongo: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(installation["mongodb"])
    consumer = AIOKafkaConsumer(bootstrap_servers=installation["kafka"])
    await consumer.start()
    try:
        positions: dict[TopicPartition, int] = {}
        for service in topics.SERVICES:
            if await mongo[service]["outbox"].find_one({}):
                return False
            async for one in mongo[service]["positions"].find({}):
                place = TopicPartition(one["topic"], one["partition"])
                positions[place] = min(one["next_offset"], positions.get(place, one["next_offset"]))
        ends = await consumer.end_offsets(list(positions))
        return all(positions[place] >= end for place, end in ends.items())
    finally:
        mongo.close()
        await consumer.stop()


async def pages(installation: Document) -> str:
    """All that the services say over HTTP."""
    urls = [f"{installation['reporting']}/indicators"]
    for service in installation["services"].values():
        health = service["health"]
        urls += [f"{health}/live", f"{health}/ready", f"{health.removesuffix('/health')}/metrics"]
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        return "".join([(await client.get(url)).text for url in urls])


def mails(installation: Document) -> list[EmailMessage]:
    """All that the mail server took."""
    folder = Path(installation["mail_directory"]) / "new"
    return [message_from_bytes(path.read_bytes(), policy=default) for path in folder.iterdir()]


def beyond_its_reader(mail: EmailMessage) -> str:
    """All of a mail, decoded, but for what only its reader's own may be: the address in `To` and
    in the server's note of the envelope, and the given name in the first line's greeting.
    """
    reader = str(mail["To"])
    assert mail["X-RcptTo"] == reader
    headers = "".join(f"{name}: {text}\n" for name, text in mail.items() if name not in {"To", "X-RcptTo"})
    greeting, _, rest = mail.get_content().lstrip("\n").partition("\n")
    if reader in GREETS:
        assert greeting == f"Hei {GREETS[reader]},"
        greeting = ""
    return f"{headers}{greeting}{rest}"


def holds_canary(text: str) -> bool:
    """Whether anything in a text is one."""
    return CANARY.search(text.encode()) is not None
