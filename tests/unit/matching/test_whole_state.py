"""A pair's public state holds all of it: what is read back is the same."""

from dataclasses import replace
from datetime import date

import pytest

from services.matching import wire
from services.matching.domain.pair import Evaluation, FormerGuide, Meeting, Milestone, Pair, StepHeld
from shared.contracts.matching.states import PairState
from tests.unit.matching.lives import STATES, active

REFUGEE, GUIDE, BEFORE = (f"{kind}-{'a' * 20}" for kind in ("refugee", "volunteer", "formervolunteer"))
FULL = replace(
    active(),
    meetings=(Meeting(date(2026, 11, 25), 2.0), Meeting(date(2026, 12, 25), 1.5)),
    steps=(StepHeld("introduction_meeting", date(2026, 11, 23)),),
    former_guides=(FormerGuide(BEFORE, date(2026, 11, 25), date(2026, 12, 1)),),
    milestones=(Milestone("three_months", date(2027, 2, 25), ("giving", "coordinator"), "due"),),
    evaluations=(
        Evaluation(
            "three_months", "giving", date(2027, 2, 25), (("a", 4), ("b", True), ("c", "much"), ("d", 1))
        ),
    ),
    allowed_on=date(2027, 3, 1),
    formerly=("no-1201", "no-1253"),
)


def state(pair: Pair) -> PairState:
    return wire.pair_state(replace(pair, receiving=REFUGEE, giving=GUIDE))


@pytest.mark.parametrize("pair", [*(make() for make in STATES.values()), FULL])
def test_a_pair_is_read_back_from_its_state_as_it_was(pair: Pair) -> None:
    text = state(pair).model_dump_json(by_alias=True, exclude_none=True)
    back = wire.pair(pair.subject, PairState.model_validate_json(text))
    # As they are written: true is no 1.
    assert repr(back) == repr(replace(pair, receiving=REFUGEE, giving=GUIDE))


def test_a_former_guides_meetings_name_them() -> None:
    assert [meeting.giving for meeting in state(FULL).meetings] == [BEFORE, None]
