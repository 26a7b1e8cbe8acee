"""Contract events ↔ domain: the only module of notifications that knows both."""

from datetime import date, datetime

from pydantic import TypeAdapter, ValidationError

from services.notifications.domain.letters import Recipient
from services.notifications.domain.messages import Message
from services.notifications.domain.pairs import Pair, Side
from services.notifications.readers import PairRead
from shared.contracts.fields import Subject
from shared.contracts.intake.cards import CardDetails
from shared.contracts.notifications.events import NotificationFailed, NotificationSent
from shared.languages import normal_or_same
from shared.mail_addresses import wire_form
from shared.messaging.reading.outcome import Dead
from shared.messaging.reading.records import Received

_SUBJECT = TypeAdapter(Subject)
GUIDES = "volunteer-"
"""The prefix of those who give; whoever else is in a pair receives."""


class CardUnreadable(ValueError):
    """An opened card that is not a `CardDetails`. Quotes nothing of it."""


def revision(record: Received) -> int | Dead:
    """The state's revision; Dead for a record that can't be a state of anybody."""
    try:
        _SUBJECT.validate_python(record.key)
    except ValidationError:
        return Dead("field_invalid", "subject")
    number = record.envelope.revision
    return Dead("field_missing", "revision") if number is None else number


def pair(subject: str, state: PairRead) -> Pair:
    """What notifications looks at in a pair's public state."""
    return Pair(
        subject=subject,
        receiving=state.receiving,
        giving=state.giving,
        status=state.status,
        created_on=state.created_on,
        proposed_on=state.proposed_on,
        over_on=_over_on(state),
        end_reason=state.end_reason,
    )


def _over_on(state: PairRead) -> date | None:
    """When a pair ended, or its proposal came to nothing: since when it is in that status."""
    if state.status in {"declined", "expired"} and state.spells:
        return state.spells[-1].since
    return state.ended_on


def recipient(plain: bytes) -> Recipient:
    """Whom an opened card speaks of; raises CardUnreadable or Unaddressable."""
    try:
        details = CardDetails.model_validate_json(plain, extra="ignore")
    except ValidationError:
        # The error would quote the card.
        raise CardUnreadable("an opened card does not fit its contract") from None
    language = normal_or_same(details.preferred_language)
    return Recipient(details.given_name, wire_form(details.email), language)


def sent(message: Message) -> NotificationSent:
    """The event of a message that was handed to the mail server."""
    return NotificationSent(about=message.pair, template=message.template, side=message.side, channel="email")


def failed(message: Message, code: str) -> NotificationFailed:
    """The event of a message that will not be tried again."""
    return NotificationFailed(
        about=message.pair, template=message.template, side=message.side, channel="email", code=code
    )


def ended(
    subject: str, event: NotificationSent | NotificationFailed, time: datetime
) -> tuple[Message, str | None]:
    """The message that an event tells of, and why it failed if it did.

    Events without a side are of releases before, whose subject is the recipient.
    """
    sent = isinstance(event, NotificationSent)
    recipient = "" if event.side is not None else subject
    side: Side = event.side or ("giving" if recipient.startswith(GUIDES) else "receiving")
    message = Message(
        id=subject if event.side is not None else f"{event.about}/{event.template}/{recipient}",
        pair=event.about,
        template=event.template,
        recipient=recipient,
        side=side,
        created_at=time,
        correlation=event.about,
        status="sent" if sent else "failed",
    )
    return message, None if isinstance(event, NotificationSent) else event.code
