"""What intake reads: one subscription for each family of topics."""

from services.intake.settlements import Settlements
from shared.contracts import topics
from shared.messaging.commands import Commands
from shared.messaging.subscription import Subscription


def subscriptions(settlements: Settlements, commands: Commands) -> tuple[Subscription, ...]:
    """Municipalities' settlements and operators' commands, each answered."""
    return (
        Subscription(topics.SETTLEMENTS, settlements.apply, settlements.report),
        Subscription(topics.COMMANDS["intake"], commands.apply, commands.report),
    )
