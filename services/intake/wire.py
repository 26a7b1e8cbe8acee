"""Contracts → domain, field by field; what goes out is written in `public_state`."""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, get_args

import orjson

from services.intake import contact
from services.intake.domain import person, refugee, volunteer
from services.intake.domain.birth import born_between
from services.intake.domain.requirements import REGISTRY, Requirement, Requirements
from services.intake.languages import spoken
from services.intake.vocabulary import Vocabulary
from shared.contracts import municipal, pairing, programmes, topics
from shared.contracts.catalogue import events_of
from shared.contracts.fields import CODE_PATTERN, Contract
from shared.contracts.intake.cards import CardDetails
from shared.contracts.intake.commands.people import RecordInterview
from shared.contracts.intake.commands.volunteers import RegisterVolunteer
from shared.contracts.message import Message
from shared.contracts.periods import number_of
from shared.contracts.programmes import PackSide, ProgrammePack
from shared.ids import derived_subject
from shared.languages import normal_or_same
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


SubjectOf = Callable[..., str]
"""(prefix, the record that somebody became known by, …) → their reference: the same whenever it is made."""


def subject_of(secret: bytes) -> SubjectOf:
    """HMAC-SHA-256 under a key made from the service's own secret. A settlement that is handled again after a
    restore is of the person that it was of before.
    """
    key = hmac.digest(secret, b"kobling subjects v1", "sha256")

    def reference(prefix: str, *known_by: str) -> str:
        return derived_subject(prefix, hmac.digest(key, "\0".join((prefix, *known_by)).encode(), "sha256"))

    return reference


def settlement(
    record: Received, data: municipal.PersonSettled, cases: Sequence[str], known: Vocabulary
) -> refugee.Settlement:
    """A municipality's settlement as intake decides on it; the record's topic names it.

    `cases` are the keys of its case and of its former one, if it has one; `known` are its words.
    """
    municipality = record.owner or ""
    secrecy: refugee.Secrecy
    secrecy = "protected" if data.protection != "none" else "minor" if data.unaccompanied_minor else "none"
    former_case = cases[1] if len(cases) > 1 else None
    if secrecy != "none" or data.person is None:
        return refugee.Settlement(
            cases[0], municipality, record.envelope.time, secrecy, former_case=former_case
        )
    occupation = published_occupation(data.occupation, known)
    return refugee.Settlement(
        case=cases[0],
        municipality=municipality,
        time=record.envelope.time,
        secrecy=secrecy,
        profile=_settled_profile(data, data.person, occupation, known),
        details=_details(data.person, data.occupation if occupation is None else None, municipality),
        expected_arrival_on=data.expected_arrival_on,
        arrived_on=data.arrived_on,
        settled_on=data.settled_on,
        placement=None if data.placement is None else _placement(data.placement, known),
        former_case=former_case,
    )


def days_in_future(data: municipal.PersonSettled | municipal.PersonMoved, today: date) -> list[str]:
    """The fields of days that can't have been yet, in the contract's order: only the expected arrival may lie
    ahead of the broker's day, and, while nobody has arrived, the day on which a home is theirs.
    """
    if isinstance(data, municipal.PersonMoved):
        return ["moved_on"] if data.moved_on > today else []
    found = []
    arrived_on, settled_on, placement = data.arrived_on, data.settled_on, data.placement
    if arrived_on is not None and arrived_on > today:
        found.append("arrived_on")
    if settled_on is not None and settled_on > today:
        found.append("settled_on")
    born = data.person.birth_date if data.person is not None else None
    if born is not None and born_between(born)[0] > today:
        found.append("person.birth_date")
    if placement is not None and placement.placed_on > today:
        is_here = arrived_on is not None or settled_on is not None
        if is_here or placement.placed_on > today + PLANNED:
            found.append("placement.placed_on")
    return found


def _settled_profile(
    data: municipal.PersonSettled, who: municipal.Person, occupation: str | None, known: Vocabulary
) -> person.Profile:
    household = data.household
    return person.Profile(
        birth_year=_year(who.birth_date),
        gender=who.gender,
        languages=spoken(data.languages),
        adults=household.adults if household else 1,
        minors=household.minors if household else 0,
        interests=known.taken(data.interests),
        occupation=occupation,
        education=data.education,
    )


