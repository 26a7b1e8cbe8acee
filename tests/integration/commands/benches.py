"""The bench of each service, and what its rows arrange there."""

from datetime import UTC, datetime
from functools import partial

from pydantic import SecretStr

from services.intake import app as intake
from services.matching import app as matching
from services.notifications import app as notifications
from services.notifications.settings import Settings as NotificationsSettings
from services.reporting import app as reporting
from services.reporting.settings import Settings as ReportingSettings
from shared.clock import Clock
from shared.contracts.topics import Service
from shared.messaging.wiring import Resources
from shared.mongo import Database
from shared.sealing import new_key_pair
from tests.integration.commands.bench import NOW, Bench
from tests.integration.intake.world import World as IntakeWorld
from tests.integration.matching.couples import Life
from tests.integration.matching.world import World as MatchingWorld
from tests.support.cluster import Corner


class IntakeBench(Bench):
    """Intake, with a world in which people are settled and registered."""

    def __init__(self, database: Database) -> None:
        self.world = IntakeWorld(database, _clock())
        super().__init__(partial(intake.create_app, self.world.settings), self.world.wiring.resources)


class MatchingBench(Bench):
    """Matching, with a world in which people wait and are paired."""

    def __init__(self, corner: Corner, database: Database) -> None:
        resources = Resources("matching", corner.prefix, _clock(), database)
        self.world = MatchingWorld(corner, NOW, resources=resources)
        super().__init__(partial(matching.create_app, self.world.settings), resources)

    def life(self, **pairing: object) -> Life:
        """A programme whose pack asks for what a row says."""
        return Life(self.world, **pairing)


def bench_of(service: Service, corner: Corner, database: Database) -> Bench:
    """A service's bench on a database."""
    resources = Resources(service, corner.prefix, _clock(), database)
    match service:
        case "intake":
            return IntakeBench(database)
        case "matching":
            return MatchingBench(corner, database)
        case "notifications":
            key = SecretStr(new_key_pair()[0])
            wired = NotificationsSettings(card_private_key=key, **corner.settings)
            return Bench(partial(notifications.create_app, wired), resources)
        case "reporting":
            return Bench(partial(reporting.create_app, ReportingSettings(**corner.settings)), resources)


def _clock() -> Clock:
    return Clock(NOW - datetime.now(UTC))
