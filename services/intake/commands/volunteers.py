"""Volunteers: who opens their files, and who approves them."""

import re
from dataclasses import replace

from services.intake import wire
from services.intake.commands.spec import Awaited, Context, OnFile, Opening, refuse
from services.intake.contact import left_out
from services.intake.domain import person, volunteer
from services.intake.domain.birth import born_between
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Approval, Person
from services.intake.domain.requirements import missing_approvals
from services.intake.domain.volunteer import Volunteer
from services.intake.languages import unknown_languages
from shared.contracts.intake import events
from shared.contracts.intake.commands.volunteers import (
    ApproveVolunteer,
    ChangeCapacity,
    PauseVolunteer,
    RegisterVolunteer,
    RejectVolunteer,
    ResumeVolunteer,
    WithdrawVolunteer,
)

_REFERENCE = re.compile(r"volunteer-[a-z2-7]{16,40}", re.ASCII)


def register(known: Person | None, subject: str, command: RegisterVolunteer, context: Context) -> Volunteer:
    """Opens a volunteer's file under a subject that the operator chose, who looks after them."""
    if not _REFERENCE.fullmatch(subject):
        raise DomainError(
            "subject_invalid",
            "The subject must be volunteer- and 16 to 40 random characters of a-z and 2-7.",
            "subject",
        )
    if known is not None:
        raise DomainError("already_registered", "There is a volunteer under this subject.", "subject")
    registration = wire.registration(command, context.vocabulary(command.municipality))
    born = command.person.birth_date
    refuse(
        context.ahead("registered_on", command.registered_on),
        context.ahead("person.birth_date", born_between(born)[0]) if born is not None else (),
        context.unlisted("interests", command.interests, command.municipality),
        unknown_languages(command),
        # Somebody sits there who can ask the volunteer again, so nothing is left out unsaid.
        left_out(command.person, registration.details),
    )
    return replace(volunteer.register(registration, subject), coordinator=context.operator or None)


def approve(who: Person, command: ApproveVolunteer, context: Context) -> Person:
    """Is approved by the organisation that gives the command."""
    refuse(context.ahead("decided_on", command.decided_on))
    if not isinstance(who, Volunteer):
        raise DomainError("not_a_volunteer", "Only volunteers are approved.", "subject")
    organisations = context.asked(who, command.programme).organisations
    if context.organisation not in organisations:
        raise DomainError(
            "organisation_not_asked",
            f"The pack asks for the approval of {', '.join(sorted(organisations)) or 'nobody'}.",
        )
    approval = Approval(
        command.programme, context.organisation, command.decided_on, by=context.operators_person
    )
    return person.approved(who, approval)


def other_approvals(who: Person, command: ApproveVolunteer, context: Context) -> Awaited:
    """The organisations that the pack asks for and that have not approved yet."""
    asked = context.asked(who, command.programme)
    return Awaited(command.programme, missing_approvals(who, asked, context.today))


def pause(who: Person, command: PauseVolunteer, context: Context) -> Volunteer:
    """Is away for a while."""
    refuse(context.ahead("paused_on", command.paused_on))
    return volunteer.pause(_volunteer(who), command.paused_on, command.until, context.today)


def resume(who: Person, _: ResumeVolunteer, __: Context) -> Volunteer:
    """Is back."""
    return volunteer.resume(_volunteer(who))


def withdraw(who: Person, command: WithdrawVolunteer, context: Context) -> Volunteer:
    """Leaves."""
    refuse(context.ahead("withdrawn_on", command.withdrawn_on))
    return volunteer.withdraw(_volunteer(who), command.withdrawn_on)


def reject(who: Person, command: RejectVolunteer, context: Context) -> Volunteer:
    """Is not taken."""
    refuse(context.ahead("decided_on", command.decided_on))
    return volunteer.reject(_volunteer(who), command.decided_on)


def change_capacity(who: Person, command: ChangeCapacity, _: Context) -> Volunteer:
    """Takes another number of pairs at once."""
    return volunteer.with_capacity(_volunteer(who), command.capacity)


def _volunteer(who: Person) -> Volunteer:
    if not isinstance(who, Volunteer):
        raise DomainError("not_a_volunteer", "The subject must be a volunteer.", "subject")
    return who


REGISTER_VOLUNTEER = Opening(
    model=RegisterVolunteer,
    role="coordinator",
    subject="volunteer",
    decide=register,
    fact=volunteer.Fact.REGISTERED,
    same_as=lambda command: command.refugee,
    events=(events.VOLUNTEER_REGISTERED,),
)
APPROVE_VOLUNTEER = OnFile(
    model=ApproveVolunteer,
    role="approver",
    subject="volunteer",
    decide=approve,
    awaits=other_approvals,
    events=(events.VOLUNTEER_UPDATED, events.VOLUNTEER_APPROVED),
)
PAUSE_VOLUNTEER = OnFile(
    model=PauseVolunteer,
    role="coordinator",
    subject="volunteer",
    decide=pause,
    events=(events.VOLUNTEER_PAUSED, events.VOLUNTEER_UPDATED),
)
RESUME_VOLUNTEER = OnFile(
    model=ResumeVolunteer,
    role="coordinator",
    subject="volunteer",
    decide=resume,
    events=(events.VOLUNTEER_RESUMED, events.VOLUNTEER_LAPSED, events.VOLUNTEER_UPDATED),
)
WITHDRAW_VOLUNTEER = OnFile(
    model=WithdrawVolunteer,
    role="coordinator",
    subject="volunteer",
    decide=withdraw,
    events=(events.VOLUNTEER_WITHDRAWN, events.VOLUNTEER_UPDATED),
    once_left=True,
)
REJECT_VOLUNTEER = OnFile(
    model=RejectVolunteer,
    role="approver",
    subject="volunteer",
    decide=reject,
    events=(events.VOLUNTEER_WITHDRAWN, events.VOLUNTEER_UPDATED),
    once_left=True,
)
CHANGE_CAPACITY = OnFile(
    model=ChangeCapacity,
    role="coordinator",
    subject="volunteer",
    decide=change_capacity,
    events=(events.VOLUNTEER_UPDATED,),
)
