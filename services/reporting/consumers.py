"""What reporting reads: one subscription for each topic."""

from services.reporting.documents import PAIRS, REFUGEES, VOLUNTEERS
from services.reporting.readers import PairRead, RefugeeRead, VolunteerRead
from services.reporting.service import Reporting
from shared.contracts import topics
from shared.messaging.subscription import Subscription


def subscriptions(reporting: Reporting) -> tuple[Subscription, ...]:
    """States of refugees, volunteers and pairs, and rounds that were run."""
    return (
        Subscription(topics.REFUGEES, reporting.states(REFUGEES), reader=RefugeeRead),
        Subscription(topics.VOLUNTEERS, reporting.states(VOLUNTEERS), reader=VolunteerRead),
        Subscription(topics.PAIRS, reporting.states(PAIRS), reader=PairRead),
        Subscription(topics.ROUNDS, reporting.rounds),
    )
