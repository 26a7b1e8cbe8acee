"""Volunteers who move to another municipality. Of refugees their municipalities say it."""

from services.intake.commands.spec import Context, OnFile, refuse
from services.intake.domain import moves
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.volunteer import Volunteer
from shared.contracts.intake import events
from shared.contracts.intake.commands.moves import MoveVolunteer


def move(who: Person, command: MoveVolunteer, context: Context) -> Volunteer:
    """Lives in another municipality; that the operator may act there has been seen to."""
    refuse(context.ahead("moved_on", command.moved_on))
    if not isinstance(who, Volunteer):
        raise DomainError(
            "not_a_volunteer", "A refugee's municipalities say that they have moved.", "subject"
        )
    return moves.move(who, command.municipality, command.moved_on)


MOVE_VOLUNTEER = OnFile(
    model=MoveVolunteer,
    role="coordinator",
    subject="volunteer",
    decide=move,
    events=(events.VOLUNTEER_MOVED,),
)
