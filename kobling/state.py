"""The states of all services, by which the administrator's command finds what to hash."""

from collections.abc import Mapping, Sequence

from services.intake.state_hash import STATE as INTAKE
from services.matching.state_hash import STATE as MATCHING
from services.notifications.state_hash import STATE as NOTIFICATIONS
from services.reporting.state_hash import STATE as REPORTING
from shared.messaging.state_hash import Part, state_hash
from shared.mongo import Database
from shared.settings import ServiceSettings

STATES: Mapping[str, Sequence[Part]] = {
    "intake": INTAKE,
    "matching": MATCHING,
    "notifications": NOTIFICATIONS,
    "reporting": REPORTING,
}


async def hash_of(service: str, settings: ServiceSettings) -> str:
    """The hash of a service's state, in the database that its settings name. Raises PyMongoError."""
    database = Database(settings.mongodb.get_secret_value(), settings.database or service)
    try:
        return await state_hash(database, STATES[service])
    finally:
        database.close()
