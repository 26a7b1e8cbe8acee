"""Contract events ↔ domain: the only module of intake that knows both."""

import hmac
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal

import orjson

from services.intake.domain import person, refugee, volunteer
from shared.contracts import municipal, people, topics
from shared.contracts.administrators import PackSide, ProgrammePack
from shared.contracts.catalogue import events_of
from shared.contracts.fields import CODE_PATTERN
from shared.contracts.intake import commands as command
from shared.contracts.intake.cards import CardDetails
from shared.contracts.message import Message
from shared.messaging.reading.outcome import Dead
from shared.messaging.reading.records import Received
from shared.mongo import Document

EVENTS: dict[StrEnum, Message] = {
    **events_of(refugee.Fact, topics.REFUGEES),
    **events_of(volunteer.Fact, topics.VOLUNTEERS),
}

_CODE = re.compile(CODE_PATTERN, re.ASCII)

PLANNED = timedelta(days=365)
"""How far ahead a municipality may have found a home for somebody whose arrival it announces."""

CaseKey = Callable[[str, str], str]
"""(municipality, case reference) → the keyed digest under which intake knows the case."""


def case_digest(secret: bytes) -> CaseKey:
    """HMAC-SHA-256 under the service's own key, so that a leaked database does not lead back to a case."""

    def digest(municipality: str, case: str) -> str:
        return hmac.digest(secret, f"{municipality}/{case}".encode(), "sha256").hex()

    return digest


def settlement(record: Received, said: municipal.PersonSettled, cases: Sequence[str]) -> refugee.Settlement:
    """A municipality's settlement as intake decides on it; the record's topic names it.

    `cases` are the keys of its case and of its former one, if it has one.
    """
    municipality = record.owner or ""
    open_ = said.protection == "none" and not said.unaccompanied_minor
    standing: Literal["none", "protected", "minor"]
    standing = "protected" if said.protection != "none" else "minor" if said.unaccompanied_minor else "none"
    return refugee.Settlement(
        case=cases[0],
        municipality=municipality,
        time=record.envelope.time,
        standing=standing,
        profile=_settled_profile(said) if open_ else None,
        details=_details(said.person, said.occupation) if open_ and said.person is not None else None,
        expected_arrival_on=said.expected_arrival_on if open_ else None,
        arrived_on=said.arrived_on if open_ else None,
        settled_on=said.settled_on if open_ else None,
        placement=_placement(said.placement) if open_ and said.placement is not None else None,
        former_case=cases[1] if len(cases) > 1 else None,
    )


def date_in_future(said: municipal.PersonSettled | municipal.PersonMoved, today: date) -> Dead | None:
    """Refuses what can't have happened yet: only the expected arrival may lie ahead of the broker's day, and,
    while nobody has arrived, the day on which a home is theirs.
    """
    if isinstance(said, municipal.PersonMoved):
        return Dead("date_in_future", "moved_on") if said.moved_on > today else None
    if said.arrived_on is not None and said.arrived_on > today:
        return Dead("date_in_future", "arrived_on")
    if said.settled_on is not None and said.settled_on > today:
        return Dead("date_in_future", "settled_on")
    if said.person is not None and said.person.birth_date > today:
        return Dead("date_in_future", "person.birth_date")
    is_here = said.arrived_on is not None or said.settled_on is not None
    latest = today if is_here else today + PLANNED
    if said.placement is not None and said.placement.placed_on > latest:
        return Dead("date_in_future", "placement.placed_on")
    return None


def _settled_profile(said: municipal.PersonSettled) -> person.Profile | None:
    if said.person is None:
        return None
    household = said.household
    return person.Profile(
        birth_year=said.person.birth_date.year,
        gender=said.person.gender,
        languages=_languages(said.languages),
        adults=household.adults if household else 1,
        minors=household.minors if household else 0,
        interests=tuple(said.interests),
        occupation=said.occupation if _is_code(said.occupation) else None,
        education=said.education,
    )


def _languages(languages: list[people.Language]) -> tuple[person.Language, ...]:
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


def registration(said: command.RegisterVolunteer) -> volunteer.Registration:
    """A new volunteer as intake decides on them."""
    return volunteer.Registration(
        municipality=said.municipality,
        profile=person.Profile(
            birth_year=said.person.birth_date.year,
            gender=said.person.gender,
            languages=_languages(said.languages),
            adults=said.adults,
            minors=said.minors,
            interests=tuple(said.interests),
            occupation=said.occupation if _is_code(said.occupation) else None,
            education=said.education,
        ),
        details=_details(said.person, said.occupation),
        capacity=said.capacity,
        travel_km=said.travel_km,
        registered_on=said.registered_on,
    )


def interview(said: command.RecordInterview) -> person.Interview:
    """An interview's results."""
    return person.Interview(
        programme=said.programme,
        held_on=said.held_on,
        weekly_hours=said.expectations.weekly_hours,
        activities=tuple(said.expectations.activities),
        contact=said.expectations.contact,
        weekday_morning=said.availability.weekday_morning,
        weekday_afternoon=said.availability.weekday_afternoon,
        weekday_evening=said.availability.weekday_evening,
        weekend=said.availability.weekend,
        guide_gender=said.wishes.guide_gender,
        interpreter_ok=said.wishes.interpreter_ok,
        interests=None if said.interests is None else tuple(said.interests),
    )


