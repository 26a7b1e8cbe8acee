"""Programmes that are generated and published over and over, as reporting publishes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random

from services.reporting.domain.around import Around, around
from services.reporting.domain.book import ROOM, Month, Opening, disclose
from services.reporting.domain.figures import ALL, MINUTES_ASKED, MINUTES_MET, flows, late, names
from services.reporting.domain.outcomes import (
    COMPLETED,
    ENDED_EARLY,
    IN_CONTACT,
    MET_EARLY,
    Duration,
    Values,
)
from services.reporting.domain.periods import first_day, shifted
from services.reporting.domain.projection import OF_GENDER, at_least

GUIDE = "guide"
ANSWERED_WITHIN = 2
"""A proposal is declined before the next publication or not at all, as a pack's days are public."""
REGISTERED, WAITING, ACTIVE, ROUNDS = (
    "settlements_registered",
    "refugees_waiting",
    "pairs_active",
    "rounds_run",
)
PROPOSED, DECLINED, CREATED = "pairs_proposed", "proposals_declined", "pairs_created"
SIGNED_ON, APPROVED, WITHDRAWN = "volunteers_registered", "volunteers_approved", "volunteers_withdrawn"
PAUSED, LAPSED, GUIDES_WAITING = "volunteers_paused", "volunteers_lapsed", "volunteers_waiting"
VOLUNTEERS = (SIGNED_ON, APPROVED, WITHDRAWN)
MANY = 1000
"""Volunteers where a play isn't about them."""
SHORT, LONG = Duration(1, 3), Duration(5, 8)
"""How many months pairs of generated programmes last."""


@dataclass
class Publication:
    """All that was shown at one moment of one place, by month, and whether it closed the last of them."""

    shown: Mapping[str, Values]
    closed: bool

    @property
    def month(self) -> str:
        """The month that was open."""
        return [*self.shown][-1]

    @property
    def last(self) -> Values:
        """What was shown of the last month."""
        return self.shown[self.month]

    def whole(self, name: str) -> int:
        """What was shown of a flow in all."""
        return sum(values.get(name, 0) for values in self.shown.values())


@dataclass
class Published:
    """A place's months one after the other, published as reporting does."""

    programme: str
    publications: list[Publication] = field(default_factory=list)
    opening: Opening = field(default_factory=Opening)
    months: list[Month] = field(default_factory=list)
    before: dict[str, Values] = field(default_factory=dict)
    closing: Opening = field(default_factory=Opening)
    year: Values = field(default_factory=dict)

    @property
    def month(self) -> str:
        """The month that is open."""
        return f"2016-{len(self.months) + 1:02}"

    def publish(self, counts: Mapping[str, int], *, closing: bool, binds: Around | int = 0) -> Values:
        """`counts` are the open month's; `binds` what its municipality shows, or how many of both sides it
        shows as there. Returns what is shown.
        """
        name = self.month
        if isinstance(binds, int):
            binds = Around({name: binds}, {name: binds}, {name: binds})
        kept = (*names(self.programme), *flows(self.programme), MINUTES_MET, MINUTES_ASKED)
        filled = {one: counts.get(one, 0) for one in kept}
        months = (*self.months, Month(name, filled))
        found = disclose(
            self.programme, "2016", self.opening, months, self.before, closing=closing, around=binds
        )
        self.closing, self.year = found.closing, found.year.counts
        shown = found.months[-1].shown or {}
        self.before[name] = {**shown, ROOM: found.months[-1].room}
        self.publications.append(Publication({one.name: one.shown or {} for one in found.months}, closing))
        if closing:
            self.months.append(found.months[-1])
        return shown

    def binding(self, lasts: Duration) -> Around:
        """What a municipality's figures, as they were published last, are to its programmes'."""
        shown = self.publications[-1].shown
        return around([(self.opening.shown, self.opening.trail, shown)], lasts)

    def rebuild(self) -> None:
        """Of closed months no more is known than what they showed."""
        self.months = [replace(month, counts=month.shown or {}, room=0) for month in self.months]


@dataclass
class Waiter:
    """Who waits, or is proposed or paired: their gender, and since when they wait."""

    gender: str | None
    since: date


@dataclass
class Couple:
    """A pair that is active, and the month of its creation by its number."""

    waiter: Waiter
    month: int


