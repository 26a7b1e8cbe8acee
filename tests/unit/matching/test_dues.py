"""What is due of a pair, by when, and of whom."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.matching.domain.agreement import answer
from services.matching.domain.dues import Due, Expected, dues
from services.matching.domain.pair import Milestone, Pair
from tests.unit.matching.lives import ALL, DAY, LATER, LATER_DAY, NOW, accepted, active, proposed, signed

EXPECTED = Expected(ALL, 2)
MONTH = timedelta(days=30)
MILESTONE = Milestone("three_months", date(2027, 2, 25), ("receiving", "giving"))
GUIDE_LEFT = replace(active(), signatures=active().signatures[:2])


@pytest.mark.parametrize(
    ("pair", "found"),
    [
        (proposed(), Due("answer", date(2026, 12, 6), ("receiving", "giving"))),
        (answer(proposed(), "giving", True, DAY, NOW)[0], Due("answer", date(2026, 12, 6), ("receiving",))),
        (accepted(), Due("signature", of=ALL)),
        (signed(accepted(), "giving"), Due("signature", of=("receiving", "red_cross"))),
        (GUIDE_LEFT, Due("signature", of=("red_cross",))),
        (active(), None),
        (replace(active(), milestones=(MILESTONE,)), None),
        (
            replace(active(), milestones=(replace(MILESTONE, status="due"),)),
            Due("evaluation", date(2027, 3, 11), ("receiving", "giving"), "three_months"),
        ),
        (
            replace(active(), milestones=(replace(MILESTONE, status="overdue"),)),
            Due("overdue_evaluation", date(2027, 3, 11), ("receiving", "giving"), "three_months"),
        ),
        (replace(active(), ends_on=LATER_DAY + MONTH), Due("end", LATER_DAY + MONTH)),
    ],
)
def test_what_is_due(pair: Pair, found: Due | None) -> None:
    assert dues(pair, EXPECTED, LATER.date()) == (() if found is None else (found,))


def test_all_that_is_due_of_a_pair_is_said_at_once() -> None:
    pair = replace(GUIDE_LEFT, ends_on=LATER_DAY, milestones=(replace(MILESTONE, status="due"),))
    assert [item.what for item in dues(pair, EXPECTED, LATER_DAY)] == ["signature", "evaluation", "end"]


def test_how_a_pair_fares_is_asked_about() -> None:
    three_weeks_later = LATER_DAY + timedelta(weeks=3)
    assert [item.what for item in dues(active(), EXPECTED, three_weeks_later)] == ["below_dose", "silent"]
    assert [item.what for item in dues(active(), Expected(ALL), three_weeks_later)] == ["silent"]
