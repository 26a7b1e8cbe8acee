"""Programme packs → what rounds need of them.

A pack's rules and criteria are looked up by code: this module names none of them.
"""

from collections.abc import Collection, Mapping
from inspect import signature
from typing import get_args

from services.matching.domain.criteria import CRITERIA
from services.matching.domain.dues import Expected
from services.matching.domain.errors import DomainError
from services.matching.domain.evaluation import Asked, Question
from services.matching.domain.pair import Outcome
from services.matching.domain.party import Rules
from services.matching.domain.rules import RULES
from services.matching.domain.rules import Rule as HardRule
from shared.contracts.fields import Contract
from shared.contracts.pairing import Afterwards, EndingReason, PackOutcome, Rule
from shared.contracts.periods import number_of
from shared.contracts.programmes import AgeAsked, ApprovalAsked, PackSide, ProgrammePack
from shared.programmes import checks


class RulesDiffer(LookupError):
    """The contract and matching's table don't have the same rules, or not with the same parameters."""


class CriteriaDiffer(LookupError):
    """Packs may name criteria that matching's table doesn't have."""


def agreed_codes(classes: tuple[type[Contract], ...], table: Mapping[str, HardRule]) -> frozenset[str]:
    """The codes of the contract's classes of rules, which are those of the table too.

    Raises RulesDiffer for a code that only one of them has, and where the fields of a class are not what the
    rule's function takes.
    """
    fields = {
        get_args(model.model_fields["code"].annotation)[0]: frozenset(model.model_fields) - {"code"}
        for model in classes
    }
    taken = {code: frozenset([*signature(rule.forbids).parameters][1:]) for code, rule in table.items()}
    differ = {code for code in fields | taken if fields.get(code) != taken.get(code)}
    if differ:
        raise RulesDiffer(f"the contract and the table of rules differ: {', '.join(sorted(differ))}")
    return frozenset(fields)


def agreed_criteria(checked: Collection[str], table: Collection[str]) -> frozenset[str]:
    """The codes that packs may name, each of which the table has; raises CriteriaDiffer."""
    missing = {*checked} - {*table}
    if missing:
        raise CriteriaDiffer(f"packs may name criteria that the table lacks: {', '.join(sorted(missing))}")
    return frozenset(checked)


RULE_CODES = agreed_codes(get_args(get_args(Rule)[0]), RULES)
"""Every rule's code; a rule with only its half written stops the start."""
CRITERION_CODES = agreed_criteria(checks.CRITERIA, CRITERIA)
"""Every criterion's code that packs may name; one that the table lacks stops the start."""


def rules(pack: ProgrammePack) -> Rules:
    """What matching needs of a pack; criteria that don't exist score nothing."""
    pairing, controller = pack.pairing, pack.pairing.policy.cohort_controller
    return Rules(
        name=pack.name,
        version=pack.version,
        relation=pairing.relation,
        rules={rule.code: rule.model_dump(exclude={"code"}) for rule in pairing.rules},
        criteria=dict(pairing.criteria),
        waiting_points_per_day=pairing.policy.waiting_points_per_day,
        respond_within_days=number_of(pairing.answer_within),
        exclusion_days=number_of(pairing.exclude_for),
        minimum_receiving_age=_minimum_age(pack.sides.receiving),
        minimum_giving_age=_minimum_age(pack.sides.giving),
        scarcity=pairing.policy.scarcity,
        cohort_attribute=controller.attribute if controller else None,
    )


def maximum_months(pack: ProgrammePack) -> int | None:
    """After how many months a pair ends by itself; None for never."""
    duration = pack.pairing.duration
    return None if duration is None or duration.at_most is None else number_of(duration.at_most)


def minimum_months(pack: ProgrammePack) -> int | None:
    """Before how many months a pair isn't completed; None for no such limit."""
    duration = pack.pairing.duration
    return None if duration is None or duration.at_least is None else number_of(duration.at_least)


def weekly_hours(pack: ProgrammePack) -> float | None:
    """How many hours a week a pair is meant to meet; None where the pack doesn't say."""
    dose = pack.pairing.dose
    return None if dose is None else dose.weekly_hours


def outcome(
    told: PackOutcome, receiving: Afterwards | None = None, giving: Afterwards | None = None
) -> Outcome:
    """What follows once a pair is over: as the pack has it, unless a coordinator says otherwise of a side."""
    return Outcome(receiving or told.receiving, giving or told.giving, told.may_meet_again)


def ending(pack: ProgrammePack, reason: EndingReason) -> PackOutcome:
    """What follows an end for this reason; raises DomainError `not_listed` where the pack has no such."""
    endings = {item.reason: item for item in pack.pairing.endings}
    if not endings:
        return PackOutcome()
    if reason not in endings:
        raise DomainError("not_listed", f"The pack knows {', '.join(endings)}.", "end_reason")
    return endings[reason]


def expected(pack: ProgrammePack) -> Expected:
    """What a pack expects of a pair."""
    dose = pack.pairing.dose
    return Expected(tuple(pack.pairing.signatories), None if dose is None else dose.weekly_hours)


def milestones(pack: ProgrammePack) -> tuple[Asked, ...]:
    """When a pair is evaluated, by whom, and what they are asked."""
    return tuple(
        Asked(
            item.name,
            number_of(item.after),
            tuple(item.asks),
            tuple(
                Question(
                    question.code,
                    question.kind,
                    tuple(question.asks or item.asks),
                    tuple(question.choices) if question.kind == "choice" else (),
                )
                for question in item.questions
            ),
        )
        for item in pack.pairing.milestones
    )


def recorders(pack: ProgrammePack, signatory: str) -> frozenset[str]:
    """The organisations that may record a signature: an organisation its own, and that of a person any that
    the pack has approve somebody or sign.
    """
    sides = (pack.sides.receiving, pack.sides.giving)
    people = {side.role for side in sides}
    if signatory not in people:
        return frozenset({signatory})
    approving = {
        item.organisation for side in sides for item in side.requirements if isinstance(item, ApprovalAsked)
    }
    return frozenset(approving | (set(pack.pairing.signatories) - people))


def _minimum_age(side: PackSide) -> int | None:
    ages = (item.minimum for item in side.requirements if isinstance(item, AgeAsked))
    return max(ages, default=None)
