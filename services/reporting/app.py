"""Reporting's composition root."""

from services.reporting import due
from services.reporting.consumers import subscriptions
from services.reporting.due import Publishing
from services.reporting.indexes import INDEXES
from services.reporting.pages import Pages
from services.reporting.rebuild import Rebuilding
from services.reporting.reconciling import DIFFERENCE, RECONCILE, Reconciling
from services.reporting.service import Reporting
from services.reporting.settings import Settings
from services.reporting.store import Repository
from shared.messaging.places.progress import Progress
from shared.messaging.wiring import Resources, Wiring


def create_app(settings: Settings, resources: Resources) -> Wiring:
    """Wires reporting; nothing is opened and nothing runs yet."""
    stored = Repository(resources.database)
    read = subscriptions(Reporting(stored))

    def progress() -> Progress:
        groups = ((subscription.name, subscription.topic) for subscription in read)
        return Progress.of(settings.cluster, settings.topic_prefix, resources.service, groups)

    publisher = Publishing(
        stored, resources.programmes, progress(), settings.publish_every, settings.close_after
    )
    reconciling = Reconciling(stored, progress())

    async def schedule() -> None:
        now = resources.clock.now()
        await publisher.schedule(now)
        await reconciling.ask(now)

    return Wiring(
        resources,
        read,
        due_handlers={
            due.PUBLISH: publisher.publish,
            due.CLOSE: publisher.close,
            RECONCILE: reconciling.reconcile,
        },
        indexes=INDEXES,
        routes=Pages(stored, reconciling, resources.clock).routes,
        gauges=(DIFFERENCE,),
        recipe=Rebuilding(stored, publisher).recipe,
        on_start=(schedule,),
    )
