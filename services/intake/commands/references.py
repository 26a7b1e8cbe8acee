"""Consents to references after a pair."""

from services.intake.commands.spec import Context, OnFile, refuse
from services.intake.domain import references
from services.intake.domain.kept import ReferenceConsent
from services.intake.domain.person import Person
from shared.contracts.intake import events
from shared.contracts.intake.commands.references import RecordReferenceConsent, WithdrawReferenceConsent

_EVENTS = (events.REFUGEE_CORRECTED, events.VOLUNTEER_UPDATED)


def consent(who: Person, command: RecordReferenceConsent, context: Context) -> Person:
    """Agrees to references."""
    refuse(context.ahead("given_on", command.given_on))
    referees = tuple(sorted(set(command.referees)))
    given = ReferenceConsent(command.pair, referees, command.text_version, command.given_on)
    return references.consented(who, given)


def withdraw(who: Person, command: WithdrawReferenceConsent, context: Context) -> Person:
    """Takes that back."""
    refuse(context.ahead("withdrawn_on", command.withdrawn_on))
    return references.withdrawn(who, command.pair)


RECORD_REFERENCE_CONSENT = OnFile(
    model=RecordReferenceConsent,
    role="coordinator",
    subject="person",
    decide=consent,
    events=_EVENTS,
    once_left=True,
)
WITHDRAW_REFERENCE_CONSENT = OnFile(
    model=WithdrawReferenceConsent,
    role="coordinator",
    subject="person",
    decide=withdraw,
    events=_EVENTS,
    once_left=True,
    once_moved=True,
)
