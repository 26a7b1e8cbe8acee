"""What operators send to matching, on `commands.matching.<operator>.v1`."""

from shared.contracts.commands import Command
from shared.contracts.fields import Code, Day, Municipality, ProgrammeName, Side, TextVersion


class RunRound(Command):
    """Runs a round of a pool now. The subject is `<municipality>/<programme>`."""

    municipality: Municipality
    programme: ProgrammeName


class ListWaiting(Command):
    """Asks who waits in a pool, since when and why. The subject is `<municipality>/<programme>`."""

    municipality: Municipality
    programme: ProgrammeName


class AnswerProposal(Command):
    """One side's answer to a proposal, the subject."""

    side: Side
    accept: bool
    answered_on: Day


class SignAgreement(Command):
    """One signatory of the pack has signed the agreement of a pair, the subject."""

    signatory: Code
    text_version: TextVersion
    signed_on: Day
