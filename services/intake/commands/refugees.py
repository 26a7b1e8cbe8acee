"""Steps on the file of a refugee alone."""

from services.intake.commands.spec import Context, OnFile, refuse
from services.intake.domain import arrival
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.refugee import Fact, Refugee
from shared.contracts.intake import events
from shared.contracts.intake.commands.refugees import ConfirmArrival


def confirm_arrival(who: Person, command: ConfirmArrival, context: Context) -> Refugee:
    """Has come."""
    refuse(context.ahead("arrived_on", command.arrived_on))
    if not isinstance(who, Refugee):
        raise DomainError("not_a_refugee", "The subject must be a refugee.", "subject")
    return arrival.arrived(who, command.arrived_on)


CONFIRM_ARRIVAL = OnFile(
    model=ConfirmArrival,
    role="coordinator",
    subject="refugee",
    decide=confirm_arrival,
    fact=Fact.ARRIVED,
    events=(events.ARRIVAL_CONFIRMED, events.REFUGEE_READY),
)
