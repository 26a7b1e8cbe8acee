"""What matching reads: one subscription for each topic or family of topics."""

from services.matching.states import States
from shared.contracts import topics
from shared.messaging.commands import Commands
from shared.messaging.subscription import Subscription


def subscriptions(states: States, commands: Commands) -> tuple[Subscription, ...]:
    """The states of refugees and volunteers, and operators' commands."""
    return (
        Subscription(topics.REFUGEES, states.refugees),
        Subscription(topics.VOLUNTEERS, states.volunteers),
        Subscription(topics.COMMANDS["matching"], commands.apply, commands.report),
    )
