"""Every message type: its name, its model, the topic it stands on, and who sends it."""

from dataclasses import dataclass, field

from shared.contracts import (
    administrators,
    commands,
    intake,
    matching,
    municipal,
    notifications,
    reporting,
    topics,
)
from shared.contracts.envelope import command_type, schema_urn, type_name
from shared.contracts.fields import Contract
from shared.contracts.topics import Topic


@dataclass(frozen=True, slots=True)
class Message:
    """One type of message. `inbound`: written by outside systems, so an unknown field is an error; `type` and
    `dataschema` are CloudEvents' attributes.
    """

    name: str
    model: type[Contract]
    topic: Topic
    inbound: bool = False
    command: bool = False
    version: int = 1
    type: str = field(init=False)
    dataschema: str = field(init=False)

    def __post_init__(self) -> None:
        named = (command_type if self.command else type_name)(self.name, self.version)
        object.__setattr__(self, "type", named)
        object.__setattr__(self, "dataschema", schema_urn(self.name, self.version))


def _inbound(model: type[Contract]) -> Message:
    return Message(model.__name__, model, topics.SETTLEMENTS, inbound=True)


def _command(model: type[commands.Command], service: topics.Service) -> Message:
    return Message(model.__name__, model, topics.COMMANDS[service], inbound=True, command=True)


def _published(topic: Topic, model: type[Contract], *names: str) -> tuple[Message, ...]:
    return tuple(Message(name, model, topic) for name in names or (model.__name__,))


MESSAGES: tuple[Message, ...] = (
    _inbound(municipal.PersonSettled),
    _inbound(municipal.SettlementWithdrawn),
    _inbound(municipal.PersonMoved),
    *(
        _command(model, "intake")
        for model in (
            commands.RegisterVolunteer,
            commands.JoinProgramme,
            commands.RecordConsent,
            commands.RecordInterview,
            commands.RecordCheck,
            commands.ApproveVolunteer,
            commands.FindPerson,
        )
    ),
    *(
        _command(model, "matching")
        for model in (
            commands.RunRound,
            commands.ListWaiting,
            commands.AnswerProposal,
            commands.SignAgreement,
        )
    ),
    *(
        _command(model, service)
        for service in topics.SERVICES
        for model in (
            commands.ShowDeadLetter,
            commands.RedriveDeadLetter,
            commands.EditAndRedriveDeadLetter,
            commands.DiscardDeadLetter,
        )
    ),
    *_published(topics.REPLIES, commands.CommandAccepted),
    *_published(topics.REPLIES, commands.CommandPreviewed),
    *_published(topics.REPLIES, commands.CommandPending),
    *_published(topics.REPLIES, commands.CommandRejected),
    Message("OperatorRegistered", administrators.Operator, topics.OPERATORS, inbound=True),
    Message("ProgrammePublished", administrators.ProgrammePack, topics.PROGRAMMES, inbound=True),
    Message("ProgrammeActivated", administrators.ActiveProgramme, topics.PROGRAMMES, inbound=True),
    *_published(topics.RECEIPTS, intake.SettlementReceipt),
    *_published(
        topics.REFUGEES,
        intake.RefugeeState,
        "RefugeeSettled",
        "RefugeeCorrected",
        "RefugeeConsented",
        "RefugeeReady",
        "RefugeeJoined",
        "RefugeeInterviewed",
        "RefugeeWithdrawn",
        "RefugeeMoved",
    ),
    *_published(topics.REFUGEES, intake.RefugeeReferral, "RefugeeReferred"),
    *_published(
        topics.VOLUNTEERS,
        intake.VolunteerState,
        "VolunteerRegistered",
        "VolunteerUpdated",
        "VolunteerApproved",
    ),
    *_published(topics.CONTACT_CARDS, intake.ContactCard, "ContactCardSealed"),
    *_published(
        topics.PAIRS,
        matching.PairState,
        "PairProposed",
        "AnswerRecorded",
        "ProposalAccepted",
        "ProposalDeclined",
        "ProposalExpired",
        "AgreementSigned",
        "PairCreated",
        "PairEnded",
    ),
    *_published(topics.ROUNDS, matching.RoundCompleted),
    *_published(topics.NOTIFICATIONS, notifications.NotificationSent),
    *_published(topics.NOTIFICATIONS, notifications.NotificationFailed),
    *_published(topics.INDICATORS, reporting.IndicatorsPublished),
)

BY_TYPE: dict[str, Message] = {message.type: message for message in MESSAGES}
BY_NAME: dict[str, Message] = {message.name: message for message in MESSAGES}
