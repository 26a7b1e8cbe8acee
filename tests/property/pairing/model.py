"""What pairs do, said once more with plain dictionaries: by what matching was told, ordered, and by time."""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.property.pairing.people import Told

ANSWER_DAYS, APART_DAYS, RECORDED_DAYS, EVALUATION_DAYS = (timedelta(days=n) for n in (7, 30, 14, 14))
AT_LEAST, AT_MOST, MILESTONE = 2, 4, 1
"""Months."""
OPEN = {"proposed", "accepted", "active", "paused"}
SIDES = ("receiving", "giving")
Outcome = tuple[str, str, bool]
"""What either side does afterwards, and whether they may meet again."""
ENDINGS: dict[str, Outcome] = {
    "mismatched_expectations": ("waits", "waits", False),
    "personal_giving": ("waits", "rests", True),
    "personal_receiving": ("rests", "waits_anew", False),
}
COMPLETION: Outcome = ("waits", "waits_anew", True)


def months_after(day: date, months: int) -> date:
    """So many months later, the month's last day where it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(slots=True, kw_only=True)
class Pair:
    """A pair. `since` is the first day of its status, by its published state."""

    subject: str
    municipality: str
    receiving: str
    giving: str
    slot: int
    proposed_on: date
    respond_on: date
    since: date
    status: str = "proposed"
    met_on: date | None = None
    answers: dict[str, tuple[bool, date]] = field(default_factory=dict)
    signatures: dict[str, tuple[str, date]] = field(default_factory=dict)
    created_on: date | None = None
    meetings: dict[date, float] = field(default_factory=dict)
    evaluations: dict[str, tuple[date, bool]] = field(default_factory=dict)
    holds: dict[str, date | None] = field(default_factory=dict)
    former: list[tuple[str | None, date]] = field(default_factory=list)
    ended_on: date | None = None
    end_reason: str | None = None
    outcome: Outcome | None = None
    allowed: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def people(self) -> tuple[str, str]:
        return self.receiving, self.giving

    def become(self, status: str, *days: date) -> None:
        """Is in another status, since the latest of these days and no earlier than in the one before."""
        self.status, self.since = status, max(*days, self.since)

    def over(self, status: str, on: date, reason: str | None, outcome: Outcome | None) -> None:
        """Ends it."""
        self.become(status, on)
        self.end_reason, self.outcome, self.holds, self.ended_on = reason, outcome, {}, self.since

    def release(self, by: str, on: date) -> None:
        """Takes a hold back; it goes on once there is none."""
        if by in self.holds:
            del self.holds[by]
            if not self.holds:
                self.become("active", on)


@dataclass(slots=True)
class Model:
    """All that matching should know."""

    today: date
    told: dict[str, Told] = field(default_factory=dict)
    pairs: dict[str, Pair] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    """Pairs of whom nothing may be left."""

    # What is known of people

    def hear(self, messages: list[tuple[str, bytes | None]]) -> None:
        """Takes a batch of states: of each person the newest holds, and their pairs follow it."""
        changed = {key for key, value in messages if self.told.setdefault(key, Told()).hear(value)}
        for pair in list(self.pairs.values()):
            for side in SIDES:
                person = getattr(pair, side)
                if person in changed and pair.is_open:
                    self._follow(pair, side, self.told[person])
        for person in changed:
            if self.told[person].erased:
                self._forget(person)

    def _follow(self, pair: Pair, side: str, told: Told) -> None:
        stands = told.stands(kind_of(getattr(pair, side)))
        if not told.erased and told.municipality != pair.municipality:
            pair.over("ended", self.today, "moved", None)
        elif stands == "gone":
            pair.over("ended", self.today, told.why_gone, None)
        elif stands == "there":
            pair.release(side, self.today)
        elif pair.created_on is None:
            pair.over("ended", self.today, "not_available", None)
        else:
            pair.holds.setdefault(side, None)
            if pair.status != "paused":
                pair.become("paused", self.today)

    def _forget(self, person: str) -> None:
        for subject, pair in list(self.pairs.items()):
            if person in pair.people:
                del self.pairs[subject]
                self.forgotten.add(subject)
            else:
                pair.former = [(None if guide == person else guide, to) for guide, to in pair.former]

    # Who waits

    def open_of(self, person: str, beside: str = "") -> list[Pair]:
        """Somebody's open proposals and pairs."""
        return [
            one
            for one in self.pairs.values()
            if one.is_open and person in one.people and one.subject != beside
        ]

    def waits(self, person: str, municipality: str) -> bool:
        """Whether somebody could be proposed there, but for the places that they have."""
        told = self.told.get(person, Told())
        if told.stands(kind_of(person)) != "there" or told.municipality != municipality:
            return False
        over = [one for one in self.pairs.values() if person in one.people and one.outcome]
        if not over:
            return True
        latest = max(over, key=lambda one: (one.since, one.subject))
        since = told.ready_since
        if since is not None and since > latest.since:
            return True
        assert latest.outcome is not None
        rests = latest.outcome[0 if latest.receiving == person else 1] == "rests"
        return not rests or latest.municipality != municipality

    def has_room(self, receiving: str, giving: str, beside: str = "") -> bool:
        """Whether a refugee has no guide, and a guide a place."""
        capacity = self.told.get(giving, Told()).capacity
        return not self.open_of(receiving, beside) and len(self.open_of(giving, beside)) < capacity

    def apart(self, receiving: str, giving: str, municipality: str) -> list[Pair]:
        """The couple's pairs that keep them apart."""
        return [
            one
            for one in self.pairs.values()
            if one.people == (receiving, giving)
            and one.municipality == municipality
            and not one.is_open
            and not one.allowed
            and (one.status in {"declined", "expired"} or (one.outcome is not None and not one.outcome[2]))
            and one.since > self.today - APART_DAYS
        ]

    def could_open(self, receiving: str, giving: str, municipality: str, beside: str = "") -> bool:
        """Whether both wait and have room for each other."""
        both = self.waits(receiving, municipality) and self.waits(giving, municipality)
        return both and self.has_room(receiving, giving, beside)

    def may_propose(self, receiving: str, giving: str, municipality: str, beside: str = "") -> bool:
        """Whether two may be proposed to each other."""
        if not self.could_open(receiving, giving, municipality, beside):
            return False
        households = {self.told[one].household for one in (receiving, giving)}
        is_one = len(households) == 1 and households != {None}
        return not is_one and not self.apart(receiving, giving, municipality)

    def couples(self, municipality: str) -> list[tuple[str, str]]:
        """All who may be proposed to each other now."""
        refugees = [one for one in self.told if kind_of(one) == "refugee"]
        guides = [one for one in self.told if kind_of(one) == "volunteer"]
        return [
            (one, other) for one in refugees for other in guides if self.may_propose(one, other, municipality)
        ]

    # Time

    def pass_due(self) -> None:
        """What passing time has done by today."""
        for pair in self.pairs.values():
            if pair.status == "proposed" and self.today > pair.respond_on:
                pair.become("expired", pair.respond_on)
            if not pair.is_open or pair.created_on is None:
                continue
            for by, until in list(pair.holds.items()):
                if until is not None and until <= self.today:
                    pair.release(by, until)
            ends_on = months_after(pair.created_on, AT_MOST)
            if ends_on <= self.today:
                pair.over("completed", ends_on, None, COMPLETION)


def kind_of(person: str) -> str:
    """`refugee` or `volunteer`."""
    return person.partition("-")[0]
