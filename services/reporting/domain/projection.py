"""What is kept of a refugee, a volunteer or a pair, as much as the figures need; and the levels of now.

Days are written `2016-06-15`, and sort as text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal

from services.reporting.domain.figures import (
    ALL,
    MEN_MEDIAN,
    MEN_TENTH,
    MEN_WAITING,
    MINUTES_ASKED,
    PAIRS_ACTIVE,
    REFUGEES_WAITING,
    VOLUNTEERS_LAPSED,
    VOLUNTEERS_PAUSED,
    VOLUNTEERS_WAITING,
    WOMEN_MEDIAN,
    WOMEN_TENTH,
    WOMEN_WAITING,
)
from services.reporting.domain.occurrences import Place
from services.reporting.domain.periods import first_day, shifted
from shared.values import value

WEEK = 7
MINUTES = 60

Afterwards = Literal["waits_anew", "rests"]
"""What a side does once a pair is over, if it does not wait again with its seniority: it waits from that day
on, or not until it is ready anew.
"""
OF_GENDER = {
    "female": (WOMEN_WAITING.name, WOMEN_MEDIAN.name, WOMEN_TENTH.name),
    "male": (MEN_WAITING.name, MEN_MEDIAN.name, MEN_TENTH.name),
}
"""Who waits, by gender, and for how long half and a tenth of them have waited at least."""
AWAY = {"paused": VOLUNTEERS_PAUSED.name, "lapsed": VOLUNTEERS_LAPSED.name}


@value
class Refugee:
    """Where a refugee lives, their household, the programmes they are ready for and since when, and their
    status and gender.
    """

    municipality: str
    household: str | None
    ready: tuple[str, ...]
    since: tuple[str, ...] = ()
    status: str = ""
    gender: str | None = None


@value
class Volunteer:
    """Where a volunteer lives, the programmes they are approved and ready for and since when, and how many
    pairs at once. `away`: who was approved is `paused` or has `lapsed`.
    """

    municipality: str
    capacity: int
    ready: tuple[str, ...]
    since: tuple[str, ...] = ()
    away: str | None = None


@value
class Pair:
    """A pair's parties. `is_open`: it holds a place on both sides; `is_active`: created and not over.

    `active` are the days from which and until which it was active, in turn. `over_on` and what each side does
    from then on are of a pair that was created and is over.
    """

    municipality: str
    programme: str
    receiving: str
    giving: str
    is_open: bool
    is_active: bool
    pack_version: str = ""
    active: tuple[str, ...] = ()
    over_on: str | None = None
    receiving_then: Afterwards | None = None
    giving_then: Afterwards | None = None


Live = Refugee | Volunteer | Pair


class Taken:
    """Who has an open pair in which programme, and who rests after one: who was to rest in another
    municipality, and is ready where they live now, waits anew.
    """

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self.paired: set[tuple[str, str]] = set()
        self.guiding: Counter[str] = Counter()
        self._over: dict[tuple[str, str], tuple[str, Afterwards | None, str]] = {}
        for pair in pairs:
            if pair.is_open:
                self.paired.add((pair.receiving, pair.programme))
                self.guiding[pair.giving] += 1
            elif pair.over_on is not None:
                sides = ((pair.receiving, pair.receiving_then), (pair.giving, pair.giving_then))
                for party, then in sides:
                    key = party, pair.programme
                    known = self._over.get(key)
                    if known is None or known[0] <= pair.over_on:
                        self._over[key] = pair.over_on, then, pair.municipality

    def since(self, party: str, here: str, programme: str, ready_since: str) -> str | None:
        """Since when somebody who is ready `here` waits; None of who rests."""
        over_on, then, there = self._over.get((party, programme), ("", None, here))
        if ready_since > over_on or then is None:
            return ready_since
        return over_on if then == "waits_anew" or there != here else None

    def waits(self, subject: str, refugee: Refugee) -> dict[str, str]:
        """The programmes in which a refugee waits, and since when."""
        found = {}
        parties = [party for party in (subject, refugee.household) if party is not None]
        for programme, ready_since in zip(refugee.ready, _since(refugee), strict=True):
            if any((party, programme) in self.paired for party in parties):
                continue
            days = [self.since(party, refugee.municipality, programme, ready_since) for party in parties]
            known = [day for day in days if day is not None]
            if len(known) == len(days):
                found[programme] = max(known)
        return found


def levels(
    refugees: Mapping[str, Refugee],
    volunteers: Mapping[str, Volunteer],
    pairs: Sequence[Pair],
    today: date,
) -> dict[Place, Counter[str]]:
    """How many wait, and for how long, who is away, and how many pairs are active, by place; people are given
    by subject, and pairs that are open or over.
    """
    found: dict[Place, Counter[str]] = {}
    taken = Taken(pairs)

    def add(municipality: str, programme: str, name: str, count: int = 1) -> None:
        found.setdefault((municipality, programme), Counter())[name] += count

    for pair in pairs:
        if pair.is_active:
            add(pair.municipality, pair.programme, PAIRS_ACTIVE.name)
    waited: dict[tuple[Place, str], list[int]] = {}
    for subject, refugee in refugees.items():
        for programme, since in taken.waits(subject, refugee).items():
            add(refugee.municipality, programme, REFUGEES_WAITING.name)
            if refugee.gender in OF_GENDER:
                days = max(0, (today - date.fromisoformat(since)).days) if since else 0
                waited.setdefault(((refugee.municipality, programme), refugee.gender), []).append(days)
    for (place, gender), days_waited in waited.items():
        number, median, tenth = OF_GENDER[gender]
        add(*place, number, len(days_waited))
        add(*place, median, at_least(days_waited, 2))
        add(*place, tenth, at_least(days_waited, 10))
    for subject, volunteer in volunteers.items():
        if volunteer.away is not None:
            add(volunteer.municipality, ALL, AWAY[volunteer.away])
        if taken.guiding[subject] < volunteer.capacity:
            for programme, since in zip(volunteer.ready, _since(volunteer), strict=True):
                if taken.since(subject, volunteer.municipality, programme, since) is not None:
                    add(volunteer.municipality, programme, VOLUNTEERS_WAITING.name)
    return found


def _since(party: Refugee | Volunteer) -> tuple[str, ...]:
    """Since when somebody is ready, by programme; of whom nobody has said so, the earliest day."""
    return party.since or ("",) * len(party.ready)


def at_least(days: Sequence[int], part: int) -> int:
    """For how many days, in whole weeks, one of so many `part`s has waited at least."""
    longest_first = sorted(days, reverse=True)
    reached = longest_first[-(-len(days) // part) - 1]
    return reached - reached % WEEK


def asked(
    pairs: Iterable[Pair], month: str, weekly_hours: Mapping[tuple[str, str], float]
) -> dict[Place, Counter[str]]:
    """For how many minutes pairs were to meet in a month that is over, by place: their packs' weekly hours,
    by (programme, version), for the days on which they were active. 0 where any of their packs asks for none.
    """
    days: dict[Place, Counter[str]] = {}
    for pair in pairs:
        active = active_days(pair.active, month)
        if active:
            versions = days.setdefault((pair.municipality, pair.programme), Counter())
            versions[pair.pack_version] += active
    found = {}
    for place, versions in days.items():
        hours = {version: weekly_hours.get((place[1], version), 0.0) for version in versions}
        whole = sum(hours[version] * count for version, count in versions.items()) / WEEK
        found[place] = Counter({MINUTES_ASKED: round(whole * MINUTES) if all(hours.values()) else 0})
    return found


def active_days(turns: Sequence[str], month: str) -> int:
    """On how many days of a month a pair was active, by the days from which and until which it was."""
    first, following = first_day(month), first_day(shifted(month, 1))
    days = [date.fromisoformat(turn) for turn in turns]
    if len(days) % 2:
        days.append(following)
    return sum(
        max(0, (min(until, following) - max(since, first)).days)
        for since, until in zip(days[::2], days[1::2], strict=True)
    )
