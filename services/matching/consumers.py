"""What matching reads besides commands: one subscription for each topic."""

from services.matching.parties import States
from services.matching.readers import RefugeeRead, VolunteerRead
from shared.contracts import topics
from shared.messaging.subscription import Subscription


def subscriptions(states: States) -> tuple[Subscription, ...]:
    """The states of refugees and volunteers."""
    return (
        Subscription(topics.REFUGEES, states.refugees, reader=RefugeeRead),
        Subscription(topics.VOLUNTEERS, states.volunteers, reader=VolunteerRead),
    )
