"""Publishes what happened to a file: the public state, the sealed card while consent allows it, and what its
coordinator is told.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from services.intake import wire
from services.intake.domain import refugee
from services.intake.domain.notices import Told, notices, taken_back
from services.intake.domain.person import CONTACT, Details, Person
from services.intake.domain.refugee import Refugee
from services.intake.public_state import public_state, withdrawn_state
from services.intake.store import File
from shared.clock import local_day
from shared.contracts import topics
from shared.contracts.intake.cards import (
    CONTACT_CARD_SEALED,
    CONTACT_CARD_WITHDRAWN,
    ContactCard,
    NoContactCard,
)
from shared.contracts.intake.events import REFUGEE_WITHDRAWN, VOLUNTEER_WITHDRAWN
from shared.contracts.notices import Notice
from shared.ids import new_chain_id
from shared.messaging.reading.records import Cause
from shared.messaging.restored import Floors
from shared.messaging.work import Work
from shared.notices import tell
from shared.operators import Operators
from shared.sealing import Sealer

P = TypeVar("P", bound=Person)


class Publisher:
    """Turns changed files into records. Each call returns the file with its new places in the topics."""

    def __init__(self, sealer: Sealer, operators: Operators, floors: Floors) -> None:
        self._sealer = sealer
        self._operators = operators
        self._floors = floors

    def changed(
        self, before: File[P] | None, file: File[P], fact: StrEnum, cause: Cause, work: Work
    ) -> File[P]:
        """Publishes what happened with the whole public state, and what has become of the card; tells the
        person's coordinator.
        """
        if before is not None:
            today = local_day(work.now, before.person.municipality)
            self._tell(before.person, notices(before.person, file.person, today), cause, work)
        return self._card(before, self._state(file, fact, cause, work), cause, work)

    def _state(self, file: File[P], fact: StrEnum, cause: Cause, work: Work) -> File[P]:
        message, subject = wire.EVENTS[fact], file.person.subject
        revision = self._floors.beneath(message.topic, subject, file.state).next(work.now)
        data = public_state(file.person)
        work.emit(message, subject=subject, data=data, cause=cause, revision=revision)
        return file._replace(state=revision)

    def _card(self, before: File[P] | None, file: File[P], cause: Cause, work: Work) -> File[P]:
        """Publishes the contact card where it is new or changed, or that there is none any more."""
        person = file.person
        now, known = _on_card(person), None if before is None else _on_card(before.person)
        if now == known:
            return file
        known_place = self._floors.beneath(topics.CONTACT_CARDS, person.subject, file.card)
        revision = known_place.next(work.now)
        if now is None:
            gone = NoContactCard(municipality=person.municipality)
            work.emit(
                CONTACT_CARD_WITHDRAWN, subject=person.subject, data=gone, cause=cause, revision=revision
            )
        else:
            sealed = self._sealer.seal(wire.card(now[1]), person.subject)
            data = ContactCard(municipality=person.municipality, card=sealed)
            work.emit(CONTACT_CARD_SEALED, subject=person.subject, data=data, cause=cause, revision=revision)
        return file._replace(card=revision)

    def refer(self, file: File[P], work: Work) -> File[P]:
        """Publishes a minor's referral."""
        return self._state(file, refugee.Fact.REFERRED, apart(), work)

    def take_back(self, file: File[Person], work: Work) -> None:
        """Ends what was published of somebody who must not be known any more: a last state, then nothing."""
        who, cause = file.person, apart()
        ended = REFUGEE_WITHDRAWN if isinstance(who, Refugee) else VOLUNTEER_WITHDRAWN
        last = file.state.next(work.now)
        data = withdrawn_state(who.municipality)
        work.emit(ended, subject=who.subject, data=data, cause=cause, revision=last)
        self._tell(who, taken_back(who, local_day(work.now, who.municipality)), cause, work)
        work.erase(ended.topic, who.subject, last.next(work.now))
        if file.card.number:
            work.erase(topics.CONTACT_CARDS, who.subject, file.card.next(work.now))

    def _tell(self, who: Person, told: Iterable[Told], cause: Cause, work: Work) -> None:
        for one in told:
            notice = Notice(
                code=one.code,
                municipality=one.municipality,
                programme=one.programme,
                about=[who.subject],
                on=one.on,
                details=list(one.details),
            )
            tell(notice, who.subject, [who.coordinator], self._operators, cause, work)


def _on_card(person: Person) -> tuple[str, Details] | None:
    """Where somebody lives and what they may be written to by; None of who has left, or has not consented
    to it.
    """
    is_gone = isinstance(person, Refugee) and person.has_left
    if person.details is None or not person.consented_to(CONTACT) or is_gone:
        return None
    return person.municipality, person.details


def apart() -> Cause:
    """A cause that begins a chain of its own. By the record that brought them about, a referral or a
    take-back would say whose it was, or that the record was refused.
    """
    made = new_chain_id()
    return Cause(made, made)
