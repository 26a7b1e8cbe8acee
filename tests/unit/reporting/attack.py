"""What a reader works out of all that was published of a programme and its municipality."""

from services.reporting.domain.figures import ALL
from services.reporting.domain.identities import BOUNDS, ENDED, OF_EACH_MONTH
from tests.unit.reporting.bounds import Reader
from tests.unit.reporting.plays import ACTIVE, CREATED, DECLINED, GUIDE, Play
from tests.unit.reporting.relations import any_days, bounded, by_rounds, courses
from tests.unit.reporting.shown import flows, levels, outcomes, waited
from tests.unit.reporting.weights import (
    AT_CLOSES,
    COME,
    COUNTS,
    FLOWS,
    LEVELS,
    closed,
    of_late,
    start,
    weighed,
)


def reader(play: Play) -> Reader:
    """Everything published, with what binds it. A count's name is its figure at a publication."""
    moments = range(len(play.guides.publications))
    closes = closed(play)
    found = Reader(
        [f"{name}@{at}" for name in COUNTS for at in moments]
        + [f"{name}@{at}" for name in AT_CLOSES for at in closes]
    )
    for at in moments:
        for name in (name for name in COUNTS if at):
            found.relates({f"{name}@{at}": 1, f"{name}@{at - 1}": -1}, 0)
        for place in (play.town, play.guides):
            flows(found, play, place, at)
        for part in (one for one in OF_EACH_MONTH if one.more in COUNTS):
            bounded(found, part.less, part.more, at, start(play, at))
        for bound in BOUNDS:
            if at in closes or {*bound.less, bound.more} <= {*COUNTS, ACTIVE}:
                found.relates(weighed(bound.less, bound.more, at, bound.times), 0)
        any_days(found, at)
        by_rounds(found, play, at)
    for at in closes:
        outcomes(found, play, at, start(play, at))
        for since in (None, *(close for close in closes if close < at)):
            courses(found, play, at, since)
        waited(found, play, at)
    ended = 0
    for at in closes:
        ended = levels(found, play, at, ended)
    return found


def as_shown(play: Play) -> dict[str, float]:
    """Counts as if what was published were exact: of pairs that ended, as many as at the last close; without
    what is shown at the close alone, before that.
    """
    shown: dict[str, float] = {}
    ended = 0
    for at, publication in enumerate(play.guides.publications):
        town = play.town.publications[at]
        shown |= {f"{name}@{at}": town.whole(name) for name in FLOWS[ALL]}
        known = [name for name in FLOWS[GUIDE] if publication.closed or of_late(name) != DECLINED]
        shown |= {f"{name}@{at}": publication.whole(name) for name in known}
        if publication.closed:
            shown |= {f"{name}@{at}": publication.whole(name) for name in COME}
            ended = publication.whole(CREATED) - publication.last.get(ACTIVE, 0)
            now = {**town.last, **publication.last}
            shown |= {f"{name}@{at}": now.get(name, 0) for name in LEVELS}
        shown[f"{ENDED}@{at}"] = ended
    return shown