@dataclass
class Play:
    """A municipality and its programme, and what happens there in the open month."""

    volunteers: int = MANY
    lasts: Duration = SHORT
    town: Published = field(default_factory=lambda: Published(ALL))
    guides: Published = field(default_factory=lambda: Published(GUIDE))
    flows: dict[str, int] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    waiters: list[Waiter] = field(default_factory=list)
    proposed: list[Waiter | None] = field(default_factory=list)
    couples: list[Couple] = field(default_factory=list)
    settled: int = 0
    there: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VOLUNTEERS, 0))
    later: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.counts(**{SIGNED_ON: self.volunteers, APPROVED: self.volunteers})
        self.there |= {SIGNED_ON: self.volunteers, APPROVED: self.volunteers}

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self.waiters)

    @property
    def proposals(self) -> int:
        """How many proposals are open."""
        return len(self.proposed)

    @property
    def active(self) -> int:
        """How many pairs are active."""
        return len(self.couples)

    @property
    def guides_there(self) -> int:
        """How many volunteers are approved and have not withdrawn."""
        return max(0, self.there[APPROVED] - self.there[WITHDRAWN])

    @property
    def month(self) -> int:
        """The open month's number."""
        return len(self.guides.months)

    def counts(self, **more: int) -> None:
        """Adds to the month's flows."""
        for name, count in more.items():
            self.flows[name] = self.flows.get(name, 0) + count

    def happens(
        self,
        registered: int = 0,
        *,
        rounds: int = 0,
        proposed: int = 0,
        declined: int = 0,
        created: int = 0,
        ended: int = 0,
    ) -> None:
        """What is proposed is declined, created or open; who is free again waits."""
        self.counts(
            **{
                REGISTERED: registered,
                ROUNDS: rounds,
                PROPOSED: proposed,
                DECLINED: declined,
                CREATED: created,
            }
        )
        for _ in range(registered):
            self.settled += 1
            gender = None if self.settled % 7 == 0 else "male" if self.settled % 3 == 0 else "female"
            self.waiters.append(Waiter(gender, self.today()))
        # Who is proposed twice before anybody has declined stands there once.
        self.proposed += [self.waiters.pop(0) if self.waiters else None for _ in range(proposed)]
        self.waiters += [one for one in (self.proposed.pop() for _ in range(declined)) if one is not None]
        paired = [self.proposed.pop(0) or Waiter(None, self.today()) for _ in range(created)]
        self.couples += [Couple(waiter, self.month) for waiter in paired]
        self.waiters += [self.couples.pop(0).waiter for _ in range(ended)]

    def today(self) -> date:
        """The day: each publication has a few of its month."""
        publications = self.guides.publications
        of_month = sum(one.month == self.guides.month for one in publications)
        return first_day(self.guides.month).replace(day=2 + min(26, 9 * of_month))

    def publish(self, *, closing: bool = False) -> tuple[Values, Values]:
        """Shows both places' open month, for the last time if it closes."""
        end = first_day(shifted(self.guides.month, 1))
        self.levels |= {WAITING: self.waiting, ACTIVE: self.active}
        for gender, (number, median, tenth) in OF_GENDER.items():
            days = [(end - one.since).days for one in self.waiters if one.gender == gender]
            self.levels[number] = len(days)
            self.levels |= {median: at_least(days, 2), tenth: at_least(days, 10)} if days else {}
        counts = {**self.flows, **self.levels}
        town = self.town.publish(counts, closing=closing)
        guides = self.guides.publish(counts, closing=closing, binds=self.town.binding(self.lasts))
        if closing:
            self.flows, self.levels = {}, {}
        return town, guides

    def registered(self, at: int) -> int:
        """For each round, how many pairs a publication lets there be, by who it shows on either side."""
        shown = self.town.publications[at]
        return min(shown.whole(REGISTERED), 20 * shown.whole(APPROVED))

    def rounds(self, at: int) -> int:
        """How many rounds were shown by a publication, which is no secret."""
        return self.guides.publications[at].whole(ROUNDS) if at >= 0 else 0


