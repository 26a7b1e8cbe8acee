"""What matching reads besides commands: one subscription for each topic."""

from services.matching.parties import States
from shared.contracts import topics
from shared.messaging.subscription import Subscription


def subscriptions(states: States) -> tuple[Subscription, ...]:
    """The states of refugees and volunteers."""
    return (
        Subscription(topics.REFUGEES, states.refugees),
        Subscription(topics.VOLUNTEERS, states.volunteers),
    )
