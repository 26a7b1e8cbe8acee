"""How pairs are evaluated at milestones, as tables."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.matching.domain.errors import DomainError
from services.matching.domain.evaluation import (
    Asked,
    Question,
    evaluate,
    milestone_due,
    missing_at,
    next_day,
    planned,
)
from services.matching.domain.pair import Decision, Evaluation, Evaluator, Fact, Pair
from tests.unit.matching.lives import LATER, LATER_DAY, STATES, accepted, active, ended, refused

BOTH: tuple[Evaluator, ...] = ("receiving", "giving")
QUESTIONS = (
    Question("language_progress", "scale", ("giving",)),
    Question("help_of_the_red_cross", "choice", BOTH, ("much", "little")),
    Question("would_go_on", "yes_no", BOTH),
)
MILESTONES = (Asked("three_months", 3, BOTH, QUESTIONS), Asked("half_a_year", 6, ("coordinator",), ()))
THREE, SIX = date(2027, 2, 25), date(2027, 5, 25)
AT_THREE = LATER + (THREE - LATER_DAY)
OPINION = (("language_progress", 4),)
DAY = timedelta(days=1)


def going_on() -> Pair:
    return replace(active(), milestones=planned(LATER_DAY, MILESTONES))


def said(
    pair: Pair | None = None,
    side: Evaluator = "giving",
    on: date = THREE,
    milestone: str = "three_months",
    answers: tuple[tuple[str, int | bool | str], ...] = OPINION,
) -> Decision:
    asked = {item.name: item.questions for item in MILESTONES}
    now = AT_THREE + 30 * DAY
    return evaluate(pair or going_on(), Evaluation(milestone, side, on, answers), asked, now)


def test_a_pairs_milestones_are_counted_from_its_first_day() -> None:
    pair = going_on()
    assert [(item.name, item.due_on, item.status) for item in pair.milestones] == [
        ("three_months", THREE, "planned"),
        ("half_a_year", SIX, "planned"),
    ]
    assert next_day(pair) == THREE


def test_a_milestone_comes_due_and_is_overdue_two_weeks_later_once_each() -> None:
    pair, facts, milestone = milestone_due(going_on(), AT_THREE - DAY)
    assert (facts, milestone) == ((), None)
    pair, facts, milestone = milestone_due(pair, AT_THREE)
    assert (facts, milestone) == ((Fact.MILESTONE_DUE,), pair.milestones[0])
    assert milestone_due(pair, AT_THREE + 13 * DAY)[1] == ()
    assert next_day(pair) == THREE + 14 * DAY
    pair, facts, milestone = milestone_due(pair, AT_THREE + 14 * DAY)
    assert facts == (Fact.MILESTONE_OVERDUE,)
    assert milestone_due(pair, AT_THREE + 20 * DAY)[1] == ()
    assert next_day(pair) == SIX


def test_what_all_have_evaluated_is_neither_due_nor_overdue() -> None:
    pair, _ = said()
    assert missing_at(pair, pair.milestones[0]) == ("receiving",)
    pair, _ = said(pair, "receiving", answers=(("would_go_on", True),))
    assert missing_at(pair, pair.milestones[0]) == ()
    assert next_day(pair) == SIX
    assert milestone_due(pair, AT_THREE + 20 * DAY)[1] == ()


@pytest.mark.parametrize("status", ["completed", "ended"])
def test_no_milestone_comes_due_once_the_pair_is_over(status: str) -> None:
    over = replace(STATES[status](), milestones=going_on().milestones)  # type: ignore[index]
    assert milestone_due(over, AT_THREE)[1] == ()


def test_one_evaluation_for_each_side_and_a_later_one_replaces_it() -> None:
    pair, facts = said()
    assert facts == (Fact.PAIR_EVALUATED,)
    assert pair.evaluations == (Evaluation("three_months", "giving", THREE, OPINION),)
    assert said(pair) == (pair, ())
    mended, facts = said(pair, answers=(("language_progress", 5),))
    assert ([item.answers for item in mended.evaluations], facts) == (
        [(("language_progress", 5),)],
        (Fact.PAIR_EVALUATED,),
    )
    both, _ = said(mended, "receiving", answers=(("would_go_on", False),))
    assert [item.side for item in both.evaluations] == ["giving", "receiving"]


@pytest.mark.parametrize(
    ("code", "answer", "fits"),
    [
        ("language_progress", 1, True),
        ("language_progress", 5, True),
        ("language_progress", 0, False),
        ("language_progress", 6, False),
        ("language_progress", True, False),
        ("language_progress", "much", False),
        ("would_go_on", False, True),
        ("would_go_on", 1, False),
        ("help_of_the_red_cross", "much", True),
        ("help_of_the_red_cross", "somewhat", False),
        ("help_of_the_red_cross", 1, False),
    ],
)
def test_answers_are_of_their_questions_kind(code: str, answer: int | bool | str, fits: bool) -> None:
    if fits:
        assert said(answers=((code, answer),))[1]
    else:
        assert refused(lambda: said(answers=((code, answer),))) == "answer_invalid"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"milestone": "ten_years"}, "not_listed"),
        ({"answers": (("shoe_size", 3),)}, "not_listed"),
        ({"side": "receiving"}, "not_listed"),
        ({"side": "coordinator"}, "side_not_asked"),
        ({"on": THREE - 15 * DAY}, "milestone_not_due"),
        ({"on": THREE + 31 * DAY}, "date_in_future"),
        ({"pair": accepted()}, "not_created"),
        ({"pair": replace(ended(), milestones=going_on().milestones)}, "milestone_not_due"),
    ],
)
def test_what_is_no_evaluation_of_the_pair(wrong: dict[str, object], code: str) -> None:
    assert refused(lambda: said(**wrong)) == code  # type: ignore[arg-type]


def test_a_question_that_is_not_known_is_not_repeated() -> None:
    with pytest.raises(DomainError) as caught:
        said(answers=(("anna_eksempel", 3),))
    assert "anna" not in f"{caught.value} {caught.value.field}"


def test_a_pair_that_lasted_until_its_milestone_is_evaluated_after_its_end() -> None:
    over = replace(ended(), ended_on=THREE - 10 * DAY, milestones=going_on().milestones)
    assert said(over)[1] == (Fact.PAIR_EVALUATED,)
