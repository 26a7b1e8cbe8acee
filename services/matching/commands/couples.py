"""Commands on two who are named: they are proposed to each other, or may be again."""

from services.matching import packs, wire
from services.matching.commands.spec import Context, Decided, OnCouple
from services.matching.domain import agreement
from services.matching.domain.couple import Couple, allow, kept_apart, pool_of, proposal_in
from services.matching.domain.errors import DomainError
from services.matching.domain.rounds import run_round
from services.matching.rounds import new_round_id
from shared.contracts.matching import events
from shared.contracts.matching.commands.proposals import AllowCouple, ProposePair
from shared.contracts.programmes import ProgrammePack
from shared.ids import new_subject


def propose(command: ProposePair, pack: ProgrammePack, context: Context) -> Decided:
    """Proposes the two by a round of their own; raises DomainError `not_waiting`, `slot_taken` or
    `rules_forbid`.
    """
    rules, today = packs.rules(pack), context.now.date()
    pool = pool_of(_couple(command), rules, context.around, today)
    result = run_round(wire.compared(pool), new_round_id())
    proposal = proposal_in(result)
    parties = context.around.parties
    proposed = agreement.propose(
        proposal,
        rules,
        subject=new_subject("pair"),
        coordinator=parties[proposal.receiving].coordinator or parties[proposal.giving].coordinator,
        on=today,
        now=context.now,
    )
    return Decided((proposed,), result)


def allow_couple(command: AllowCouple, pack: ProgrammePack, context: Context) -> Decided:
    """Lets the two be proposed again; raises DomainError `not_excluded` where nothing keeps them apart."""
    rules, today = packs.rules(pack), context.now.date()
    apart = kept_apart(_couple(command), rules, context.around, today)
    if not apart:
        raise DomainError("not_excluded", "nothing keeps the two apart: ProposePair says what else does")
    return Decided(tuple(allow(pair, command.giving, today) for pair in apart))


def _couple(command: ProposePair | AllowCouple) -> Couple:
    return Couple(command.municipality, command.receiving, command.giving)


PROPOSE_PAIR = OnCouple(
    model=ProposePair,
    role="coordinator",
    subject="pool",
    decide=propose,
    events=(events.PAIR_PROPOSED, events.ROUND_COMPLETED),
)
ALLOW_COUPLE = OnCouple(
    model=AllowCouple,
    role="coordinator",
    subject="pool",
    decide=allow_couple,
    events=(events.COUPLE_ALLOWED,),
)
