"""Consents to being named as a reference, or to naming one, after a pair."""

from dataclasses import replace
from typing import TypeVar

from services.intake.domain.errors import DomainError
from services.intake.domain.kept import ReferenceConsent
from services.intake.domain.person import Person

P = TypeVar("P", bound=Person)


def consented(person: P, given: ReferenceConsent) -> P:
    """Records a consent; a newer one for the same pair replaces the older. Raises `consent_superseded`."""
    known = next((item for item in person.references if item.pair == given.pair), None)
    if known is not None and known.given_on > given.given_on:
        raise DomainError("consent_superseded", "A later consent for this pair is in force.", "given_on")
    return replace(person, references=(*_others(person, given.pair), given))


def withdrawn(person: P, pair: str) -> P:
    """Takes the consent for a pair back; raises `no_consent`."""
    others = _others(person, pair)
    if others == person.references:
        raise DomainError("no_consent", "No consent to a reference is in force for this pair.", "pair")
    return replace(person, references=others)


def _others(person: Person, pair: str) -> tuple[ReferenceConsent, ...]:
    return tuple(item for item in person.references if item.pair != pair)
