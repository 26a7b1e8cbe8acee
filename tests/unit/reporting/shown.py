"""What one publication says: each figure, and how much more there may be."""

import math
from datetime import date, timedelta

from services.reporting.domain.figures import late
from services.reporting.domain.identities import WAITED, in_course
from services.reporting.domain.outcomes import OVER
from services.reporting.domain.periods import first_day, month_of, shifted
from tests.unit.reporting.bounds import Reader
from tests.unit.reporting.plays import (
    ACTIVE,
    APPROVED,
    CREATED,
    DECLINED,
    GUIDES_WAITING,
    LAPSED,
    PAUSED,
    PROPOSED,
    REGISTERED,
    SIGNED_ON,
    WAITING,
    WITHDRAWN,
    Play,
    Publication,
    Published,
)
from tests.unit.reporting.weights import (
    COME,
    FLOWS,
    MEN,
    STEP,
    WOMEN,
    active_now,
    close_of,
    closed,
    most_of,
    of_late,
)


def flows(found: Reader, play: Play, place: Published, at: int) -> None:
    """What a publication says of what occurred; any number more where more would not have been shown."""
    publication = place.publications[at]
    for name in FLOWS[place.programme]:
        total = publication.whole(name)
        most: float = most_of(total)
        whole = of_late(name)
        # No more of a month is shown as late than is shown of the month.
        if name != whole and publication.last.get(name) == publication.last.get(whole):
            most = math.inf
        # Declines are shown at the close, and no more of a month than proposals.
        if whole == DECLINED and not (
            publication.closed and publication.last.get(DECLINED, 0) < publication.last.get(PROPOSED, 0)
        ):
            most = math.inf
        if whole in {DECLINED, CREATED} and _all_answered(publication):
            most = math.inf
        if whole in {APPROVED, WITHDRAWN} and total == publication.whole(SIGNED_ON):
            most = math.inf
        if name == PROPOSED:
            # Of late ones as many more as there are.
            found.relates(
                {f"{PROPOSED}@{at}": 1, f"{late(PROPOSED)}@{at}": -1}, -math.inf, _proposed(play, at)
            )
            most = math.inf
        elif name == late(PROPOSED):
            most = max(most, _proposed_late(play, at))
        found.knows(f"{name}@{at}", total, most)


def outcomes(found: Reader, play: Play, at: int, since: int | None) -> None:
    """What is shown as come of pairs; any number more where more would not have been shown."""
    publication = play.guides.publications[at]
    for name in COME:
        total = publication.whole(name)
        whole = of_late(name)
        is_held = publication.last.get(whole, 0) >= _room_of_outcome(play, whole, at, since)
        if name != whole and publication.last.get(name) == publication.last.get(whole):
            is_held = True
        found.knows(f"{name}@{at}", total, math.inf if is_held else most_of(total))


def _room_of_outcome(play: Play, name: str, at: int, since: int | None) -> float:
    """How much more of an outcome than before a month's close might have shown."""
    publications = play.guides.publications
    publication, rooms = publications[at], []
    before = 0 if since is None else publications[since].whole(name)
    for course in (one for one in in_course(play.lasts) if one.outcome == name):
        created = _shown(play, CREATED, shifted(publication.month, -course.after))
        missed = [0]
        for close in closed(play):
            if close < at and course.until is not None:
                month = shifted(publications[close].month, -course.until)
                missed.append(_shown(play, CREATED, month) - publications[close].whole(name))
        rooms.append(created - max(missed) - before)
    if name in OVER:
        earlier = [] if since is None else [publications[since]]
        ended = [one.whole(CREATED) - one.last.get(ACTIVE, 0) for one in (publication, *earlier)]
        others = sum(publication.last.get(one, 0) for one in OVER if one != name)
        rooms.append(ended[0] - sum(ended[1:]) - others)
    return min(rooms)


def _shown(play: Play, name: str, month: str) -> int:
    close = close_of(play, month)
    return 0 if close is None else play.guides.publications[close].whole(name)


