"""Notifications' composition root."""

from services.notifications import templates
from services.notifications.consumers import subscriptions
from services.notifications.delivery import Delivery
from services.notifications.due import Retention, due_handlers
from services.notifications.indexes import INDEXES, MIGRATIONS
from services.notifications.mailer import Mailer
from services.notifications.rebuild import Rebuilding
from services.notifications.service import Notifications
from services.notifications.settings import Settings
from services.notifications.store import Cards, Messages, Pairs
from shared.messaging.wiring import Resources, Wiring
from shared.retry import Backoff
from shared.sealing import Opener


def create_app(settings: Settings, resources: Resources) -> Wiring:
    """Wires notifications; nothing is opened and nothing runs yet."""
    database = resources.database
    cards, pairs, messages = Cards(database), Pairs(database), Messages(database)
    username, password = settings.smtp_username, settings.smtp_password
    mailer = Mailer(
        settings.smtp_host,
        settings.smtp_port,
        settings.sender,
        starttls=settings.smtp_starttls,
        timeout=settings.smtp_timeout,
        username=username.get_secret_value() if username else None,
        password=password.get_secret_value() if password else None,
    )
    delivery = Delivery(
        cards,
        messages,
        Opener(settings.card_key_id, settings.card_private_key.get_secret_value()),
        mailer,
        Backoff(settings.retry_first, settings.retry_ceiling),
        settings.card_wait,
        resources.health,
        templates.load(),
        settings.link_base,
    )
    notifications = Notifications(cards, pairs, messages, settings.welcome_within)
    return Wiring(
        resources,
        subscriptions(notifications),
        due_handlers=due_handlers(delivery, Retention(cards, pairs, messages)),
        indexes=INDEXES,
        migrations=MIGRATIONS,
        counts=delivery.counts,
        recipe=Rebuilding(messages, notifications).recipe,
    )
