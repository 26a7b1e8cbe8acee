"""A name in every place of every record that comes in, and where it is then: nowhere that others look.

Each service is sent all commands of all services, intake settlements too; each record has the name in one
place more than its example: a text, an attribute, a header, a field's name, its key.

Left out, since they are what they are for: a command's id, which its replies repeat; a text's version, which
is published as it was typed; a language's code. A case's reference is repeated to its municipality,
so settlements have none that is a name as a code.
"""

import itertools
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import bson
import orjson
import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from services.intake.app import create_app as intake
from services.intake.settings import Settings as IntakeSettings
from services.matching.app import create_app as matching
from services.matching.settings import Settings as MatchingSettings
from services.notifications.app import create_app as notifications
from services.notifications.settings import Settings as NotificationsSettings
from services.reporting.app import create_app as reporting
from services.reporting.settings import Settings as ReportingSettings
from shared.clock import Clock
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.catalogue import MESSAGES, commands_of
from shared.contracts.example import MUNICIPALITY, OPERATOR, shown
from shared.contracts.message import Message
from shared.contracts.programmes import ActiveProgramme
from shared.contracts.published import ITEM, texts
from shared.logging import configure_logging
from shared.messaging.reading.records import Headers, Raw
from shared.messaging.wiring import Resources, Wiring
from shared.mongo import Database
from shared.programmes import shipped_packs
from shared.sealing import encode, new_key_pair
from tests.integration.messaging.ledger import Commits
from tests.support.cluster import Corner
from tests.support.wired import processor, run_due
from tests.unit.messaging.records import NOON, STRUCTURED

NAME, AS_CODE = "Kanari Fuglesang", "kanari_fuglesang"
"""A name as people write it, and as a code has it: the one is refused where the other is taken."""
CANARY = b"kanari"
KEY = encode(b"k" * 32)
NOT_BOUND = {"text_version", "code"}
ATTRIBUTES = (
    "source",
    "type",
    "subject",
    "dataschema",
    "correlationid",
    "causationid",
    "tracestate",
    "partitionkey",
)

Sent = tuple[dict[str, Any], str, Headers]
"""An event, its key and its headers."""


def wired(service: topics.Service, database: Database) -> Wiring:
    """A service with an operator who may everything, and a programme that lists its words."""
    resources = Resources(service, "", Clock(), database)
    operator = Operator.model_validate(
        {
            **shown(Operator),
            "roles": ["coordinator", "approver", "administrator", "dead_letters", "auditor"],
            "valid_until": datetime(2100, 1, 1, tzinfo=UTC),
        }
    )
    resources.operators.put(OPERATOR, operator)
    for key, pack in shipped_packs().items():
        resources.programmes.put(key, pack)
        active = ActiveProgramme(
            municipality=MUNICIPALITY,
            programme=pack.name,
            pack_version=pack.version,
            districts=["Fana"],
            topics=["cooking", "football", "hiking", "norwegian_practice", "nurse", "cook"],
        )
        resources.programmes.put(f"active/{MUNICIPALITY}/{pack.name}", active)
    match service:
        case "intake":
            keys = {"master_key": KEY, "case_key": KEY, "card_public_key": new_key_pair()[1]}
            return intake(IntakeSettings.model_validate(keys), resources)
        case "matching":
            return matching(MatchingSettings(), resources)
        case "notifications":
            return notifications(NotificationsSettings.model_validate({"card_private_key": KEY}), resources)
        case "reporting":
            return reporting(ReportingSettings(), resources)


def event(message: Message) -> Sent:
    """A message's example as it is sent."""
    example = message.full_example()
    subject = example.subject or "BER-2026-0042"
    document = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": f"/operators/{OPERATOR}",
        "type": message.type,
        "subject": subject,
        "time": "2016-06-15T07:00:00Z",
        "data": dict(shown(message.model)),
    }
    return document, subject, STRUCTURED


def with_names(message: Message) -> Iterator[Sent]:
    """The message with a name in one place after another."""
    for name in (NAME, AS_CODE):
        for attribute in ATTRIBUTES:
            if message.topic is topics.SETTLEMENTS and (attribute, name) == ("subject", AS_CODE):
                continue
            document, key, headers = event(message)
            yield {**document, attribute: name}, name if attribute == "subject" else key, headers
        document, key, headers = event(message)
        yield document, NAME, headers
        yield document, key, (*headers, ("x-kanari", name.encode()), (f"ce_{name}", b"1"))
        for text in texts(message.model):
            if not NOT_BOUND & set(text.path):
                document, key, headers = event(message)
                yield {**document, "data": placed(document["data"], text.path, name)}, key, headers
    document, key, headers = event(message)
    yield {**document, "data": {**document["data"], NAME: NAME}}, key, headers
    yield {**document, "data": {**document["data"], "remark": NAME}}, key, headers
    yield {**document, NAME: NAME}, key, headers
    yield {**document, "data": NAME}, key, headers


def placed(value: Any, path: tuple[str, ...], name: str) -> Any:
    """A copy of JSON with the name at a path."""
    if not path:
        return name
    head = "from" if path[0] == "former" else path[0]
    if head == ITEM:
        return [placed(value[0] if value else {}, path[1:], name)]
    return {**(value or {}), head: placed((value or {}).get(head), path[1:], name)}


async def held(address: str, database: Database, wiring: Wiring) -> list[str]:
    """Where a database, what it still has to send and the oplog hold a canary."""
    found = []
    for collection in wiring.collections:
        found += [
            f"{collection}: {document.get('topic', document['_id'])}"
            async for document in database[collection].find({})
            if CANARY in bson.encode(document).lower()
        ]
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(address)
    name = database._database.name
    about = [{"ns": {"$regex": f"^{name}\\."}}, {"o.applyOps.ns": {"$regex": f"^{name}\\."}}]
    seen = 0
    async for entry in client["local"]["oplog.rs"].find({"$or": about}):
        seen += 1
        if CANARY in bson.encode(entry).lower():
            found.append(f"oplog: {entry.get('ns')} {entry['op']}")
    client.close()
    assert seen
    return found


@pytest.mark.parametrize("service", topics.SERVICES)
async def test_a_name_is_nowhere_whatever_record_it_came_in(
    service: topics.Service, corner: Corner, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logging(service, "DEBUG")
    wiring = wired(service, database)
    await database.ensure(wiring.collections)
    sources = {topics.COMMANDS[service]: [one for each in topics.SERVICES for one in commands_of(each)]}
    if service == "intake":
        sources[topics.SETTLEMENTS] = [one for one in MESSAGES if one.topic == topics.SETTLEMENTS]
    told = b""
    for topic, messages in sources.items():
        owner = MUNICIPALITY if topic is topics.SETTLEMENTS else OPERATOR
        offsets = itertools.count()
        records = [
            Raw(topic.named(owner), 0, next(offsets), NOON, key.encode(), orjson.dumps(document), headers)
            for message in messages
            for document, key, headers in (event(message), *with_names(message))
        ]
        handler = processor(wiring, topic)
        for start in range(0, len(records), 200):
            await handler.process(records[start : start + 200], Commits())
        told += await handler.metrics.render(database, Clock())
        assert await database["quarantine"].count_documents({}) > len(messages)
    await run_due(wiring)
    logged = capfd.readouterr()
    assert CANARY not in told.lower()
    assert CANARY.decode() not in (logged.out + logged.err).lower()
    assert await held(corner.addresses.mongodb, database, wiring) == []
