"""Publishes what happened to a file: the public state, and the sealed card where consent allows it."""

from enum import StrEnum
from typing import TypeVar

from services.intake import wire
from services.intake.domain import refugee
from services.intake.domain.person import CONTACT, Details, Person
from services.intake.domain.refugee import Refugee
from services.intake.public_state import public_state, withdrawn_state
from services.intake.store import File
from shared.contracts import topics
from shared.contracts.intake.cards import CONTACT_CARD_SEALED, ContactCard
from shared.contracts.intake.events import REFUGEE_WITHDRAWN
from shared.ids import new_chain_id
from shared.messaging.reading.records import Cause
from shared.messaging.work import Work
from shared.sealing import Sealer

P = TypeVar("P", bound=Person)


class Publisher:
    """Turns changed files into records. Each call returns the file with its new places in the topics."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def changed(
        self, before: File[P] | None, file: File[P], fact: StrEnum, cause: Cause, work: Work
    ) -> File[P]:
        """Publishes what happened with the whole public state, and the card where it is new or changed."""
        return self._card(before, self._state(file, fact, cause, work), cause, work)

    def _state(self, file: File[P], fact: StrEnum, cause: Cause, work: Work) -> File[P]:
        revision = file.state.next(work.now)
        data = public_state(file.person)
        work.emit(wire.EVENTS[fact], subject=file.person.subject, data=data, cause=cause, revision=revision)
        return file._replace(state=revision)

    def _card(self, before: File[P] | None, file: File[P], cause: Cause, work: Work) -> File[P]:
        """Publishes the contact card if somebody consented to contact and the card is new or changed."""
        person = file.person
        if person.details is None or not person.consented_to(CONTACT):
            return file
        known = before.person if before is not None else None
        if known is not None and _on_card(known) == _on_card(person) and known.consented_to(CONTACT):
            return file
        revision = file.card.next(work.now)
        sealed = self._sealer.seal(wire.card(person.details), person.subject)
        data = ContactCard(municipality=person.municipality, card=sealed)
        work.emit(CONTACT_CARD_SEALED, subject=person.subject, data=data, cause=cause, revision=revision)
        return file._replace(card=revision)

    def refer(self, file: File[P], work: Work) -> File[P]:
        """Publishes a minor's referral."""
        return self._state(file, refugee.Fact.REFERRED, _apart(), work)

    def take_back(self, file: File[Refugee], work: Work) -> None:
        """Ends what was published of somebody who must not be known any more: a last state, then nothing."""
        subject = file.person.subject
        last = file.state.next(work.now)
        data = withdrawn_state(file.person.municipality)
        work.emit(REFUGEE_WITHDRAWN, subject=subject, data=data, cause=_apart(), revision=last)
        work.erase(topics.REFUGEES, subject, last.next(work.now))
        if file.card.number:
            work.erase(topics.CONTACT_CARDS, subject, file.card.next(work.now))


def _on_card(person: Person) -> tuple[str, Details | None]:
    return person.municipality, person.details


def _apart() -> Cause:
    """A cause that begins a chain of its own. By the record that brought them about, a referral or a
    take-back would say whose it was, or that the record was refused.
    """
    made = new_chain_id()
    return Cause(made, made)
