"""How a pair goes, as its people and the coordinator see it at the pack's milestones."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Decision, Evaluation, Evaluator, Fact, Milestone, Pair
from shared.values import add_months, value

TIME_TO_EVALUATE = timedelta(days=14)
"""How long after a milestone's day evaluations may be missing before it is overdue, and how long before that
day they may be recorded (the project's decision).
"""
SCALE = range(1, 6)

Said = int | bool | str


@value
class Question:
    """A question of a milestone, whom it is asked, and what may be answered: one of the `choices`, where its
    kind is `choice`.
    """

    code: str
    kind: Literal["scale", "choice", "yes_no"]
    asks: tuple[Evaluator, ...]
    choices: tuple[str, ...] = ()


@value
class Asked:
    """A milestone of the pack: so many months after the pair was created these are asked."""

    name: str
    after_months: int
    asks: tuple[Evaluator, ...]
    questions: tuple[Question, ...]


def planned(created_on: date, asked: Iterable[Asked]) -> tuple[Milestone, ...]:
    """The milestones of a pair created on this day."""
    return tuple(Milestone(item.name, add_months(created_on, item.after_months), item.asks) for item in asked)


def missing_at(pair: Pair, milestone: Milestone) -> tuple[Evaluator, ...]:
    """Whose evaluations are missing."""
    there = {found.side for found in pair.evaluations if found.milestone == milestone.name}
    return tuple(side for side in milestone.asks if side not in there)


def next_day(pair: Pair) -> date | None:
    """When a milestone comes due or is overdue next: none that all have evaluated."""
    return min((day for _, day in _to_come(pair)), default=None)


def milestone_due(pair: Pair, now: datetime) -> tuple[Pair, tuple[Fact, ...], Milestone | None]:
    """What passing time does first to an open pair's milestones, and to which; nothing before its day."""
    come = (
        [(day, milestone) for milestone, day in _to_come(pair) if day <= now.date()] if pair.is_open else []
    )
    if not come:
        return pair, (), None
    _, milestone = min(come, key=lambda item: item[0])
    is_due = milestone.status == "planned"
    moved = replace(milestone, status="due" if is_due else "overdue")
    milestones = tuple(moved if other is milestone else other for other in pair.milestones)
    fact = Fact.MILESTONE_DUE if is_due else Fact.MILESTONE_OVERDUE
    return replace(pair, milestones=milestones), (fact,), moved


def evaluate(
    pair: Pair, evaluation: Evaluation, questions: Mapping[str, Sequence[Question]], now: datetime
) -> Decision:
    """Records an evaluation, one for each side and milestone: a later record replaces it. `questions` are the
    pack's by milestone. What somebody leaves unanswered may be missing.

    Raises `not_created`, `not_listed` (milestone or question), `side_not_asked`, `answer_invalid`,
    `milestone_not_due` (too early, or the pair was over by then), `date_in_future`.
    """
    if pair.created_on is None:
        raise DomainError("not_created", "a pair is evaluated once all have signed the agreement")
    milestone = _milestone(pair, evaluation.milestone)
    if evaluation.side not in milestone.asks:
        raise DomainError(
            "side_not_asked", f"at {milestone.name} these are asked: {', '.join(milestone.asks)}", "side"
        )
    asked = [item for item in questions[milestone.name] if evaluation.side in item.asks]
    _check_answers(evaluation.answers, asked)
    _check_time(pair, milestone, evaluation.on, now)
    if evaluation in pair.evaluations:
        return pair, ()
    place = evaluation.milestone, evaluation.side
    others = [found for found in pair.evaluations if (found.milestone, found.side) != place]
    evaluations = sorted([*others, evaluation], key=lambda found: (found.on, found.milestone, found.side))
    return replace(pair, evaluations=tuple(evaluations)), (Fact.PAIR_EVALUATED,)


def _to_come(pair: Pair) -> Iterable[tuple[Milestone, date]]:
    for milestone in pair.milestones:
        if milestone.status == "overdue" or not missing_at(pair, milestone):
            continue
        is_due = milestone.status == "due"
        yield milestone, milestone.due_on + TIME_TO_EVALUATE if is_due else milestone.due_on


def _milestone(pair: Pair, name: str) -> Milestone:
    found = next((item for item in pair.milestones if item.name == name), None)
    if found is None:
        names = ", ".join(item.name for item in pair.milestones)
        has = f"The pair has {names}." if names else "Its pack has no milestones, so nobody evaluates it."
        raise DomainError("not_listed", has, "milestone")
    return found


def _check_answers(answers: Iterable[tuple[str, Said]], asked: Collection[Question]) -> None:
    by_code = {question.code: question for question in asked}
    for code, said in answers:
        if code not in by_code:
            # The code is not repeated: it is the operator's own word.
            raise DomainError("not_listed", f"This side is asked {', '.join(by_code)}.", "answers")
        question = by_code[code]
        match question.kind:
            case "scale":
                fits, words = not isinstance(said, bool) and said in SCALE, "1 to 5"
            case "yes_no":
                fits, words = isinstance(said, bool), "true or false"
            case "choice":
                fits, words = isinstance(said, str) and said in question.choices, ", ".join(question.choices)
        if not fits:
            raise DomainError("answer_invalid", f"{code} is answered by {words}.", f"answers.{code}")


def _check_time(pair: Pair, milestone: Milestone, on: date, now: datetime) -> None:
    if on > now.date():
        raise DomainError("date_in_future", "name a day that has come", "on")
    if on < milestone.due_on - TIME_TO_EVALUATE:
        raise DomainError(
            "milestone_not_due",
            f"the milestone is on {milestone.due_on}: name a day from two weeks before it on",
            "on",
        )
    if pair.ended_on is not None and pair.ended_on < milestone.due_on - TIME_TO_EVALUATE:
        raise DomainError("milestone_not_due", f"the pair was over on {pair.ended_on}", "milestone")
