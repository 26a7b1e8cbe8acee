"""Programme packs → what rounds need of them, and what matching finds wrong with a pack.

A pack's rules and criteria are looked up by code: this module names none of them.
"""

from collections import Counter
from collections.abc import Mapping
from inspect import signature
from typing import get_args

from services.matching.domain.criteria import CRITERIA, MOST_POINTS
from services.matching.domain.party import Rules
from services.matching.domain.rules import RULES
from services.matching.domain.rules import Rule as HardRule
from shared.contracts.fields import Contract
from shared.contracts.periods import number_of
from shared.contracts.programmes import AgeAsked, ApprovalAsked, PackSide, ProgrammePack, Rule
from shared.messaging.tables import PackCheck


class RulesDiffer(LookupError):
    """The contract and matching's table don't have the same rules, or not with the same parameters."""


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


RULE_CODES = agreed_codes(get_args(get_args(Rule)[0]), RULES)
"""Every rule's code; a rule with only its half written stops the start."""


def rules(pack: ProgrammePack) -> Rules:
    """What matching needs of a pack; criteria that don't exist score nothing."""
    pairing = pack.pairing
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
    )


def maximum_months(pack: ProgrammePack) -> int | None:
    """After how many months a pair ends by itself; None for never."""
    duration = pack.pairing.duration
    return None if duration is None or duration.at_most is None else number_of(duration.at_most)


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


def unknown_criteria(pack: ProgrammePack) -> str | None:
    """Criteria that the table doesn't have."""
    unknown = sorted(pack.pairing.criteria.keys() - CRITERIA.keys())
    if not unknown:
        return None
    return f"pairing.criteria.{unknown[0]}: unknown; those that exist: {', '.join(CRITERIA)}"


def weights_too_large(pack: ProgrammePack) -> str | None:
    """Weights beyond what the arithmetic is meant for."""
    heavy = sorted(code for code, weight in pack.pairing.criteria.items() if weight > MOST_POINTS)
    return f"pairing.criteria.{heavy[0]}: at most {MOST_POINTS}" if heavy else None


def repeated_rules(pack: ProgrammePack) -> str | None:
    """Rules that stand there twice: nobody can tell which parameters are meant."""
    repeated = [
        code for code, times in Counter(rule.code for rule in pack.pairing.rules).items() if times > 1
    ]
    return f"pairing.rules: {repeated[0]} stands there twice" if repeated else None


def missing_rules(pack: ProgrammePack) -> str | None:
    """Rules that no pack may leave out."""
    named = {rule.code for rule in pack.pairing.rules}
    missing = [code for code, rule in RULES.items() if rule.indispensable and code not in named]
    return f"pairing.rules: every pack names {', '.join(missing)} too" if missing else None


CHECKS: tuple[PackCheck, ...] = (unknown_criteria, weights_too_large, repeated_rules, missing_rules)
"""What matching asks of a pack beyond its contract."""


def _minimum_age(side: PackSide) -> int | None:
    ages = (item.minimum for item in side.requirements if isinstance(item, AgeAsked))
    return max(ages, default=None)
