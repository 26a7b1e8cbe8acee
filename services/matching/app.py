"""Matching's composition root."""

from functools import partial

from services.matching import codes
from services.matching.between_rounds import BetweenRounds
from services.matching.consumers import subscriptions
from services.matching.due import due_handlers
from services.matching.explaining import Explaining
from services.matching.indexes import INDEXES
from services.matching.longest import Longest
from services.matching.parties import States
from services.matching.publish import Publisher
from services.matching.rebuild import Rebuilding
from services.matching.rounds import Rounds
from services.matching.schedule import Schedule
from services.matching.service import SPECS, Matching
from services.matching.settings import Settings
from services.matching.store import Pairs, Parties, Pools
from services.matching.worker import warm_up
from shared.messaging.commands.dispatch import Decisions
from shared.messaging.renaming import Renaming
from shared.messaging.wiring import Resources, Wiring


def create_app(settings: Settings, resources: Resources) -> Wiring:
    """Wires matching; nothing is opened and nothing runs yet."""
    parties, pairs = Parties(resources.database), Pairs(resources.database)
    publisher = Publisher(parties, resources.operators)
    between = BetweenRounds(parties, pairs, Pools(resources.database))
    states = States(parties, pairs, publisher)
    matching = Matching(pairs, parties, resources.programmes, publisher)
    rounds = Rounds(
        parties,
        pairs,
        resources.programmes,
        publisher,
        between,
        proposals_per_transaction=settings.proposals_per_transaction,
        again_after=settings.again_after,
    )
    schedule = Schedule(resources.database, resources.programmes, resources.clock, settings.due_poll)
    bring_pairs = partial(codes.bring, pairs, resources.programmes, publisher)
    renaming = Renaming(resources.database, resources.clock, resources.programmes, (bring_pairs,))
    of_matching = due_handlers(
        rounds,
        schedule,
        Explaining(rounds, parties, pairs),
        pairs,
        resources.programmes,
        publisher,
        resources.operators,
    )
    return Wiring(
        resources,
        subscriptions(states),
        due_handlers={**of_matching, **renaming.handlers},
        decisions=Decisions(SPECS, matching.decide),
        indexes=INDEXES,
        recipe=Rebuilding(parties, pairs, states, publisher, between).recipe,
        gauges=(Longest(resources.clock).gauge,),
        beside=[warm_up, schedule.follow],
        on_programmes=[renaming.schedule],
    )
