"""What notifications reads: one subscription for each topic."""

from services.notifications.readers import PairRead
from services.notifications.service import Notifications
from shared.contracts import topics
from shared.messaging.subscription import Subscription


def subscriptions(notifications: Notifications) -> tuple[Subscription, ...]:
    """How to reach people, and who was paired with whom."""
    return (
        Subscription(topics.CONTACT_CARDS, notifications.apply_cards),
        Subscription(topics.PAIRS, notifications.apply_pairs, reader=PairRead),
    )
