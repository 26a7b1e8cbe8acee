"""Why commands are not decided: a subject or id that is a personal number, or nothing that can be read."""

from shared.contracts.envelope import Envelope
from shared.messaging.commands.answers import Rejected
from shared.messaging.reading.outcome import Dead, Fault
from shared.messaging.reading.records import Handled, Received, Unreadable, shown_id
from shared.messaging.reading.sentences import LONGEST, sentence
from shared.personal_numbers import is_chosen_as_personal_number

_AGAIN = " Send it again under a new id."


def number_instead(record: Received) -> Rejected | None:
    """The answer to a command whose subject or id is a personal number."""
    _, place = shown_id(record.envelope.id, record.raw)
    for field_, told, is_number in (
        ("subject", "The subject must be a reference", is_chosen_as_personal_number(record.key)),
        ("id", "The id must be random", place is not None),
    ):
        if is_number:
            message = f"{told}, never a personal number: send again under a new id."
            return Rejected("personal_number", message, field_, place=place)
    return None


def refused_unread(item: Handled) -> Rejected:
    """Why a command was refused unread, and what would help."""
    faults = item.outcome.told if isinstance(item.outcome, Dead) else (Fault("unreadable"),)
    first = faults[0]
    message = f"{sentence(first)[: LONGEST - len(_AGAIN)]}{_AGAIN}"
    match item.record:
        case Received(raw=raw, envelope=Envelope(id=id_)) | Unreadable(raw=raw, envelope={"id": str(id_)}):
            _, place = shown_id(id_, raw)
        case _:
            place = None
    return Rejected(first.code, message, first.field, faults=faults, place=place)
