"""Every command that the catalogue has is described once, and does what its description says."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.intake import commands, wire
from services.intake.commands.caseload import ASSIGN_COORDINATOR
from services.intake.commands.corrections import CORRECT_PERSON
from services.intake.commands.people import (
    RECORD_CHECK,
    RECORD_CONSENT,
    RECORD_INTERVIEW,
    WITHDRAW_CONSENT,
)
from services.intake.commands.references import WITHDRAW_REFERENCE_CONSENT
from services.intake.commands.spec import Context, OnFile, Opening, Question, Refused, refuse
from services.intake.commands.volunteers import (
    CHANGE_CAPACITY,
    PAUSE_VOLUNTEER,
    REGISTER_VOLUNTEER,
    RESUME_VOLUNTEER,
)
from services.intake.domain import consents, person, references, refugee, volunteer
from services.intake.domain.errors import DomainError
from services.intake.domain.kept import ReferenceConsent
from services.intake.domain.person import Person
from services.intake.domain.progress import progressed
from services.intake.domain.requirements import assess
from services.intake.search import is_known
from services.intake.service import SPECS
from services.intake.store import File
from services.intake.vocabulary import Vocabulary
from shared.contracts import topics
from shared.contracts.commands import Command
from shared.contracts.example import PAIR, shown
from shared.contracts.intake import events
from shared.contracts.intake.commands.people import RecordCheck, RecordConsent, RecordInterview
from shared.contracts.intake.commands.volunteers import RegisterVolunteer
from shared.contracts.message import Message
from shared.messaging.commands.registry import CommandsIncomplete, CommandSpec, Registry, specs_in
from shared.messaging.work import Revision
from tests.unit.intake.people import (
    CONTEXT,
    DETAILS,
    LATE,
    NOTHING,
    PACK,
    PROFILE,
    TODAY,
    WORDS,
    asked,
    settlement,
)

TOPICS: dict[str, set[topics.Topic]] = {
    "person": {topics.REFUGEES, topics.VOLUNTEERS},
    "refugee": {topics.REFUGEES},
    "volunteer": {topics.VOLUNTEERS},
}
LATER = {topics.REFUGEES, topics.VOLUNTEERS, topics.NOTICES}
"""Where it is said what has followed from a command that is decided apart from its subject's file."""
SUBJECT = "volunteer-abcdefghijklmnop"


def people() -> dict[topics.Topic, Person]:
    """Somebody of each kind, who hasn't joined anything."""
    settled = refugee.settle(None, settlement(), "refugee-a", TODAY).refugee
    registration = volunteer.Registration("no-4601", PROFILE, DETAILS, 1, None, TODAY)
    return {topics.REFUGEES: settled, topics.VOLUNTEERS: volunteer.register(registration, SUBJECT)}


def example(spec: CommandSpec[object]) -> Command:
    command = spec.model.model_validate(shown(spec.model))
    assert isinstance(command, Command)
    return command


def steps() -> Iterator[tuple[OnFile[Command], Person]]:
    for spec in SPECS:
        if isinstance(spec, OnFile):
            yield from ((spec, who) for topic, who in people().items() if topic in TOPICS[spec.subject])


UNDATED: set[CommandSpec[object]] = {RESUME_VOLUNTEER, CHANGE_CAPACITY, ASSIGN_COORDINATOR, CORRECT_PERSON}
"""Steps that name no day."""
READY = {events.REFUGEE_READY, events.VOLUNTEER_APPROVED}
EACH_STEP = pytest.mark.parametrize(
    ("spec", "who"),
    [pytest.param(spec, who, id=f"{spec.model.__name__} {who.subject[:9]}") for spec, who in steps()],
)


def context_of(spec: CommandSpec[object], who: Person) -> Context:
    """The usual one; where a refugee shows a document, of a programme that asks refugees for it."""
    if spec is RECORD_CHECK and isinstance(who, refugee.Refugee):
        return replace(CONTEXT, words=lambda _: replace(WORDS, checks_of_refugees=WORDS.checks))
    if spec is PAUSE_VOLUNTEER:
        return replace(CONTEXT, today=date(2026, 12, 1))
    return CONTEXT


def taken(spec: OnFile[Command], who: Person, **changes: Any) -> tuple[Person, Message]:
    """Who has joined, if the command isn't that, after its example, and what happened.

    `changes` are to what the pack asks.
    """
    command = example(spec)
    programme = getattr(command, "programme", PACK.name)
    if spec.fact is not refugee.Fact.JOINED:
        who = person.join(who, programme, PACK.version, TODAY)
    if spec is WITHDRAW_CONSENT:
        who = consents.consented(who, person.Consent("matching", "1", TODAY))
    if spec is WITHDRAW_REFERENCE_CONSENT:
        who = references.consented(who, ReferenceConsent(PAIR, ("guide",), "1", TODAY))
    if spec is RESUME_VOLUNTEER and isinstance(who, volunteer.Volunteer):
        who, _ = volunteer.progressed(who, volunteer.pause(who, TODAY, None, TODAY), TODAY)
    decided = spec.decide(who, command, context_of(spec, who))
    assessed = assess(decided, replace(asked(decided, programme), **changes), LATE)
    changed, fact = progressed(who, assessed, spec.fact, LATE)
    return changed, wire.EVENTS[fact]


