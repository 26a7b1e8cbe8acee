"""A name in every place of every record that comes in, and where it is then: nowhere that others look.

Each service is sent all commands of all services, intake settlements too; each record has the name in one
place more than its example: a text, an attribute, a header, a field's name, its key.
"""

import itertools
from datetime import UTC, datetime

import orjson
import pytest

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
from shared.contracts.programmes import ActiveProgramme
from shared.logging import configure_logging
from shared.messaging.reading.records import Raw
from shared.messaging.wiring import Resources, Wiring
from shared.mongo import Database
from shared.programmes import shipped_packs
from shared.sealing import encode, new_key_pair
from tests.integration.messaging.ledger import Commits
from tests.support.canaries import CANARY, event, held, with_names
from tests.support.cluster import Corner
from tests.support.wired import processor, run_due
from tests.unit.messaging.records import NOON

KEY = encode(b"k" * 32)


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
            topics=["cooking", "football", "hiking", "practise_norwegian", "nurse", "cook"],
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
    assert not CANARY.search(told)
    assert not CANARY.search((logged.out + logged.err).encode())
    assert await held(corner.addresses.mongodb, corner.database_name) == []