def _year(birth_date: str | None) -> int | None:
    return None if birth_date is None else born_between(birth_date)[0].year


def published_occupation(occupation: str | None, known: Vocabulary) -> str | None:
    """The occupation where it may be published."""
    if occupation is None or not _CODE.fullmatch(occupation) or not known.takes(occupation):
        return None
    return occupation


def _details(who: municipal.Person, occupation: str | None, municipality: str) -> person.Details:
    """`occupation` is one that isn't published."""
    return person.Details(
        given_name=who.given_name,
        family_name=who.family_name,
        birth_date=who.birth_date,
        gender=who.gender,
        preferred_language=normal_or_same(who.preferred_language),
        phone=contact.phone(who.phone, municipality),
        email=contact.email(who.email),
        address=contact.address(who.address),
        occupation=occupation,
    )


def _placement(placement: municipal.SettledPlacement, known: Vocabulary) -> refugee.Placement:
    district = known.district(placement.district or "")
    return refugee.Placement(placement.kind, placement.placed_on, district or refugee.UNLISTED)


def registration(data: RegisterVolunteer, known: Vocabulary) -> volunteer.Registration:
    """A new volunteer as intake decides on them; `known` are the municipality's words."""
    occupation = published_occupation(data.occupation, known)
    return volunteer.Registration(
        municipality=data.municipality,
        profile=person.Profile(
            birth_year=_year(data.person.birth_date),
            gender=data.person.gender,
            languages=spoken(data.languages),
            adults=data.adults,
            minors=data.minors,
            interests=tuple(data.interests),
            occupation=occupation,
            education=data.education,
        ),
        details=_details(data.person, data.occupation if occupation is None else None, data.municipality),
        capacity=data.capacity,
        travel_km=data.travel_km,
        registered_on=data.registered_on,
    )


def interview(data: RecordInterview) -> person.Interview:
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


@dataclass(frozen=True, slots=True)
class Words:
    """The codes that programmes know: purposes of consents, kinds of checks, and roles; of the kinds those
    that they ask of refugees.
    """

    purposes: frozenset[str]
    checks: frozenset[str]
    roles: frozenset[str]
    checks_of_refugees: frozenset[str] = frozenset()


def words(packs: Iterable[ProgrammePack]) -> Words:
    """The codes that these packs know, of both sides: one person may be on either."""
    known = list(packs)
    sides = [side for pack in known for side in (pack.sides.receiving, pack.sides.giving)]
    asked = [item for side in sides for item in side.requirements]
    return Words(
        purposes=frozenset(item.purpose for item in asked if isinstance(item, programmes.ConsentAsked)),
        checks=frozenset(item.check for item in asked if isinstance(item, programmes.CheckAsked))
        | {
            rule.code
            for pack in known
            for rule in pack.pairing.rules
            if isinstance(rule, pairing.ChildCertificateRule)
        },
        roles=frozenset(side.role for side in sides),
        checks_of_refugees=frozenset(
            item.check
            for pack in known
            for item in pack.sides.receiving.requirements
            if isinstance(item, programmes.CheckAsked)
        ),
    )


REQUIREMENTS = matched(get_args(get_args(programmes.Requirement)[0]), REGISTRY)


def requirements(pack: ProgrammePack, side: PackSide) -> Requirements:
    """What a side of a pack asks."""
    asked = tuple(REQUIREMENTS[item.kind](**_parameters(item)) for item in side.requirements)
    return Requirements(pack.name, pack.version, side.role, asked)


def _parameters(item: programmes.Requirement) -> dict[str, Any]:
    """A requirement's fields, with its periods as numbers of months."""
    found = item.model_dump(exclude={"kind"})
    if found.get("valid_for") is not None:
        found["valid_for"] = number_of(found["valid_for"])
    return found


def card(details: person.Details) -> bytes:
    """The plain text of a contact card, which greets who has one name by that."""
    plain = CardDetails(
        given_name=details.given_name or details.family_name or "",
        email=details.email,
        phone=details.phone,
        preferred_language=details.preferred_language,
    )
    return orjson.dumps(plain.model_dump(mode="json", exclude_none=True))