def played(
    random: Random,
    people: int,
    months: int,
    *,
    rebuilt_after: int = 0,
    revisions: int = 3,
    volunteers: int = MANY,
    lasts: Duration = SHORT,
) -> Play:
    """Some `people` are registered in these months, each of which is published so often; the database may be
    rebuilt after so many of them. Volunteers are there from the beginning, or come as people do if there are
    none.
    """
    play = Play(volunteers, lasts)
    proposals: list[int] = []
    for month in range(months):
        for revision in range(revisions):
            if not volunteers:
                _volunteer(random, play, people)
            _pair(random, play, proposals, 2 * people // (revisions * months))
            if revision == revisions - 1:
                _come_of_pairs(random, play)
            for flow in (REGISTERED, PROPOSED, DECLINED, *VOLUNTEERS):
                known = play.flows.get(late(flow), 0)
                play.flows[late(flow)] = random.randint(known, play.flows.get(flow, 0))
            play.publish(closing=revision == revisions - 1)
        if month + 1 == rebuilt_after:
            play.town.rebuild()
            play.guides.rebuild()
    return play


def _pair(random: Random, play: Play, proposals: list[int], most: int) -> None:
    """A round, and what comes of proposals; some pairs were created the month before, and are late."""
    rounds = random.randint(0, 1)
    play.happens(random.randint(0, most), rounds=rounds)
    room = max(0, 20 * play.guides_there - play.proposals - play.active)
    proposed = random.randint(0, min(play.waiting, room)) if rounds else 0
    play.happens(proposed=proposed)
    proposals.append(proposed)
    declined = random.randint(0, sum(proposals[-ANSWERED_WITHIN:]))
    _take(proposals, declined, newest=True)
    created = random.randint(0, play.proposals - declined)
    _take(proposals, created, newest=False)
    play.happens(created=created, declined=declined)
    if play.month and play.rounds(_close_before(play)):
        for couple in play.couples[play.active - created :]:
            if random.random() < 0.1:
                couple.month -= 1
                play.counts(**{late(CREATED): 1})


def _close_before(play: Play) -> int:
    """The publication that closed the month before."""
    closed = [at for at, one in enumerate(play.guides.publications) if one.closed]
    return closed[-1]


def _take(proposals: list[int], count: int, *, newest: bool) -> None:
    places = range(len(proposals))
    for place in reversed(places) if newest else places:
        taken = min(proposals[place], count)
        proposals[place] -= taken
        count -= taken


def _volunteer(random: Random, play: Play, people: int) -> None:
    """Some register, some of them are approved, and some of all withdraw, are away or wait."""
    there = play.there
    for step, most in (
        (SIGNED_ON, there[SIGNED_ON] + 2 + people // 10),
        (APPROVED, there[SIGNED_ON]),
        # Never more than leave a guide for each twenty pairs.
        (WITHDRAWN, there[APPROVED] - -(-(play.active + play.proposals) // 20)),
    ):
        more = random.randint(0, max(0, most - there[step]))
        there[step] += more
        play.counts(**{step: more})
    left = play.guides_there
    for level in (PAUSED, LAPSED, GUIDES_WAITING):
        play.levels[level] = random.randint(0, left)
        left -= play.levels[level]


def _come_of_pairs(random: Random, play: Play) -> None:
    """What comes of pairs in the months that each may be of, and who waits again; some is recorded a month
    late.
    """
    month = play.month
    for name in play.later:
        play.counts(**{name: 1, late(name): 1})
    play.later = []
    over = []
    for couple in play.couples:
        age = month - couple.month
        happened = []
        if random.random() < 0.7 and age == 0:
            happened.append(MET_EARLY)
        if random.random() < 0.7 and age == 6:
            happened.append(IN_CONTACT)
        if age >= play.lasts.at_least and (random.random() < 0.3 or age >= (play.lasts.at_most or 0)):
            happened.append(COMPLETED)
            over.append(couple)
        elif random.random() < 0.1:
            happened += random.choice([[], [random.choice(ENDED_EARLY)]])
            over.append(couple)
        for name in happened:
            if name in {MET_EARLY, IN_CONTACT} and random.random() < 0.1:
                play.later.append(name)
            else:
                play.counts(**{name: 1})
    play.couples = [couple for couple in play.couples if couple not in over]
    play.waiters += [couple.waiter for couple in over if random.random() < 0.5]
