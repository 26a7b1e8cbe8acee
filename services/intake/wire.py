"""Contracts → domain, field by field; what goes out is written in `public_state`."""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal, get_args

import orjson

from services.intake.domain import person, refugee, volunteer
from services.intake.domain.requirements import REGISTRY, Requirement, Requirements
from shared.contracts import municipal, people, programmes, topics
from shared.contracts.catalogue import events_of
from shared.contracts.fields import CODE_PATTERN, Contract
from shared.contracts.intake import commands as command
from shared.contracts.intake.cards import CardDetails
from shared.contracts.message import Message
from shared.contracts.programmes import PackSide, ProgrammePack
from shared.messaging.reading.outcome import Dead
from shared.messaging.reading.records import Received

EVENTS: dict[StrEnum, Message] = {
    **events_of(refugee.Fact, topics.REFUGEES),
    **events_of(volunteer.Fact, topics.VOLUNTEERS),
}

_CODE = re.compile(CODE_PATTERN, re.ASCII)

PLANNED = timedelta(days=365)
"""How far ahead a municipality may have found a home for somebody whose arrival it announces."""

Kinds = Mapping[str, type[Requirement]]
"""Requirements by the `kind` under which packs name them."""

CaseKey = Callable[[str, str], str]
"""(municipality, case reference) → the keyed digest under which intake knows the case."""


def case_digest(secret: bytes) -> CaseKey:
    """HMAC-SHA-256 under the service's own key, so that a leaked database does not lead back to a case."""

    def digest(municipality: str, case: str) -> str:
        return hmac.digest(secret, f"{municipality}/{case}".encode(), "sha256").hex()

    return digest


def settlement(record: Received, data: municipal.PersonSettled, cases: Sequence[str]) -> refugee.Settlement:
    """A municipality's settlement as intake decides on it; the record's topic names it.

    `cases` are the keys of its case and of its former one, if it has one.
    """
    municipality = record.owner or ""
    open_ = data.protection == "none" and not data.unaccompanied_minor
    secrecy: Literal["none", "protected", "minor"]
    secrecy = "protected" if data.protection != "none" else "minor" if data.unaccompanied_minor else "none"
    return refugee.Settlement(
        case=cases[0],
        municipality=municipality,
        time=record.envelope.time,
        secrecy=secrecy,
        profile=_settled_profile(data) if open_ else None,
        details=_details(data.person, data.occupation) if open_ and data.person is not None else None,
        expected_arrival_on=data.expected_arrival_on if open_ else None,
        arrived_on=data.arrived_on if open_ else None,
        settled_on=data.settled_on if open_ else None,
        placement=_placement(data.placement) if open_ and data.placement is not None else None,
        former_case=cases[1] if len(cases) > 1 else None,
    )


def date_in_future(data: municipal.PersonSettled | municipal.PersonMoved, today: date) -> Dead | None:
    """Refuses what can't have happened yet: only the expected arrival may lie ahead of the broker's day, and,
    while nobody has arrived, the day on which a home is theirs.
    """
    if isinstance(data, municipal.PersonMoved):
        return Dead("date_in_future", "moved_on") if data.moved_on > today else None
    if data.arrived_on is not None and data.arrived_on > today:
        return Dead("date_in_future", "arrived_on")
    if data.settled_on is not None and data.settled_on > today:
        return Dead("date_in_future", "settled_on")
    if data.person is not None and data.person.birth_date > today:
        return Dead("date_in_future", "person.birth_date")
    is_here = data.arrived_on is not None or data.settled_on is not None
    latest = today if is_here else today + PLANNED
    if data.placement is not None and data.placement.placed_on > latest:
        return Dead("date_in_future", "placement.placed_on")
    return None


