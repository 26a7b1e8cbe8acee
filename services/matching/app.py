"""Matching's composition root."""

from functools import partial

from services.matching import codes, store
from services.matching.consumers import subscriptions
from services.matching.due import due_handlers
from services.matching.explaining import Explaining
from services.matching.parties import States
from services.matching.publish import Publisher
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
    publisher = Publisher(parties, resources.operators)
    states = States(parties, pairs, publisher)
    matching = Matching(pairs, resources.programmes, publisher)
    rounds = Rounds(
        parties,
        pairs,
        resources.programmes,
        publisher,
        proposals_per_transaction=settings.proposals_per_transaction,
        again_after=settings.again_after,
    )
    renaming = Renaming(
        resources.database,
        resources.clock,
        resources.programmes,
        (partial(codes.bring, pairs, resources.programmes, publisher),),
    )
    return Wiring(
        resources,
        subscriptions(states),
        due_handlers={
            **due_handlers(
                rounds, Explaining(rounds, parties, pairs), pairs, resources.programmes, publisher
            ),
            **renaming.handlers,
        },
        decisions=Decisions(SPECS, matching.decide),
        indexes=store.INDEXES,
        recipe=Rebuilding(parties, pairs, states, publisher).recipe,
        beside=[warm_up],
        on_programmes=[renaming.schedule],
    )