def requirements(pack: ProgrammePack, side: PackSide) -> person.Requirements:
    """What a side of a pack asks."""
    return person.Requirements(
        programme=pack.name,
        pack_version=pack.version,
        consents=frozenset(side.consents),
        interview=side.interview,
        checks=frozenset(side.checks),
        approvals=frozenset(side.approvals),
        minimum_age=side.minimum_age,
    )


_NOTHING: Document = {name: [] for name in ("spells", "participations", "languages", "interests", "consents")}
"""Lists stand in a state even where they are empty; what has no value is left out."""


def public_state(who: person.Person) -> Document:
    """The whole public state of a person, as the JSON of its contract: `RefugeeState`, `VolunteerState`, or
    `RefugeeReferral` of a referred minor. Written out by hand, since every settlement passes here.
    """
    match who:
        case refugee.Refugee(status="referred"):
            return {"municipality": who.municipality}
        case refugee.Refugee():
            return _refugee_state(who)
        case volunteer.Volunteer():
            return _volunteer_state(who)
        case _:
            raise TypeError(type(who).__name__)


def withdrawn_state(municipality: str) -> Document:
    """The last state of somebody who must not be known any more."""
    return {"municipality": municipality, "status": "withdrawn", **_NOTHING}


def _refugee_state(who: refugee.Refugee) -> Document:
    state = _common(who)
    if who.expected_arrival_on is not None:
        state["expected_arrival_on"] = who.expected_arrival_on.isoformat()
    if who.arrived_on is not None:
        state["arrived_on"] = who.arrived_on.isoformat()
    if who.settled_on is not None:
        state["settled_on"] = who.settled_on.isoformat()
    if (placement := who.placement) is not None:
        placed_on = placement.placed_on.isoformat()
        state["placement"] = {
            "kind": placement.kind,
            "placed_on": placed_on,
            "district": placement.district,
        }
    return state


def _volunteer_state(who: volunteer.Volunteer) -> Document:
    return _common(who) | _stated(
        roles=["guide"] if any(part.status == "ready" for part in who.participations) else [],
        capacity=who.capacity,
        travel_km=who.travel_km,
        approvals=[
            {"organisation": approval.organisation, "on": approval.on.isoformat()}
            for approval in who.approvals
        ],
        approved_on=_day(who.approved_on),
        checks=[
            _stated(kind=check.kind, seen_on=check.seen_on.isoformat(), role=check.role)
            for check in who.checks
        ],
    )


def _common(who: person.Person) -> Document:
    state: Document = {
        **_NOTHING,
        "municipality": who.municipality,
        "status": who.status,
        "spells": [_spell(spell) for spell in who.spells],
        "participations": [
            _stated(
                programme=part.programme,
                pack_version=part.pack_version,
                status=part.status,
                ready_since=_day(part.ready_since),
            )
            for part in who.participations
        ],
        "consents": [
            {
                "purpose": given.purpose,
                "text_version": given.text_version,
                "given_on": given.given_on.isoformat(),
            }
            for given in who.consents
        ],
    }
    if who.profile is not None:
        _add_known(state, who.profile, who.household_ref)
    if who.interview is not None:
        state |= _wished(who.interview)
    return state


def _spell(spell: person.Spell) -> Document:
    said = {"status": spell.status, "from": spell.since.isoformat()}
    if spell.to is not None:
        said["to"] = spell.to.isoformat()
    return said


def _add_known(state: Document, profile: person.Profile, household: str | None) -> None:
    state["birth_year"] = profile.birth_year
    state["gender"] = profile.gender
    state["languages"] = [{"code": item.code, "level": item.level} for item in profile.languages]
    state["household"] = {"adults": profile.adults, "minors": profile.minors}
    if household is not None:
        state["household"]["ref"] = household
    if profile.occupation is not None:
        state["occupation_field"] = profile.occupation
    if profile.education is not None:
        state["education_level"] = profile.education
    state["interests"] = list(profile.interests)


def _wished(held: person.Interview) -> Document:
    return _stated(
        interests=None if held.interests is None else list(held.interests),
        wishes=_stated(guide_gender=held.guide_gender, interpreter_ok=held.interpreter_ok),
        expectations={
            "weekly_hours": held.weekly_hours,
            "activities": list(held.activities),
            "contact": held.contact,
        },
        availability={
            "weekday_morning": held.weekday_morning,
            "weekday_afternoon": held.weekday_afternoon,
            "weekday_evening": held.weekday_evening,
            "weekend": held.weekend,
        },
    )


def _stated(**fields: Any) -> Document:
    """The fields that have a value: contracts leave the others out."""
    return {name: value for name, value in fields.items() if value is not None}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def card(details: person.Details) -> bytes:
    """The plain text of a contact card."""
    plain = CardDetails(
        given_name=details.given_name,
        email=details.email,
        phone=details.phone,
        preferred_language=details.preferred_language,
    )
    return orjson.dumps(plain.model_dump(mode="json", exclude_none=True))
