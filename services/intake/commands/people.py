"""Steps on the file of a refugee or of a volunteer."""

from dataclasses import replace

from services.intake import wire
from services.intake.commands.spec import Context, OnFile, refuse
from services.intake.domain import consents, person, requirements
from services.intake.domain.birth import born_between
from services.intake.domain.correction import born
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Check, Consent, Person
from services.intake.domain.refugee import Fact
from services.intake.domain.volunteer import Volunteer
from shared.contracts.intake import events
from shared.contracts.intake.commands.people import (
    JoinProgramme,
    LeaveProgramme,
    RecordBirthDate,
    RecordCheck,
    RecordConsent,
    RecordInterview,
    WithdrawConsent,
)

_OUTCOMES = (events.REFUGEE_READY, events.VOLUNTEER_UPDATED, events.VOLUNTEER_APPROVED)
"""What any of these steps may lead to."""


def join(who: Person, command: JoinProgramme, context: Context) -> Person:
    """Takes part in a programme under the pack that the municipality runs now; who does so under another
    version of it is moved to this one. The operator looks after who has nobody yet.
    """
    refuse(context.ahead("joined_on", command.joined_on))
    running = context.running(who, command.programme)
    if who.coordinator is None:
        who = replace(who, coordinator=context.operator or None)
    part = who.participation(command.programme)
    if part is None or part.status == "left" or part.pack_version == running.pack_version:
        return person.join(who, running.programme, running.pack_version, command.joined_on)
    return requirements.moved(who, running, context.today)


def leave(who: Person, command: LeaveProgramme, context: Context) -> Person:
    """Takes part in a programme no more."""
    refuse(context.ahead("left_on", command.left_on))
    return person.leave(who, command.programme)


def birth_date(who: Person, command: RecordBirthDate, context: Context) -> Person:
    """Was born then, as far as is known."""
    refuse(context.ahead("birth_date", born_between(command.birth_date)[0]))
    return born(who, command.birth_date)


def consent(who: Person, command: RecordConsent, context: Context) -> Person:
    """Consents to a purpose."""
    refuse(
        context.ahead("given_on", command.given_on),
        context.unknown("purpose", command.purpose, context.words(who).purposes),
    )
    return consents.consented(who, Consent(command.purpose, command.text_version, command.given_on))


def withdraw_consent(who: Person, command: WithdrawConsent, context: Context) -> Person:
    """Takes a consent back."""
    refuse(context.ahead("withdrawn_on", command.withdrawn_on))
    return consents.withdrawn(who, command.purpose, command.withdrawn_on)


def interview(who: Person, command: RecordInterview, context: Context) -> Person:
    """Was interviewed for a programme."""
    activities = command.expectations.activities
    refuse(
        context.ahead("held_on", command.held_on),
        context.unlisted("expectations.activities", activities, who.municipality),
        context.unlisted("interests", command.interests or (), who.municipality),
    )
    return person.interviewed(who, wire.interview(command))


def check(who: Person, command: RecordCheck, context: Context) -> Person:
    """Showed a document. Refugees do only where a programme asks it of them."""
    words = context.words(who)
    kinds = words.checks if isinstance(who, Volunteer) else words.checks_of_refugees
    if not kinds and words.checks:
        raise DomainError(
            "not_a_volunteer", "No programme here asks refugees for checks, but volunteers alone.", "subject"
        )
    refuse(
        context.ahead("seen_on", command.seen_on),
        context.unknown("kind", command.kind, kinds),
        context.unknown("role", command.role, words.roles) if command.role is not None else (),
    )
    return person.checked(who, Check(command.kind, command.seen_on, command.role))


JOIN_PROGRAMME = OnFile(
    model=JoinProgramme,
    role="coordinator",
    subject="person",
    decide=join,
    fact=Fact.JOINED,
    events=(events.REFUGEE_JOINED, *_OUTCOMES),
)
LEAVE_PROGRAMME = OnFile(
    model=LeaveProgramme,
    role="coordinator",
    subject="person",
    decide=leave,
    events=(events.REFUGEE_CORRECTED, events.VOLUNTEER_UPDATED, events.VOLUNTEER_LAPSED),
)
RECORD_BIRTH_DATE = OnFile(
    model=RecordBirthDate,
    role="coordinator",
    subject="person",
    decide=birth_date,
    events=(events.REFUGEE_CORRECTED, *_OUTCOMES),
)
RECORD_CONSENT = OnFile(
    model=RecordConsent,
    role="coordinator",
    subject="person",
    decide=consent,
    fact=Fact.CONSENTED,
    events=(events.REFUGEE_CONSENTED, *_OUTCOMES),
)
WITHDRAW_CONSENT = OnFile(
    model=WithdrawConsent,
    role="coordinator",
    subject="person",
    decide=withdraw_consent,
    events=(events.REFUGEE_CORRECTED, events.VOLUNTEER_UPDATED, events.VOLUNTEER_LAPSED),
    once_moved=True,
)
RECORD_INTERVIEW = OnFile(
    model=RecordInterview,
    role="coordinator",
    subject="person",
    decide=interview,
    fact=Fact.INTERVIEWED,
    events=(events.REFUGEE_INTERVIEWED, *_OUTCOMES),
)
RECORD_CHECK = OnFile(
    model=RecordCheck,
    role="coordinator",
    subject="person",
    decide=check,
    events=(events.REFUGEE_CORRECTED, *_OUTCOMES),
)
