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
from shared.messaging.runtime import App, Runtime


def create_app(settings: Settings) -> App:
    """Wires reporting; nothing runs yet."""
    runtime = Runtime("reporting", settings)
    stored = Repository(runtime.database)
    read = subscriptions(Reporting(stored))
    progress = Progress.of(
        settings.kafka,
        settings.topic_prefix,
        runtime.service,
        ((subscription.name, subscription.topic) for subscription in read),
    )
    publisher = Publishing(stored, runtime.programmes, progress, settings.publish_every, settings.close_after)

    async def schedule() -> None:
        await publisher.schedule(runtime.clock.now())

    return App(
        runtime,
        read,
        due_handlers={due.PUBLISH: publisher.publish, due.CLOSE: publisher.close},
        indexes=store.INDEXES,
        routes=Pages(stored).routes,
        recipe=Rebuilding(stored, publisher).recipe,
        on_start=(schedule,),
    )
