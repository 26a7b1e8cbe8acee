"""Figures of publications as weights: what relations and questions are written in."""

from collections.abc import Mapping, Sequence

from services.reporting.domain.figures import ALL, late
from services.reporting.domain.identities import ACTIVE_IS, ENDED
from services.reporting.domain.outcomes import OUTCOMES
from tests.unit.reporting.plays import (
    ACTIVE,
    CREATED,
    DECLINED,
    GUIDE,
    GUIDES_WAITING,
    LAPSED,
    PAUSED,
    PROPOSED,
    REGISTERED,
    VOLUNTEERS,
    WAITING,
    Play,
)

STEP = 4
"""How much more than a shown figure there may be."""
WOMEN, MEN = "refugees_waiting_women", "refugees_waiting_men"
FLOWS = {
    ALL: tuple(name for flow in (REGISTERED, *VOLUNTEERS) for name in (flow, late(flow))),
    GUIDE: tuple(name for flow in (PROPOSED, DECLINED, CREATED) for name in (flow, late(flow))),
}
COUNTS = (*FLOWS[ALL], *FLOWS[GUIDE], ENDED)
COME = tuple(name for flow in OUTCOMES for name in (flow, late(flow)))
LEVELS = (WAITING, WOMEN, MEN, GUIDES_WAITING, PAUSED, LAPSED)
AT_CLOSES = (*COME, *LEVELS)
"""What is shown when a month closes, and means something then alone."""


def closed(play: Play) -> list[int]:
    """The publications that closed a month."""
    return [at for at, one in enumerate(play.guides.publications) if one.closed]


def start(play: Play, at: int) -> int | None:
    """The publication that closed the month before a publication's."""
    return max((close for close in closed(play) if close < at), default=None)


def close_of(play: Play, month: str) -> int | None:
    """The publication that closed a month; the last one before it, if there is none."""
    closes = [close for close in closed(play) if play.guides.publications[close].month <= month]
    return max(closes, default=None)


def of_late(name: str) -> str:
    """The figure that a late one belongs to; any other itself."""
    return name.removesuffix(late(""))


def growth(name: str, at: int, start: int | None) -> Mapping[str, float]:
    """What a count has grown by from one publication to another, or from nothing."""
    return {f"{name}@{at}": 1} | ({f"{name}@{start}": -1} if start is not None else {})


def active_now(at: int) -> Mapping[str, float]:
    """How many pairs are active: those created less those ended."""
    return dict(zip((f"{one}@{at}" for one in ACTIVE_IS), (1, -1), strict=True))


def weighed(less: Sequence[str], more: str, at: int, times: int = 1) -> Mapping[str, float]:
    """`times` as many of `more` as there are, less the sum of `less`."""
    weights: dict[str, float] = {}
    for name, weight in (*((one, -1) for one in less), (more, times)):
        parts = zip(ACTIVE_IS, (1, -1), strict=True) if name == ACTIVE else ((name, 1),)
        for part, sign in parts:
            weights[f"{part}@{at}"] = weights.get(f"{part}@{at}", 0) + weight * sign
    return weights


def most_of(shown: int) -> int:
    """The most that there may be: a figure that isn't rounded can be seen to be exact."""
    return shown if shown % (STEP + 1) else shown + STEP
