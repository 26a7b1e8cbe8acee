"""Commands on a proposal: each side answers it, each signatory signs."""

from services.matching import packs
from services.matching.commands.spec import Context, OnPair
from services.matching.domain import agreement
from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Decision, Pair
from shared.contracts.matching import events
from shared.contracts.matching.commands.proposals import AnswerProposal, SignAgreement


def answer(pair: Pair, command: AnswerProposal, context: Context) -> Decision:
    """One side answers the proposal."""
    return agreement.answer(pair, command.side, command.accept, command.answered_on, context.now)


def _hold_signatory_to(recorders: frozenset[str], signatory: str, organisation: str) -> None:
    if organisation not in recorders:
        raise DomainError(
            "signatory_elsewhere",
            f"That {signatory} has signed is recorded by {', '.join(sorted(recorders))}.",
            "signatory",
        )


def sign(pair: Pair, command: SignAgreement, context: Context) -> Decision:
    """One signatory signs the text of the agreement; raises DomainError `signatory_elsewhere`."""
    pack = context.pack_of(pair)
    if command.signatory in pack.pairing.signatories:
        _hold_signatory_to(packs.recorders(pack, command.signatory), command.signatory, context.organisation)
    return agreement.sign(
        pair,
        command.signatory,
        command.text_version,
        command.signed_on,
        signatories=pack.pairing.signatories,
        maximum_months=packs.maximum_months(pack),
        now=context.now,
    )


ANSWER_PROPOSAL = OnPair(
    model=AnswerProposal,
    role="coordinator",
    subject="pair",
    decide=answer,
    events=(events.ANSWER_RECORDED, events.PROPOSAL_ACCEPTED, events.PROPOSAL_DECLINED),
)
SIGN_AGREEMENT = OnPair(
    model=SignAgreement,
    role="coordinator",
    subject="pair",
    decide=sign,
    events=(events.AGREEMENT_SIGNED, events.PAIR_CREATED),
)
