"""Consents by purpose: given, and taken back."""

from dataclasses import replace
from datetime import date
from typing import TypeVar

from services.intake.domain.errors import DomainError
from services.intake.domain.kept import Withdrawal, latest
from services.intake.domain.person import Consent, Person

P = TypeVar("P", bound=Person)


def consented(person: P, given: Consent) -> P:
    """Records a consent; a newer one for the same purpose replaces the older. Raises `consent_superseded`,
    also of one that was given before such a consent was taken back.
    """
    known = next((item for item in person.consents if item.purpose == given.purpose), None)
    if known is not None and known.given_on > given.given_on:
        raise DomainError("consent_superseded", "A later consent for this purpose is in force.", "given_on")
    ended = next((item.on for item in person.withdrawals if item.purpose == given.purpose), None)
    if ended is not None and ended > given.given_on:
        raise DomainError(
            "consent_superseded",
            "Consent for this purpose was taken back on a later day: ask for a new one.",
            "given_on",
        )
    others = tuple(item for item in person.consents if item.purpose != given.purpose)
    return replace(person, consents=(*others, given))


def withdrawn(person: P, purpose: str, on: date) -> P:
    """Takes a consent back; raises `no_consent`. No older one for this purpose comes into force any more."""
    others = tuple(item for item in person.consents if item.purpose != purpose)
    if others == person.consents:
        raise DomainError("no_consent", "No consent for this purpose is in force.", "purpose")
    days = latest((*person.withdrawals, Withdrawal(purpose, on)))
    return replace(person, consents=others, withdrawals=days, seniority=())
