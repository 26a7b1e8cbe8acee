"""What holds between figures of several publications."""

from collections.abc import Sequence

from services.reporting.domain.figures import late
from services.reporting.domain.identities import BY_ROUNDS, OF_ANY_DAYS, RESTS, in_course
from services.reporting.domain.outcomes import MET_EARLY
from services.reporting.domain.periods import shifted
from tests.unit.reporting.bounds import Reader
from tests.unit.reporting.plays import ANSWERED_WITHIN, CREATED, Play
from tests.unit.reporting.weights import close_of, growth


def bounded(found: Reader, less: Sequence[str], more: str, at: int, since: int | None) -> None:
    """Since a moment, the sum of `less` has grown by no more than `more`."""
    weights = dict(growth(more, at, since))
    for one in less:
        for name, weight in growth(one, at, since).items():
            weights[name] = weights.get(name, 0) - weight
    found.relates(weights, 0)


def by_rounds(found: Reader, play: Play, at: int) -> None:
    """Of any days until a moment, and of all: in these late ones fell in some round as well."""
    for bound in BY_ROUNDS:
        for since in range(-1, at):
            weights = dict(growth(bound.less, at, since if since >= 0 else None))
            if since >= 0:
                late_ones = growth(late(bound.less), at, since)
                weights |= {name: -weight for name, weight in late_ones.items()}
            weights = {name: -weight for name, weight in weights.items()}
            weights[f"{bound.of}@{at}"] = bound.times * (play.rounds(at) - play.rounds(since))
            found.relates(weights, 0)


def any_days(found: Reader, at: int) -> None:
    """Of any days until a moment: what must come before something else is as many, some days earlier."""
    for bound in OF_ANY_DAYS:
        for since in range(-1, at):
            before = since + 1 - ANSWERED_WITHIN
            weights = dict(growth(bound.more, at, before if before >= 0 else None))
            for one in bound.less:
                grown = growth(one, at, since if since >= 0 else None)
                weights |= {name: -weight for name, weight in grown.items()}
            found.relates(weights, 0)


def courses(found: Reader, play: Play, at: int, since: int | None) -> None:
    """What came of pairs between two closes came of those created in the months that they may be of: in time,
    or late and by now.
    """
    month = play.guides.publications[at].month
    earlier = None if since is None else play.guides.publications[since].month
    for bound in RESTS:
        bounded(found, bound.less, bound.more, at, since)
    for course in in_course(play.lasts):
        if course.outcome == MET_EARLY:
            _met_early(found, play, at, since)
            continue
        last = close_of(play, shifted(month, -course.after))
        first = None
        if earlier is not None and course.until is not None:
            first = close_of(play, shifted(earlier, -course.until))
        weights: dict[str, float] = {}
        _add(weights, CREATED, last, first, 1)
        _add(weights, late(CREATED), last, first, -1)
        _add(weights, late(CREATED), at, first, 1)
        _add(weights, course.outcome, at, since, -1)
        if since is not None:
            _add(weights, late(course.outcome), at, since, 1)
        found.relates(weights, 0)


def _met_early(found: Reader, play: Play, at: int, since: int | None) -> None:
    """Who met within 14 days was created in the same days, or in the publication or two before them."""
    before = None if since is None else max(0, since + 1 - ANSWERED_WITHIN)
    weights: dict[str, float] = {}
    _add(weights, CREATED, at, before, 1)
    _add(weights, MET_EARLY, at, since, -1)
    if since is not None:
        _add(weights, late(MET_EARLY), at, since, 1)
    found.relates(weights, 0)


def _add(weights: dict[str, float], name: str, at: int | None, since: int | None, sign: int) -> None:
    for moment, weight in ((at, sign), (since, -sign)):
        if moment is not None:
            weights[f"{name}@{moment}"] = weights.get(f"{name}@{moment}", 0) + weight