@pytest.mark.parametrize("spec", list(SPECS), ids=lambda spec: spec.model.__name__)
def test_a_commands_events_are_of_its_subjects_topics(spec: CommandSpec[object]) -> None:
    found = {event.topic for event in spec.events}
    assert found <= LATER if isinstance(spec, Question) else found == TOPICS[spec.subject]
    assert len(set(spec.events)) == len(spec.events)


@EACH_STEP
def test_a_step_makes_the_usual_one_of_its_events(spec: OnFile[Command], who: Person) -> None:
    changed, event = taken(spec, who)
    assert changed != who
    assert event is next(usual for usual in spec.events if usual.topic == event.topic)


@pytest.mark.parametrize(("spec", "who"), [(spec, who) for spec, who in steps() if READY & set(spec.events)])
def test_a_step_after_which_nothing_is_missing_says_so(spec: OnFile[Command], who: Person) -> None:
    _, event = taken(spec, who, items=())
    assert event in spec.events
    assert event.name in {"RefugeeReady", "VolunteerApproved"}


@pytest.mark.parametrize(("spec", "who"), [(spec, who) for spec, who in steps() if spec not in UNDATED])
def test_no_step_lies_ahead(spec: OnFile[Command], who: Person) -> None:
    with pytest.raises(DomainError, match="date_in_future"):
        spec.decide(who, example(spec), replace(context_of(spec, who), today=date(1900, 1, 1)))


def test_a_refugee_shows_a_document_only_where_a_programme_asks_for_it() -> None:
    who = people()[topics.REFUGEES]
    shown_check = RecordCheck.model_validate(shown(RecordCheck))
    with pytest.raises(DomainError, match="not_a_volunteer"):
        RECORD_CHECK.decide(who, shown_check, CONTEXT)
    receiving = PACK.sides.receiving.model_copy(update={"requirements": PACK.sides.giving.requirements[3:4]})
    asking = PACK.model_copy(update={"sides": PACK.sides.model_copy(update={"receiving": receiving})})
    context = replace(CONTEXT, words=lambda _: wire.words([asking]))
    decided = RECORD_CHECK.decide(who, shown_check, context)
    assert [check.kind for check in decided.checks] == ["police_certificate"]
    training = shown_check.model_copy(update={"kind": "training"})
    with pytest.raises(DomainError, match="not_listed"):
        RECORD_CHECK.decide(who, training, context)


@pytest.mark.parametrize("spec", [spec for spec in SPECS if isinstance(spec, Opening)])
def test_an_opening_makes_its_event_and_opens_nothing_twice(spec: Opening[Command]) -> None:
    opened = spec.decide(None, SUBJECT, example(spec), CONTEXT)
    assert opened.subject == SUBJECT
    assert spec.events == (wire.EVENTS[spec.fact],)
    with pytest.raises(DomainError, match="already_registered"):
        spec.decide(opened, SUBJECT, example(spec), CONTEXT)
    with pytest.raises(DomainError, match="subject_invalid"):
        spec.decide(None, "volunteer-1", example(spec), CONTEXT)


def test_somebody_is_known_where_something_was_published_of_them() -> None:
    settled = refugee.settle(None, settlement(), "refugee-a", TODAY).refugee
    assert is_known(File(settled, Revision(3, 1)))
    hidden = refugee.settle(None, settlement(secrecy="minor"), "refugee-a", TODAY).refugee
    protected = refugee.settle(None, settlement(secrecy="protected"), "refugee-a", TODAY).refugee
    for file in (File(settled), File(hidden, Revision(1, 1)), File(protected, Revision(1, 1))):
        assert not is_known(file)


@pytest.mark.parametrize("spec", specs_in(commands), ids=lambda spec: spec.model.__name__)
def test_no_command_starts_without_its_description_or_with_two(spec: CommandSpec[object]) -> None:
    others = [other for other in specs_in(commands) if other is not spec]
    with pytest.raises(CommandsIncomplete, match=f"nothing decides {spec.model.__name__};"):
        Registry("intake", others)
    with pytest.raises(CommandsIncomplete, match="decided twice: 1"):
        Registry("intake", [*others, spec, spec])
    with pytest.raises(CommandsIncomplete, match=f"not in the catalogue: .*{spec.model.__name__}"):
        Registry("matching", [spec])


def test_every_description_is_of_a_kind_that_the_service_decides() -> None:
    assert all(isinstance(spec, OnFile | Opening | Question) for spec in SPECS)


