"""What somebody has to do about a proposal or a pair, and by when."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Literal

from services.matching.domain import health
from services.matching.domain.evaluation import TIME_TO_EVALUATE, missing_at
from services.matching.domain.pair import Pair
from shared.values import value

ENDS_SOON = timedelta(days=30)
"""How long before a pair's end it is shown: time to talk of what comes after (the project's decision)."""

What = Literal[
    "answer",
    "signature",
    "evaluation",
    "overdue_evaluation",
    "end",
    "below_dose",
    "silent",
    "expectations_differ",
]


@value
class Due:
    """What is due, by when, and `of` whom: sides, signatories or evaluators, whose `milestone` it is. Of a
    concern about how the pair fares there is no day.
    """

    what: What
    by: date | None = None
    of: tuple[str, ...] = ()
    milestone: str | None = None


@value
class Expected:
    """What the pack expects of a pair: who signs, and how many hours a week the two meet."""

    signatories: tuple[str, ...] = ()
    weekly_hours: float | None = None


def dues(pair: Pair, expected: Expected, today: date) -> tuple[Due, ...]:
    """All that is due of an open pair."""
    return tuple(found for check in CHECKS for found in check(pair, expected, today))


def _answers(pair: Pair, _: Expected, __: date) -> Iterator[Due]:
    if pair.status == "proposed":
        there = {given.side for given in pair.answers}
        silent = tuple(side for side in ("receiving", "giving") if side not in there)
        yield Due("answer", pair.respond_by.date(), silent)


def _signatures(pair: Pair, expected: Expected, _: date) -> Iterator[Due]:
    there = {signature.signatory for signature in pair.signatures}
    missing = tuple(signatory for signatory in expected.signatories if signatory not in there)
    if pair.status != "proposed" and missing:
        yield Due("signature", of=missing)


def _evaluations(pair: Pair, _: Expected, __: date) -> Iterator[Due]:
    for milestone in pair.milestones:
        missing = missing_at(pair, milestone)
        if missing and milestone.status != "planned":
            what: What = "evaluation" if milestone.status == "due" else "overdue_evaluation"
            yield Due(what, milestone.due_on + TIME_TO_EVALUATE, missing, milestone.name)


def _ends(pair: Pair, _: Expected, today: date) -> Iterator[Due]:
    if pair.ends_on is not None and pair.ends_on <= today + ENDS_SOON:
        yield Due("end", pair.ends_on)


def _fares(pair: Pair, expected: Expected, today: date) -> Iterator[Due]:
    for finding in health.findings(pair, expected.weekly_hours, today):
        yield Due(finding.concern.value)


CHECKS: tuple[Callable[[Pair, Expected, date], Iterator[Due]], ...] = (
    _answers,
    _signatures,
    _evaluations,
    _ends,
    _fares,
)
"""What is looked at, in the order in which it is shown."""
