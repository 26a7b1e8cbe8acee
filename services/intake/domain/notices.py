"""What coordinators are told of a person.

Of who isn't public nothing is. Somebody who is taken back gives the notice that a withdrawn case gives, and
no other: it says neither why nor what became of them.
"""

from collections.abc import Iterator
from datetime import date

from services.intake.domain.person import Person
from services.intake.domain.refugee import Refugee
from services.intake.domain.volunteer import Volunteer
from shared.values import value


@value
class Told:
    """One notice: what happened and on which day, in which municipality and programme, and codes."""

    code: str
    municipality: str
    on: date
    programme: str | None = None
    details: tuple[str, ...] = ()


def notices(before: Person, after: Person, today: date) -> list[Told]:
    """What is told of a step on the file of somebody who is public before and after. Who leaves is told of as
    a whole, and not by each thing that ends with it.
    """
    if before.subject != after.subject:
        return []
    match before, after:
        case Volunteer(), Volunteer() if after.status == "withdrawn":
            left = after.status != before.status
            return [_of("volunteer_withdrawn", before, after.spells[-1].since)] if left else []
        case Volunteer(), Volunteer():
            moved = [_of("volunteer_moved", before, after.spells[-1].since)]
            told = [*_away(before, after, today), *_changed(before, after, today)]
            return moved if _has_moved(before, after) else told
        case Refugee(), Refugee() if before.has_left or not before.is_public:
            return []
        case Refugee(), Refugee() if after.has_left or _has_moved(before, after):
            return [_of("refugee_moved", before, today)]
        case _:
            return list(_changed(before, after, today))


def taken_back(who: Person, today: date) -> list[Told]:
    """What is told when nothing is known of somebody any more. A referral was never shown to anybody here, so
    that its end is told to nobody.
    """
    match who:
        case Refugee() if who.is_public and not who.has_left:
            return [_of("refugee_withdrawn", who, today)]
        case Volunteer() if who.status != "withdrawn":
            return [_of("volunteer_withdrawn", who, today)]
        case _:
            return []


def _has_moved(before: Person, after: Person) -> bool:
    """Whether somebody lives in another municipality; under another code of theirs they don't."""
    return after.municipality != before.municipality and before.municipality not in after.formerly


def _away(before: Volunteer, after: Volunteer, today: date) -> Iterator[Told]:
    if after.pause is not None and before.pause is None:
        yield _of("volunteer_paused", after, after.pause.since)
    elif after.pause is None and before.pause is not None:
        yield _of("volunteer_resumed", after, today)


def _changed(before: Person, after: Person, today: date) -> Iterator[Told]:
    for part in after.participations:
        known = before.participation(part.programme)
        match known.status if known is not None else None, part.status:
            case "ready", "lapsed":
                yield Told("participation_lapsed", after.municipality, today, part.programme, part.missing)
            case "lapsed", "ready":
                yield Told("participation_renewed", after.municipality, today, part.programme)
            case "joined" | "consented" | "ready" | "lapsed", "left":
                yield Told("participation_left", after.municipality, today, part.programme)
            case _:
                pass
    withdrawn = tuple(given.purpose for given in before.consents if not after.consented_to(given.purpose))
    if withdrawn:
        yield Told("consent_withdrawn", after.municipality, today, details=withdrawn)


def _of(code: str, who: Person, on: date) -> Told:
    return Told(code, who.municipality, on)