TYPING_ERRORS: list[tuple[CommandSpec[object], str, str, str]] = [
    (RECORD_CONSENT, "purpose", "matcing", "matching"),
    (RECORD_CHECK, "kind", "politiattest", "police_certificate"),
    (RECORD_CHECK, "kind", "childcertificate", "child_certificate"),
    (RECORD_CHECK, "role", "giude", "guide"),
]


@pytest.mark.parametrize(("spec", "field", "typed", "meant"), TYPING_ERRORS)
def test_a_code_that_no_programme_knows_is_refused_with_those_that_exist(
    spec: OnFile[Command], field: str, typed: str, meant: str
) -> None:
    who = people()[topics.VOLUNTEERS]
    command = example(spec)
    spec.decide(who, command, CONTEXT)
    with pytest.raises(DomainError) as refused:
        spec.decide(who, command.model_copy(update={field: typed}), CONTEXT)
    assert (refused.value.code, refused.value.field) == ("not_listed", field)
    assert meant in refused.value.message
    assert typed not in refused.value.message
    assert len(refused.value.message) <= 400


def test_the_nearest_code_is_named() -> None:
    for typed, meant in (("matcing", "matching"), ("police_certificat", "police_certificate")):
        with pytest.raises(DomainError) as refused:
            refuse(CONTEXT.unknown("purpose", typed, WORDS.purposes | WORDS.checks))
        assert f"Did you mean {meant}?" in refused.value.message


TOPICS_LISTED = Vocabulary({}, frozenset({"cooking", "football", "hiking", "practise_norwegian"}))


@pytest.mark.parametrize("known", [TOPICS_LISTED, NOTHING], ids=["listed", "nothing listed"])
@pytest.mark.parametrize("topic", ["storgata_5", "hos_per_hansen_i_storgata", "born_19940309", "a1"])
def test_a_topic_that_may_not_be_published_is_refused(topic: str, known: Vocabulary) -> None:
    context = replace(CONTEXT, vocabulary=lambda _: known)
    told = {"interests": ["cooking", topic]}
    interviewed = RecordInterview.model_validate({**shown(RecordInterview), **told})
    registered = RegisterVolunteer.model_validate({**shown(RegisterVolunteer), **told})
    with pytest.raises(DomainError, match="not_listed") as at_interview:
        RECORD_INTERVIEW.decide(people()[topics.REFUGEES], interviewed, context)
    with pytest.raises(DomainError, match="not_listed") as at_registration:
        REGISTER_VOLUNTEER.decide(None, SUBJECT, registered, context)
    for refused in (at_interview.value, at_registration.value):
        assert refused.field == "interests.1"
        assert topic not in refused.message


def test_values_are_listed_whole_and_meant_in_any_order_of_words() -> None:
    listed = {f"activity_number_{number}" for number in range(40)} | {"practise_norwegian"}
    with pytest.raises(Refused) as refused:
        refuse(CONTEXT.unknown("expectations.activities.0", "norwegian_practice", listed))
    (fault,) = refused.value.faults
    assert fault.nearest == "practise_norwegian"
    named, _, rest = refused.value.message.removeprefix(
        "No programme of the municipality knows it. There are: "
    ).partition(" and ")
    assert set(named.split(", ")) < listed
    assert rest == f"{len(listed) - len(named.split(', '))} more. Did you mean practise_norwegian?"


def test_of_listed_topics_the_nearest_is_named() -> None:
    context = replace(CONTEXT, vocabulary=lambda _: TOPICS_LISTED)
    with pytest.raises(DomainError) as refused:
        refuse(context.unlisted("interests", ["cooking", "fotball"], "no-4601"))
    assert (refused.value.code, refused.value.field) == ("not_listed", "interests.1")
    assert "Did you mean football?" in refused.value.message


def test_a_registration_is_told_all_that_is_wrong_with_it() -> None:
    command = RegisterVolunteer.model_validate(shown(RegisterVolunteer))
    wrong = {"phone": "to be asked", "email": "nobody", "birth_date": "2199"}
    person = command.person.model_copy(update=wrong)
    with pytest.raises(Refused) as refused:
        REGISTER_VOLUNTEER.decide(None, SUBJECT, command.model_copy(update={"person": person}), CONTEXT)
    assert [(fault.code, fault.field) for fault in refused.value.faults] == [
        ("date_in_future", "person.birth_date"),
        ("phone_invalid", "person.phone"),
        ("email_invalid", "person.email"),
    ]
    assert refused.value.code == "date_in_future"


def test_where_no_programme_runs_no_code_is_known() -> None:
    nothing = replace(CONTEXT, words=lambda _: wire.words([]))
    with pytest.raises(DomainError, match="not_listed") as refused:
        RECORD_CONSENT.decide(
            people()[topics.VOLUNTEERS], RecordConsent.model_validate(shown(RecordConsent)), nothing
        )
    assert "none, until" in refused.value.message
