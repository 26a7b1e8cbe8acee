"""The states of all services, by which the administrator's commands find what to hash and to compare."""

from collections.abc import Mapping, Sequence

from services.intake.state_hash import FOLLOWS as OF_INTAKE
from services.intake.state_hash import STATE as INTAKE
from services.matching.state_hash import FOLLOWS as OF_MATCHING
from services.matching.state_hash import STATE as MATCHING
from services.notifications.state_hash import FOLLOWS as OF_NOTIFICATIONS
from services.notifications.state_hash import STATE as NOTIFICATIONS
from services.reporting.state_hash import COMPARED
from services.reporting.state_hash import FOLLOWS as OF_REPORTING
from services.reporting.state_hash import STATE as REPORTING
from shared.messaging.state_hash import Follower, Part, state_hash
from shared.mongo import Database
from shared.settings import ServiceSettings

STATES: Mapping[str, Sequence[Part]] = {
    "intake": INTAKE,
    "matching": MATCHING,
    "notifications": NOTIFICATIONS,
    "reporting": REPORTING,
}
FOLLOWS: Mapping[str, Sequence[Follower]] = {
    "intake": OF_INTAKE,
    "matching": OF_MATCHING,
    "notifications": OF_NOTIFICATIONS,
    "reporting": OF_REPORTING,
}
"""Which state topics each service follows, or writes and may read."""
RECONCILED: Mapping[str, tuple[str, str]] = {"reporting": COMPARED}
"""Collection and document in which a service keeps what came of its own reconciliation."""


async def hash_of(service: str, settings: ServiceSettings) -> str:
    """The hash of a service's state, in the database that its settings name. Raises PyMongoError."""
    database = Database(settings.mongodb.get_secret_value(), settings.database or service)
    try:
        return await state_hash(database, STATES[service])
    finally:
        database.close()
