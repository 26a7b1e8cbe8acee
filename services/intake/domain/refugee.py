"""A refugee's file: from settlement to readiness, corrections and moves."""

from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal, get_args

from services.intake.domain import moves
from services.intake.domain.correction import restated
from services.intake.domain.person import Details, Person, Profile, Spell
from shared.values import value


class Fact(StrEnum):
    """What happened to a refugee's file, by the name of its public event."""

    SETTLED = "RefugeeSettled"
    CORRECTED = "RefugeeCorrected"
    JOINED = "RefugeeJoined"
    CONSENTED = "RefugeeConsented"
    INTERVIEWED = "RefugeeInterviewed"
    READY = "RefugeeReady"
    REFERRED = "RefugeeReferred"
    MOVED = "RefugeeMoved"
    ARRIVED = "ArrivalConfirmed"


UNLISTED = "unlisted"
"""A part of town that no list of the municipality has: what was written instead may be an address."""
HIDDEN = frozenset({"protected", "referred"})
"""In which status nothing of somebody may be published."""

Secrecy = Literal["none", "minor", "protected"]
"""What may be known of somebody, each stricter than the one before: all, a referral, nothing."""
_STRICTER = get_args(Secrecy).index


@value
class Placement:
    """Where the municipality has housed somebody; `district` is a listed part of town, or UNLISTED."""

    kind: Literal["temporary", "permanent", "private_host"]
    placed_on: date
    district: str


@value
class Case:
    """A municipality's case, by a keyed digest of its reference, and the newest record of it."""

    key: str
    newest: datetime


@value(kw_only=True)
class Refugee(Person):
    """A settled or announced person. `cases` are all municipal cases that are this person; the first is
    the current one. Of protected people and referred minors nothing but cases and status is kept.
    `confirmed_arrival_on` is what a coordinator says, besides the municipality; `volunteers` are the subjects
    under which the same person volunteers, and which nothing published leads to.
    """

    cases: tuple[Case, ...] = ()
    expected_arrival_on: date | None = None
    arrived_on: date | None = None
    settled_on: date | None = None
    placement: Placement | None = None
    confirmed_arrival_on: date | None = None
    volunteers: tuple[str, ...] = ()

    def case(self, key: str) -> Case | None:
        """The case with this key."""
        return next((case for case in self.cases if case.key == key), None)

    @property
    def has_left(self) -> bool:
        """Whether the case was withdrawn, or the person moved and no other municipality has settled them."""
        return self.status in {"withdrawn", "moved"}

    @property
    def is_public(self) -> bool:
        """Whether anything of this person may be published."""
        return self.status not in HIDDEN


@value
class Settlement:
    """What a municipality says of a case. `profile` and `details` are absent of protected people."""

    case: str
    municipality: str
    time: datetime
    secrecy: Secrecy
    profile: Profile | None = None
    details: Details | None = None
    expected_arrival_on: date | None = None
    arrived_on: date | None = None
    settled_on: date | None = None
    placement: Placement | None = None
    former_case: str | None = None


@value
class Change:
    """A refugee's new file and what happened, if anything that may be known outside.

    Where the new file has another subject than the old, nothing may lead from the one to the other, and
    what was published under the old one must be taken back.
    """

    refugee: Refugee
    fact: Fact | None = None


def is_stale(known: Refugee | None, case: str, time: datetime) -> datetime | None:
    """The time of the newer record of the case, where there is one."""
    found = known.case(case) if known is not None else None
    return found.newest if found is not None and found.newest > time else None


def settle(
    known: Refugee | None, settlement: Settlement, subject: str, today: date, former: Refugee | None = None
) -> Change:
    """Opens or corrects a file. `subject` is a fresh reference, used where a person begins to be public.

    `former` is the file of the case that the settlement names, as it was, where that was another until now:
    `known` is both by then. Callers drop stale records first.
    """
    ahead = _ahead(known, former, settlement)
    secrecy = settlement.secrecy
    for held in (known, former):
        if held is not None and not held.is_public:
            secrecy = max(secrecy, _kept(held, settlement), key=_STRICTER)
    if secrecy != "none":
        return _hide(known, replace(settlement, secrecy=secrecy), subject, today, ahead)
    if known is None or not known.is_public:
        status, since = _arrival(settlement, today)
        opened = Refugee(
            subject=subject,
            municipality=settlement.municipality,
            status=status,
            spells=(Spell(status, since),),
            cases=_cases(known, settlement),
            **_stated(settlement),
        )
        return Change(opened, Fact.SETTLED)
    known = replace(known, cases=_cases(known, settlement, ahead))
    # Of an older case of somebody who has moved on what its municipality says no longer decides.
    return _corrected(known, settlement, today) if ahead is None else Change(known)


def _corrected(known: Refugee, settlement: Settlement, today: date) -> Change:
    begins = settlement.municipality != known.municipality or known.profile is None
    if begins or known.has_left or settlement.arrived_on is not None:
        known = replace(known, confirmed_arrival_on=None)
    settlement = replace(settlement, arrived_on=settlement.arrived_on or known.confirmed_arrival_on)
    if settlement.municipality != known.municipality and not known.has_left:
        # That they moved is said by their arrival too, whether or not they were said to move before.
        known = known.with_status("moved", today)
    if known.has_left:
        known = moves.arrived(known, settlement.municipality)
    if known.has_left or known.status in {"announced", "settled"}:
        known = known.with_status(*_arrival(settlement, today))
    corrected = restated(known, replace(known, **_stated(settlement)))
    return Change(corrected, Fact.SETTLED if begins else Fact.CORRECTED)


