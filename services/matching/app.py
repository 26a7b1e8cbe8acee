"""Matching's composition root."""

from functools import partial

from services.matching import codes, store
from services.matching.consumers import subscriptions
from services.matching.due import due_handlers
from services.matching.parties import States
from services.matching.rebuild import Rebuilding
from services.matching.rounds import Rounds, warm_up
from services.matching.service import SPECS, Matching
from services.matching.settings import Settings
from services.matching.store import Pairs, Parties
from shared.messaging.commands.dispatch import Decisions
from shared.messaging.renaming import Renaming
from shared.messaging.wiring import Resources, Wiring


def create_app(settings: Settings, resources: Resources) -> Wiring:
    """Wires matching; nothing is opened and nothing runs yet."""
    parties, pairs = Parties(resources.database), Pairs(resources.database)
    states = States(parties, pairs)
    matching = Matching(pairs, resources.programmes)
    rounds = Rounds(
        parties,
        pairs,
        resources.programmes,
        proposals_per_transaction=settings.proposals_per_transaction,
        again_after=settings.again_after,
    )
    renaming = Renaming(
        resources.database,
        resources.clock,
        resources.programmes,
        (partial(codes.bring, pairs, resources.programmes),),
    )
    return Wiring(
        resources,
        subscriptions(states),
        due_handlers={**due_handlers(rounds, pairs, resources.programmes), **renaming.handlers},
        decisions=Decisions(SPECS, matching.decide),
        indexes=store.INDEXES,
        recipe=Rebuilding(parties, pairs, states).recipe,
        beside=[warm_up],
        on_programmes=[renaming.schedule],
    )
