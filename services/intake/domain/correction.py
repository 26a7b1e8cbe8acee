"""Corrections of a file: by a coordinator, and, of a refugee, by what the municipality says next."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from services.intake.domain.birth import born_between
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Details, Person, Profile, Told
from shared.values import value

P = TypeVar("P", bound=Person)


@value
class Correction:
    """New values by the names of fields of `Details` and of `Profile`; None clears one."""

    details: Mapping[str, Any]
    profile: Mapping[str, Any]


def corrected(person: P, correction: Correction) -> P:
    """The file with the new values. Raises `name_missing`, or `not_taking_part` of whom nothing is kept."""
    details, profile = _kept(person)
    if "birth_date" in correction.details:
        details = replace(details, recorded_birth_date=None)
    details = replace(details, **correction.details)
    if details.given_name is None and details.family_name is None:
        raise DomainError("name_missing", "Somebody has one name at least: leave one of them.", "clear")
    interview = person.interview
    if "interests" in correction.profile and interview is not None:
        # What was said at an interview stands before the profile's.
        interview = replace(interview, interests=None)
    profile = replace(profile, **correction.profile)
    return with_birth(replace(person, details=details, profile=profile, interview=interview))


def corrected_beside(person: P, correction: Correction) -> P:
    """The same of somebody of whom a municipality tells too: it is kept what it said last."""
    told = _kept(person)[0].told or _told(person)
    after = corrected(person, correction)
    return replace(after, details=replace(_kept(after)[0], told=told))


def restated(before: P, after: P) -> P:
    """`after`, which is as the municipality says now, with what a coordinator knows better from `before`: a
    correction holds until the municipality says anything else of its field than it did when it was made.
    """
    if None in (before.details, before.profile, after.details, after.profile):
        return after
    known, now = _kept(before)[0], _told(after)
    if known.recorded_birth_date is not None:
        details = replace(_kept(after)[0], recorded_birth_date=known.recorded_birth_date)
        after = with_birth(replace(after, details=details))
    if known.told is None:
        return after
    held = _told(before)
    kept = Told(
        **{
            name: getattr(held if getattr(known.told, name) == getattr(now, name) else now, name)
            for name in (field.name for field in fields(Told))
        }
    )
    return after if kept == now else _with(after, kept, now)


def born(person: P, birth_date: str) -> P:
    """Records when somebody was born; raises `not_taking_part` of whom nothing more is kept."""
    details, _ = _kept(person)
    return with_birth(replace(person, details=replace(details, recorded_birth_date=birth_date)))


def with_birth(person: P) -> P:
    """The same person with the birth year that their details give."""
    if person.details is None or person.profile is None:
        return person
    told = person.details.born
    year = None if told is None else born_between(told)[0].year
    return replace(person, profile=replace(person.profile, birth_year=year))


def _kept(person: Person) -> tuple[Details, Profile]:
    if person.details is None or person.profile is None:
        raise DomainError("not_taking_part", "Nothing is kept of this person.", "subject")
    return person.details, person.profile


def _told(person: Person) -> Told:
    details, profile = _kept(person)
    return Told(
        phone=details.phone,
        email=details.email,
        preferred_language=details.preferred_language,
        languages=profile.languages,
        interests=profile.interests,
        occupation=(profile.occupation, details.occupation),
        education=profile.education,
    )


def _with(person: P, kept: Told, told: Told) -> P:
    details, profile = _kept(person)
    code, words = kept.occupation
    return replace(
        person,
        details=replace(
            details,
            phone=kept.phone,
            email=kept.email,
            preferred_language=kept.preferred_language,
            occupation=words,
            told=told,
        ),
        profile=replace(
            profile,
            languages=kept.languages,
            interests=kept.interests,
            occupation=code,
            education=kept.education,
        ),
    )
