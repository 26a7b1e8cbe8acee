"""The public states of people, written out by hand as JSON, since every settlement passes here."""

from datetime import date
from typing import Any

from services.intake.domain import kept, person, refugee, volunteer
from shared.mongo import Document

_NOTHING: Document = {name: [] for name in ("spells", "participations", "languages", "interests", "consents")}
"""Lists stand in a state even where they are empty; what has no value is left out."""


def public_state(who: person.Person) -> Document:
    """The whole public state of a person, as the JSON of its contract: `RefugeeState`, `VolunteerState`, or
    `RefugeeReferral` of a referred minor.
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
        roles=_roles(who),
        capacity=who.capacity,
        travel_km=who.travel_km,
        approvals=[
            {"organisation": approval.organisation, "on": (approval.renewed_on or approval.on).isoformat()}
            for approval in who.approvals
        ],
        approved_on=_day(who.approved_on),
        approval_expires_on=_day(_expires_on(who)),
        checks=[
            _stated(kind=check.kind, seen_on=check.seen_on.isoformat(), role=check.role)
            for check in who.checks
        ],
    )


def _roles(who: volunteer.Volunteer) -> list[str]:
    """The roles in which somebody may be matched, each once, in the order in which they joined."""
    roles = [part.role for part in who.participations if part.status == "ready" and part.role is not None]
    return list(dict.fromkeys(roles))


def _expires_on(who: volunteer.Volunteer) -> date | None:
    """The last day on which somebody is approved for all that they are now."""
    days = (part.ready_until for part in who.participations if part.status == "ready")
    return min((day for day in days if day is not None), default=None)


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
                missing=list(part.missing) or None,
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
    if who.formerly:
        state["former_codes"] = list(who.formerly)
    if who.coordinator is not None:
        state["coordinator"] = who.coordinator
    if who.references:
        state["references"] = [_reference(given) for given in who.references]
    if who.profile is not None:
        _add_known(state, who.profile, who.household_ref)
    if who.interview is not None:
        state |= _wished(who.interview)
    if who.coordinator is not None:
        state["coordinator"] = who.coordinator
    return state


def _spell(spell: person.Spell) -> Document:
    state = {"status": spell.status, "from": spell.since.isoformat()}
    if spell.to is not None:
        state["to"] = spell.to.isoformat()
    return state


def _reference(given: kept.ReferenceConsent) -> Document:
    return {
        "pair": given.pair,
        "referees": list(given.referees),
        "text_version": given.text_version,
        "given_on": given.given_on.isoformat(),
    }


def _add_known(state: Document, profile: person.Profile, household: str | None) -> None:
    if profile.birth_year is not None:
        state["birth_year"] = profile.birth_year
    if profile.gender is not None:
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
