"""What refugees and volunteers have in common: who they are, what they agreed to, what they take part in."""

from dataclasses import replace
from datetime import date
from typing import Literal, Self, TypeVar

from services.intake.domain.errors import DomainError
from services.intake.domain.kept import Lapse, ReferenceConsent, Withdrawal
from services.intake.domain.seniority import Seniority, without
from shared.values import value

ParticipationStatus = Literal["joined", "consented", "ready", "lapsed", "left"]
LanguageLevel = Literal["native", "fluent", "basic"]
Education = Literal["none", "primary", "secondary", "vocational", "bachelor", "master", "doctorate"]

CONTACT = "contact"
"""The consent without which nobody's contact card leaves intake."""


@value
class Language:
    """A language (BCP 47) and how well it is spoken."""

    code: str
    level: LanguageLevel


@value
class Told:
    """What a coordinator may know better than a municipality. An occupation is a code, or other words."""

    phone: str | None
    email: str | None
    preferred_language: str
    languages: tuple[Language, ...]
    interests: tuple[str, ...]
    occupation: tuple[str | None, str | None]
    education: Education | None


@value
class Details:
    """Personal data: encrypted where it is stored, published in sealed contact cards alone.

    Who has one name has it in either field. `birth_date` is as it was told, `1994-03-09`, `1994-03` or
    `1994`; it and `gender` are None where nobody recorded them. `phone` is as E.164 has it, `email` as SMTP
    takes it.
    `recorded_birth_date` is what a coordinator recorded, besides what a municipality says; `told` what the
    municipality said last of what a coordinator has corrected since.
    `occupation` is here in its sender's own words, which may name somebody, and in `Profile` as a code.
    """

    given_name: str | None
    family_name: str | None
    birth_date: str | None
    gender: str | None
    preferred_language: str
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    occupation: str | None = None
    recorded_birth_date: str | None = None
    told: Told | None = None

    @property
    def born(self) -> str | None:
        """When somebody was born, as far as anybody has said: what a coordinator recorded holds where it does
        not contradict the rest.
        """
        told, recorded = self.birth_date, self.recorded_birth_date
        return recorded if recorded is not None and recorded.startswith(told or "") else told


@value
class Profile:
    """What may be known of somebody without knowing who it is."""

    birth_year: int | None
    gender: Literal["female", "male", "other"] | None
    languages: tuple[Language, ...]
    adults: int
    minors: int
    interests: tuple[str, ...] = ()
    occupation: str | None = None
    education: Education | None = None


@value
class Interview:
    """What an interview established. Hours are hours a week."""

    programme: str
    held_on: date
    weekly_hours: float
    activities: tuple[str, ...]
    contact: Literal["in_person", "phone", "mixed"]
    weekday_morning: float
    weekday_afternoon: float
    weekday_evening: float
    weekend: float
    guide_gender: Literal["female", "male", "other"] | None
    interpreter_ok: bool
    interests: tuple[str, ...] | None = None


@value
class Spell:
    """A status and the days it lasted."""

    status: str
    since: date
    to: date | None = None


@value
class Consent:
    """A consent in force."""

    purpose: str
    text_version: str
    given_on: date


@value
class Check:
    """That a document was seen; never what it says."""

    kind: str
    seen_on: date
    role: str | None = None


@value
class Approval:
    """An organisation's approval for a programme, and the day on which it was last given again. `by` is whose
    accounts the last operator's is; empty where that was not kept.
    """

    programme: str
    organisation: str
    on: date
    renewed_on: date | None = None
    by: str = ""


@value
class Participation:
    """A part in one programme; `missing` are the codes of what is still asked of who isn't ready.

    `ready_since` stays while it has `lapsed`: who renews what is missing has waited all the time.
    `ready_until` is the last day on which nothing will have lapsed. `interviewed_on`: for this programme,
    where an interview for another has followed.
    """

    programme: str
    pack_version: str
    status: ParticipationStatus
    joined_on: date
    ready_since: date | None = None
    role: str | None = None
    missing: tuple[str, ...] = ()
    ready_until: date | None = None
    interviewed_on: date | None = None

    def left(self) -> "Participation":
        """The same part, ended."""
        return replace(self, status="left", missing=())


