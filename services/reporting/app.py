"""Reporting's composition root."""

from services.reporting import due, store
from services.reporting.consumers import subscriptions
from services.reporting.due import Publishing
from services.reporting.pages import Pages
from services.reporting.rebuild import Rebuilding
from services.reporting.service import Reporting
from services.reporting.settings import Settings
from services.reporting.store import Repository
from shared.messaging.places.progress import Progress
from shared.messaging.wiring import Resources, Wiring


def create_app(settings: Settings, resources: Resources) -> Wiring:
    """Wires reporting; nothing is opened and nothing runs yet."""
    stored = Repository(resources.database)
    read = subscriptions(Reporting(stored))
    progress = Progress.of(
        settings.kafka,
        settings.topic_prefix,
        resources.service,
        ((subscription.name, subscription.topic) for subscription in read),
    )
    publisher = Publishing(
        stored, resources.programmes, progress, settings.publish_every, settings.close_after
    )

    async def schedule() -> None:
        await publisher.schedule(resources.clock.now())

    return Wiring(
        resources,
        read,
        due_handlers={due.PUBLISH: publisher.publish, due.CLOSE: publisher.close},
        indexes=store.INDEXES,
        routes=Pages(stored).routes,
        recipe=Rebuilding(stored, publisher).recipe,
        on_start=(schedule,),
    )
