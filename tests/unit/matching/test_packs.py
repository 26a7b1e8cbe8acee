"""What matching takes from a pack, and which packs are refused."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from services.matching import packs
from services.matching.domain.criteria import CRITERIA
from services.matching.domain.rules import RULES, Rule
from shared.contracts import pairing
from shared.contracts.programmes import ProgrammePack
from shared.programmes import checks, shipped_packs

BERGEN = shipped_packs()["flyktningguide-bergen@1.0"]
CLASSES = get_args(get_args(pairing.Rule)[0])


def bergen(**pairing: Any) -> ProgrammePack:
    """Bergen's pack, its pairing changed."""
    pack = BERGEN.model_dump(mode="json", exclude_unset=True)
    return ProgrammePack.model_validate({**pack, "pairing": {**pack["pairing"], **pairing}})


def rule_list(*left_out: str) -> list[dict[str, Any]]:
    rules = BERGEN.model_dump(mode="json")["pairing"]["rules"]
    return [rule for rule in rules if rule["code"] not in left_out]


def faults(pack: ProgrammePack) -> list[str]:
    return [fault for check in checks.CHECKS if (fault := check(pack)) is not None]


@pytest.mark.parametrize("key", shipped_packs())
def test_matching_finds_no_fault_with_a_shipped_pack(key: str) -> None:
    assert faults(shipped_packs()[key]) == []


def test_a_packs_rules_and_criteria_are_taken_by_code_with_parameters_and_weights() -> None:
    rules = packs.rules(BERGEN)
    assert rules.rules == {
        **{code: {} for code in RULES},
        "language": {"strength": "hard"},
        "availability": {"hours": 1.0},
    }
    assert list(rules.criteria.values()) == [30, 18, 12, 7, 20, 8, 5]
    assert (rules.minimum_receiving_age, rules.minimum_giving_age) == (18, 18)
    assert (rules.respond_within_days, rules.exclusion_days) == (14, 180)


def test_an_unknown_criterion_is_refused_naming_those_that_exist() -> None:
    assert faults(bergen(criteria={"interests": 30, "shoe_size": 5})) == [
        f"pairing.criteria.shoe_size: unknown; those that exist: {', '.join(CRITERIA)}"
    ]


def test_a_weight_out_of_range_is_refused() -> None:
    assert faults(bergen(criteria={"age": 1000})) == []
    assert faults(bergen(criteria={"age": 1001})) == ["pairing.criteria.age: at most 1000"]


def test_a_rule_that_stands_there_twice_is_refused() -> None:
    twice = [*rule_list(), {"code": "availability", "hours": 2}]
    assert faults(bergen(rules=twice)) == ["pairing.rules: availability stands there twice"]


def test_no_pack_leaves_out_what_protects_people_or_the_solver_relies_on() -> None:
    assert faults(bergen(rules=rule_list("language", "gender_wish", "availability", "excluded"))) == []
    without = ("self", "age", "child_certificate", "capacity")
    assert faults(bergen(rules=rule_list(*without))) == [
        "pairing.rules: every pack names self, age, child_certificate, capacity too"
    ]


ASKED = {"name": "three_months", "after": "P3M", "asks": ["receiving", "giving"]}
PROGRESS = {"code": "language_progress", "kind": "scale", "asks": ["giving"]}
HELP = {"code": "help", "kind": "choice", "choices": ["much", "little"]}


def test_a_packs_milestones_are_taken_with_whom_each_question_is_asked() -> None:
    (milestone,) = packs.milestones(bergen(milestones=[{**ASKED, "questions": [PROGRESS, HELP]}]))
    assert (milestone.name, milestone.after_months, milestone.asks) == (
        "three_months",
        3,
        ("receiving", "giving"),
    )
    assert [(question.asks, question.choices) for question in milestone.questions] == [
        (("giving",), ()),
        (("receiving", "giving"), ("much", "little")),
    ]


@pytest.mark.parametrize(
    ("milestones", "fault"),
    [
        ([[PROGRESS], [HELP]], "pairing.milestones: three_months stands there twice"),
        ([[HELP, HELP]], "pairing.milestones.0.questions: help stands there twice"),
        (
            [[{**HELP, "asks": ["coordinator"]}]],
            "pairing.milestones.0.questions: help is asked of others than the milestone asks",
        ),
    ],
)
def test_milestones_of_which_nobody_could_tell_what_is_answered_are_refused(
    milestones: list[list[dict[str, Any]]], fault: str
) -> None:
    asked = [{**ASKED, "questions": questions} for questions in milestones]
    assert faults(bergen(milestones=asked)) == [fault]
    assert faults(bergen(milestones=asked[:1])) == ([] if len(asked) > 1 else [fault])


def more_hours(couples: Any, hours: float, weeks: int) -> Any:
    """A rule that takes a parameter which the contract doesn't have."""


@pytest.mark.parametrize(
    ("table", "differing"),
    [
        ({code: rule for code, rule in RULES.items() if code != "excluded"}, "excluded"),
        ({**RULES, "stars": Rule("stars", RULES["self"].forbids, "other stars")}, "stars"),
        ({**RULES, "availability": Rule("availability", more_hours, "fewer hours")}, "availability"),
    ],
)
def test_a_rule_with_only_its_half_written_stops_the_start(table: Mapping[str, Rule], differing: str) -> None:
    assert packs.agreed_codes(CLASSES, RULES) == RULES.keys()
    with pytest.raises(packs.RulesDiffer, match=f"differ: {differing}$"):
        packs.agreed_codes(CLASSES, table)


def test_a_criterion_that_packs_may_name_and_the_table_lacks_stops_the_start() -> None:
    assert packs.agreed_criteria(checks.CRITERIA, [*CRITERIA, "stars"]) == CRITERIA.keys()
    with pytest.raises(packs.CriteriaDiffer, match="lacks: distance"):
        packs.agreed_criteria(checks.CRITERIA, CRITERIA.keys() - {"distance"})


def test_rules_that_no_pack_may_leave_out_exist() -> None:
    assert set(checks.INDISPENSABLE) <= RULES.keys()