def _settled_profile(data: municipal.PersonSettled) -> person.Profile | None:
    if data.person is None:
        return None
    household = data.household
    return person.Profile(
        birth_year=data.person.birth_date.year,
        gender=data.person.gender,
        languages=_languages(data.languages),
        adults=household.adults if household else 1,
        minors=household.minors if household else 0,
        interests=tuple(data.interests),
        occupation=data.occupation if _is_code(data.occupation) else None,
        education=data.education,
    )


def _languages(languages: list[people.SpokenLanguage]) -> tuple[person.Language, ...]:
    return tuple(person.Language(language.code, language.level) for language in languages)


def _is_code(text: str | None) -> bool:
    return text is not None and _CODE.fullmatch(text) is not None


def _details(who: municipal.Person, occupation: str | None) -> person.Details:
    return person.Details(
        given_name=who.given_name,
        family_name=who.family_name,
        birth_date=who.birth_date,
        gender=who.gender,
        preferred_language=who.preferred_language,
        phone=who.phone,
        email=who.email,
        address=who.address,
        occupation=None if _is_code(occupation) else occupation,
    )


def _placement(placement: people.Placement) -> refugee.Placement:
    return refugee.Placement(placement.kind, placement.placed_on, placement.district)


def registration(data: command.RegisterVolunteer) -> volunteer.Registration:
    """A new volunteer as intake decides on them."""
    return volunteer.Registration(
        municipality=data.municipality,
        profile=person.Profile(
            birth_year=data.person.birth_date.year,
            gender=data.person.gender,
            languages=_languages(data.languages),
            adults=data.adults,
            minors=data.minors,
            interests=tuple(data.interests),
            occupation=data.occupation if _is_code(data.occupation) else None,
            education=data.education,
        ),
        details=_details(data.person, data.occupation),
        capacity=data.capacity,
        travel_km=data.travel_km,
        registered_on=data.registered_on,
    )


def interview(data: command.RecordInterview) -> person.Interview:
    """An interview's results."""
    return person.Interview(
        programme=data.programme,
        held_on=data.held_on,
        weekly_hours=data.expectations.weekly_hours,
        activities=tuple(data.expectations.activities),
        contact=data.expectations.contact,
        weekday_morning=data.availability.weekday_morning,
        weekday_afternoon=data.availability.weekday_afternoon,
        weekday_evening=data.availability.weekday_evening,
        weekend=data.availability.weekend,
        guide_gender=data.wishes.guide_gender,
        interpreter_ok=data.wishes.interpreter_ok,
        interests=None if data.interests is None else tuple(data.interests),
    )


def matched(contracts: Iterable[type[Contract]], kinds: Kinds) -> Kinds:
    """The same kinds. Raises LookupError where packs name others, or with other fields, so that a forgotten
    one stops the start.
    """
    in_packs = {
        kind: model.model_fields.keys() - {"kind"}
        for model in contracts
        for kind in get_args(model.model_fields["kind"].annotation)
    }
    known = {kind: {field.name for field in fields(asked)} for kind, asked in kinds.items()}
    unmatched = sorted(
        kind for kind in in_packs.keys() | known.keys() if in_packs.get(kind) != known.get(kind)
    )
    if unmatched:
        raise LookupError(f"requirements of packs and of intake differ: {', '.join(unmatched)}")
    return kinds


REQUIREMENTS = matched(get_args(get_args(programmes.Requirement)[0]), REGISTRY)


def requirements(pack: ProgrammePack, side: PackSide) -> Requirements:
    """What a side of a pack asks."""
    asked = tuple(REQUIREMENTS[item.kind](**item.model_dump(exclude={"kind"})) for item in side.requirements)
    return Requirements(pack.name, pack.version, side.role, asked)


def card(details: person.Details) -> bytes:
    """The plain text of a contact card."""
    plain = CardDetails(
        given_name=details.given_name,
        email=details.email,
        phone=details.phone,
        preferred_language=details.preferred_language,
    )
    return orjson.dumps(plain.model_dump(mode="json", exclude_none=True))
