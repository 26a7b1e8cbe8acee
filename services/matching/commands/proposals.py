"""Commands on a proposal: the two meet, each side answers, each signatory signs."""

from services.matching import packs
from services.matching.commands.spec import Context, OnPair, both
from services.matching.domain import agreement
from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Decision, Pair
from services.matching.domain.steps import record_step
from shared.contracts.matching import events
from shared.contracts.matching.commands.proposals import (
    AnswerProposal,
    RecordIntroductionMeeting,
    SignAgreement,
    TakeBackAnswer,
)


def answer(pair: Pair, command: AnswerProposal, context: Context) -> Decision:
    """One side answers the proposal."""
    return agreement.answer(
        pair,
        command.side,
        command.accept,
        command.answered_on,
        context.now,
        steps=context.pack_of(pair).pairing.steps,
        reopening=lambda: context.again(pair),
    )


def take_back(pair: Pair, command: TakeBackAnswer, context: Context) -> Decision:
    """One side takes its answer back."""
    return agreement.take_back(
        pair, command.side, command.taken_back_on, context.now, lambda: context.again(pair)
    )


def introduce(pair: Pair, command: RecordIntroductionMeeting, context: Context) -> Decision:
    """The two have met."""
    asked = context.pack_of(pair).pairing.steps
    return record_step(pair, "introduction_meeting", command.held_on, context.now, asked=asked)


def _who_would_wait_again(pair: Pair, _: AnswerProposal) -> tuple[str, ...]:
    return (pair.receiving, pair.giving) if pair.status == "expired" else ()


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
        milestones=packs.milestones(pack),
    )


ANSWER_PROPOSAL = OnPair(
    model=AnswerProposal,
    role="coordinator",
    subject="pair",
    decide=answer,
    events=(
        events.ANSWER_RECORDED,
        events.PROPOSAL_ACCEPTED,
        events.PROPOSAL_DECLINED,
        events.PROPOSAL_REOPENED,
    ),
    people=_who_would_wait_again,
)
TAKE_BACK_ANSWER = OnPair(
    model=TakeBackAnswer,
    role="coordinator",
    subject="pair",
    decide=take_back,
    events=(events.ANSWER_TAKEN_BACK,),
    people=both,
)
RECORD_INTRODUCTION_MEETING = OnPair(
    model=RecordIntroductionMeeting,
    role="coordinator",
    subject="pair",
    decide=introduce,
    events=(events.STEP_RECORDED,),
)
SIGN_AGREEMENT = OnPair(
    model=SignAgreement,
    role="coordinator",
    subject="pair",
    decide=sign,
    events=(events.AGREEMENT_SIGNED, events.PAIR_CREATED),
)