@value(kw_only=True)
class Person:
    """The common part of a refugee's and a volunteer's file; `coordinator` is who looks after them.
    `formerly` are earlier codes of the municipality: who is brought under a new one has not moved.
    """

    subject: str
    municipality: str
    status: str
    spells: tuple[Spell, ...] = ()
    profile: Profile | None = None
    details: Details | None = None
    interview: Interview | None = None
    consents: tuple[Consent, ...] = ()
    checks: tuple[Check, ...] = ()
    approvals: tuple[Approval, ...] = ()
    participations: tuple[Participation, ...] = ()
    household_ref: str | None = None
    coordinator: str | None = None
    references: tuple[ReferenceConsent, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    seniority: Seniority = ()
    formerly: tuple[str, ...] = ()

    def consented_to(self, purpose: str) -> bool:
        """Whether a consent for the purpose is in force."""
        return any(consent.purpose == purpose for consent in self.consents)

    def participation(self, programme: str) -> Participation | None:
        """The part in a programme, if there is one."""
        return next((part for part in self.participations if part.programme == programme), None)

    def approval(self, programme: str, organisation: str) -> Approval | None:
        """An organisation's approval for a programme, if it has given one."""
        wanted = programme, organisation
        return next((one for one in self.approvals if (one.programme, one.organisation) == wanted), None)

    def with_status(self, status: str, on: date) -> Self:
        """The same person in another status from a day on; unchanged if that is the status already."""
        if status == self.status and self.spells:
            return self
        return replace(self, status=status, spells=self.spells_with(status, on))

    def spells_with(self, status: str, on: date) -> tuple[Spell, ...]:
        """The spells once a status holds from a day on; the same if it does already."""
        if status == self.status and self.spells:
            return self.spells
        closed = (
            replace(spell, to=max(spell.since, on)) if spell.to is None else spell for spell in self.spells
        )
        return (*closed, Spell(status, on))

    def with_participation(self, part: Participation) -> Self:
        """The same person with this participation in its place, or at the end."""
        others = [known if known.programme != part.programme else part for known in self.participations]
        if part not in others:
            others.append(part)
        waits = part.ready_since is not None or part.status == "left"
        brought = without(self.seniority, part.programme) if waits else self.seniority
        return replace(self, participations=tuple(others), seniority=brought)


P = TypeVar("P", bound=Person)


def join(person: P, programme: str, pack_version: str, joined_on: date) -> P:
    """Takes part in a programme; raises `already_joined`."""
    known = person.participation(programme)
    if known is not None and known.status != "left":
        raise DomainError("already_joined", "The subject takes part in this programme already.", "programme")
    return person.with_participation(Participation(programme, pack_version, "joined", joined_on))


def leave(person: P, programme: str) -> P:
    """Takes part in a programme no more; raises `not_joined`."""
    return person.with_participation(_joined(person, programme).left())


def interviewed(person: P, interview: Interview) -> P:
    """Records an interview; raises `not_joined` or `interview_superseded`."""
    part = _joined(person, interview.programme)
    if person.interview is not None and person.interview.held_on > interview.held_on:
        raise DomainError("interview_superseded", "A later interview is on record.", "held_on")
    held = person.with_participation(replace(part, interviewed_on=interview.held_on))
    return replace(held, interview=interview)


def checked(person: P, check: Check) -> P:
    """Records that a document was seen; the latest of its kind and role stays. Raises `check_superseded`."""
    others = tuple(item for item in person.checks if (item.kind, item.role) != (check.kind, check.role))
    if any(known.seen_on > check.seen_on for known in person.checks if known not in others):
        raise DomainError("check_superseded", "A later one of this kind is on record.", "seen_on")
    return replace(person, checks=(*others, check))


def approved(person: P, approval: Approval) -> P:
    """Records an organisation's approval; raises `not_joined`, and `four_eyes` where its giver has approved
    for another one. A repeated one keeps the first day, and is renewed by a later one.
    """
    _joined(person, approval.programme)
    for other in person.approvals:
        elsewhere = other.programme == approval.programme and other.organisation != approval.organisation
        if elsewhere and other.by and other.by == approval.by:
            raise DomainError(
                "four_eyes", f"The same person has approved for {other.organisation}: somebody else approves."
            )
    known = person.approval(approval.programme, approval.organisation)
    if known is None:
        return replace(person, approvals=(*person.approvals, approval))
    if approval.on <= (known.renewed_on or known.on):
        return person
    renewed = replace(known, renewed_on=approval.on, by=approval.by)
    return replace(person, approvals=tuple(renewed if one == known else one for one in person.approvals))


def _joined(person: Person, programme: str) -> Participation:
    part = person.participation(programme)
    if part is None or part.status == "left":
        raise DomainError(
            "not_joined", "The subject takes no part in this programme: join it first.", "programme"
        )
    return part