def _ahead(known: Refugee | None, former: Refugee | None, settlement: Settlement) -> Refugee | None:
    """The file whose current case goes on being the person's; None where the settlement's becomes it.

    Who is public is where they came last. A case that hides them gives way to none but one that names it.
    """
    if former is not None and not former.is_public and not _answers(former, settlement):
        return former
    if known is None or _answers(known, settlement):
        return None
    return known if not known.is_public or known.case(settlement.case) is not None else None


def _answers(held: Refugee, settlement: Settlement) -> bool:
    """Whether a settlement is of somebody's current case, or of one to which they came from there."""
    return held.cases[0].key in {settlement.case, settlement.former_case}


def _kept(held: Refugee, settlement: Settlement) -> Secrecy:
    """The secrecy that a settlement can't end: it answers another case, or another said so later."""
    said_later = any(case.newest > settlement.time for case in held.cases if case.key != settlement.case)
    if _answers(held, settlement) and not said_later:
        return "none"
    return "protected" if held.status == "protected" else "minor"


def merge(kept: Refugee, former: Refugee) -> Refugee:
    """One file of two that turn out to be the same person: the kept one with the former's cases behind, and
    with the time that they waited under it.
    """
    return replace(
        moves.brought(kept, former),
        cases=(*kept.cases, *former.cases),
        volunteers=(*kept.volunteers, *former.volunteers),
        household_ref=kept.household_ref or former.household_ref,
    )


def withdraw(known: Refugee | None, case: Case, municipality: str, subject: str, today: date) -> Change:
    """Closes a file; a case never heard of is remembered, so that an older settlement has no effect.

    Nothing but the case is kept, under another subject where the old one was known outside: so somebody who
    is taken back leaves no other mark than who is withdrawn.
    """
    return _leave(known, case, municipality, subject, today, "withdrawn")


def move(known: Refugee | None, case: Case, municipality: str, subject: str, today: date) -> Change:
    """Somebody left the municipality; where they went sends its own settlement."""
    return _leave(known, case, municipality, subject, today, "moved")


def _leave(
    known: Refugee | None,
    case: Case,
    municipality: str,
    subject: str,
    today: date,
    status: Literal["withdrawn", "moved"],
) -> Change:
    if known is None:
        return Change(_bare((case,), municipality, subject).with_status(status, today))
    is_current = known.cases[0].key == case.key
    known = replace(known, cases=tuple(case if item.key == case.key else item for item in known.cases))
    is_out = is_current and known.is_public
    withdraws = is_out and status == "withdrawn" != known.status
    if withdraws or (is_current and known.status == "referred"):
        return Change(_bare(known.cases, known.municipality, subject).with_status(status, today))
    if not is_out or known.has_left:
        return Change(known)
    return Change(moves.gone(known.with_status(status, today)), Fact.MOVED)


def progressed(before: Refugee, after: Refugee, step: Fact, today: date) -> tuple[Refugee, Fact]:
    """Settles the status after a step towards readiness, and names the step by its greatest effect."""
    was_ready, is_ready = ("ready" in {part.status for part in who.participations} for who in (before, after))
    here = "settled" if after.settled_on or after.arrived_on else "announced"
    status = "ready" if is_ready else "consented" if after.consents else here
    return after.with_status(status, today), Fact.READY if is_ready and not was_ready else step


def _hide(
    known: Refugee | None, settlement: Settlement, subject: str, today: date, ahead: Refugee | None
) -> Change:
    """Keeps case and status alone, under another subject where the old one was known outside.

    A minor's referral is known outside too; it stays for as long as they are a minor and their case is open.
    """
    status = "protected" if settlement.secrecy == "protected" else "referred"
    municipality = settlement.municipality if ahead is None else ahead.municipality
    if ahead is not None and ahead.has_left:
        # An older case is no reason to refer who has left.
        status = "protected"
    if known is not None and known.status in {"protected", status}:
        subject = known.subject
    is_known = known is not None and (known.status, known.municipality) == ("referred", municipality)
    fact = Fact.REFERRED if status == "referred" and not is_known else None
    cases = _cases(known, settlement, ahead)
    return Change(_bare(cases, municipality, subject).with_status(status, today), fact)


def _bare(cases: tuple[Case, ...], municipality: str, subject: str) -> Refugee:
    """A file of cases alone, which is yet to be given its status."""
    return Refugee(subject=subject, municipality=municipality, status="unheard", cases=cases)


def _arrival(settlement: Settlement, today: date) -> tuple[str, date]:
    """Whether somebody is here by what a settlement says, as a status, and since when."""
    arrived = settlement.settled_on or settlement.arrived_on
    return ("settled", arrived) if arrived and arrived <= today else ("announced", today)


def _stated(settlement: Settlement) -> dict[str, Any]:
    """The fields of a file that are as the newest settlement of its current case says."""
    return {
        "profile": settlement.profile,
        "details": settlement.details,
        "expected_arrival_on": settlement.expected_arrival_on,
        "arrived_on": settlement.arrived_on,
        "settled_on": settlement.settled_on,
        "placement": settlement.placement,
    }


def _cases(known: Refugee | None, settlement: Settlement, ahead: Refugee | None = None) -> tuple[Case, ...]:
    """All cases, the current one first; a former case that is not known yet is held for it."""
    rest = [case for case in (known.cases if known else ()) if case.key != settlement.case]
    former = settlement.former_case
    if former is not None and former not in {settlement.case, *(case.key for case in rest)}:
        rest.append(Case(former, datetime.min.replace(tzinfo=settlement.time.tzinfo)))
    cases = (Case(settlement.case, settlement.time), *rest)
    if ahead is None:
        return cases
    return tuple(sorted(cases, key=lambda case: case.key != ahead.cases[0].key))
