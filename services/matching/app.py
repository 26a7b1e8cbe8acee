"""Matching's composition root."""

from services.matching import store
from services.matching.consumers import subscriptions
from services.matching.parties import States
from services.matching.publish import EXPIRE
from services.matching.rebuild import Rebuilding
from services.matching.rounds import LIST_WAITING, RUN_ROUND, Rounds, warm_up
from services.matching.service import SPECS, Matching
from services.matching.settings import Settings
from services.matching.store import Pairs, Parties
from shared.messaging.commands.dispatch import Decisions
from shared.messaging.runtime import App, Runtime


def create_app(settings: Settings) -> App:
    """Wires matching; nothing runs yet."""
    runtime = Runtime("matching", settings)
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
        due_handlers={
            RUN_ROUND: rounds.run_round,
            LIST_WAITING: rounds.list_waiting,
            EXPIRE: matching.expire,
        },
        decisions=Decisions(SPECS, matching.decide),
        indexes=store.INDEXES,
        recipe=Rebuilding(parties, pairs, states).recipe,
        beside=[warm_up],
    )