def _all_answered(publication: Publication) -> bool:
    """Whether as many are shown as created and declined as proposed: there may be any number more."""
    proposed, created, declined = (publication.whole(name) for name in (PROPOSED, CREATED, DECLINED))
    return created + declined == proposed


def _proposed(play: Play, at: int) -> float:
    """The most that may be proposed: any number where another five would be more than rounds let be shown."""
    publication = play.guides.publications[at]
    total = publication.whole(PROPOSED)
    room = _room(play, range(_first_of_month(play, at), at + 1))
    return math.inf if publication.last.get(PROPOSED, 0) + STEP >= room else most_of(total)


def _proposed_late(play: Play, at: int) -> float:
    """The same of those that fell in earlier months' rounds."""
    publication = play.guides.publications[at]
    room = _room(play, range(_first_of_month(play, at))) - publication.whole(PROPOSED)
    return math.inf if room <= STEP else most_of(publication.whole(late(PROPOSED)))


def _room(play: Play, publications: range) -> int:
    return sum((play.rounds(at) - play.rounds(at - 1)) * play.registered(at) for at in publications)


def _first_of_month(play: Play, at: int) -> int:
    months = [publication.month for publication in play.guides.publications]
    return months.index(months[at])


def levels(found: Reader, play: Play, at: int, ended: int) -> int:
    """What a month's last publication says of who waits and is away, and which pairs are active.

    At least `ended` pairs are shown to have ended before: where that limits those shown as active, there
    may be any number more. Returns how many are shown to have ended now.
    """
    publication, town = play.guides.publications[at], play.town.publications[at]
    last = publication.last
    active, created = last.get(ACTIVE, 0), publication.whole(CREATED)
    approved = town.whole(APPROVED)
    away = town.last.get(PAUSED, 0) + town.last.get(LAPSED, 0)
    waiting = last.get(WAITING, 0)
    for name, shown, room in (
        (WAITING, waiting, math.inf),
        (WOMEN, last.get(WOMEN, 0), waiting - last.get(MEN, 0)),
        (MEN, last.get(MEN, 0), waiting - last.get(WOMEN, 0)),
        (GUIDES_WAITING, last.get(GUIDES_WAITING, 0), approved - away),
        (PAUSED, town.last.get(PAUSED, 0), approved - town.last.get(LAPSED, 0)),
        (LAPSED, town.last.get(LAPSED, 0), approved - town.last.get(PAUSED, 0)),
    ):
        found.knows(f"{name}@{at}", shown, most_of(shown) if shown < room else math.inf)
    is_held = active >= min(created - ended, 20 * approved)
    most = 0 if last.get(ACTIVE) == 0 else math.inf if is_held else most_of(active)
    found.relates(active_now(at), active, most)
    return created - active


def waited(found: Reader, play: Play, at: int) -> None:
    """Who has waited was registered by the first publication after their first day of waiting."""
    last = play.guides.publications[at]
    end = first_day(shifted(last.month, 1))
    known: list[tuple[int, str, int]] = []
    for part, number, name in WAITED:
        if name in last.last:
            by = _published_by(play, end - timedelta(days=last.last[name]))
            known.append((by, number, part))
    for by, *_ in known:
        # One of two of a group includes one of ten.
        there: dict[str, int] = {}
        for _, number, part in (one for one in known if one[0] <= by):
            there[number] = min(part, there.get(number, part))
        weights: dict[str, float] = {f"{REGISTERED}@{by}": 1}
        weights |= {f"{number}@{at}": -1 / part for number, part in there.items()}
        found.relates(weights, 0)


def _published_by(play: Play, day: date) -> int:
    """The first publication on or after a day, taking months' publications for evenly spread."""
    months = [one.month for one in play.guides.publications]
    for at, month in enumerate(months):
        place, of = at - months.index(month) + 1, months.count(month)
        following = first_day(shifted(month, 1))
        moment = first_day(month) + (following - first_day(month)) * place / of
        if moment >= day and month >= month_of(day):
            return at
    return len(months) - 1
