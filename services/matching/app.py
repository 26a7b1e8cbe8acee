"""Matching's composition root."""

from services.matching import packs, store
from services.matching.consumers import subscriptions
from services.matching.due import due_handlers
from services.matching.parties import States
from services.matching.rebuild import Rebuilding
from services.matching.rounds import Rounds, warm_up
from services.matching.service import SPECS, Matching
from services.matching.settings import Settings
from services.matching.store import Pairs, Parties
from shared.messaging.commands.dispatch import Decisions
from shared.messaging.runtime import App, Runtime


def create_app(settings: Settings) -> App:
    """Wires matching; nothing runs yet."""
    runtime = Runtime("matching", settings)
    runtime.programmes.checks = packs.CHECKS
    parties, pairs = Parties(runtime.database), Pairs(runtime.database)
    states = States(parties, pairs)
    matching = Matching(pairs, runtime.programmes)
    rounds = Rounds(
        parties,
        pairs,
        runtime.programmes,
        proposals_per_transaction=settings.proposals_per_transaction,
        again_after=settings.again_after,
    )
    return App(
        runtime,
        subscriptions(states),
        due_handlers=due_handlers(rounds, pairs),
        decisions=Decisions(SPECS, matching.decide),
        indexes=store.INDEXES,
        recipe=Rebuilding(parties, pairs, states).recipe,
        beside=[warm_up],
    )
