"""Notifications' composition root."""

from services.notifications import store
from services.notifications.consumers import subscriptions
from services.notifications.delivery import Delivery
from services.notifications.domain.attempts import Patience
from services.notifications.mailer import Mailer
from services.notifications.rebuild import Rebuilding
from services.notifications.retention import Retention
from services.notifications.rows import FORGET_KIND, SEND_KIND
from services.notifications.service import Notifications
from services.notifications.settings import Settings
from services.notifications.store import Cards, Messages, Pairs
from shared.messaging.wiring import Resources, Wiring
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
        Patience(settings.retry_first, settings.retry_ceiling, settings.card_wait),
        resources.health,
        settings.link_base,
    )
    notifications = Notifications(cards, pairs, messages, settings.welcome_within)
    return Wiring(
        resources,
        subscriptions(notifications),
        due_handlers={SEND_KIND: delivery.send, FORGET_KIND: Retention(cards, pairs, messages).forget},
        indexes=store.INDEXES,
        recipe=Rebuilding(messages, notifications).recipe,
    )
