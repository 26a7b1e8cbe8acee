"""What intake reads besides commands: one subscription for each family of topics."""

from services.intake.settlements import Settlements
from shared.contracts import topics
from shared.messaging.subscription import Hearing, Subscription


def subscriptions(settlements: Settlements) -> tuple[Subscription, ...]:
    """Municipalities' settlements, each answered with a receipt."""
    return (Subscription(topics.SETTLEMENTS, Hearing(settlements.apply), settlements.report),)
