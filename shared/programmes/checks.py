"""What is asked of a pack beyond its contract, and of a municipality before it runs one.

Every service asks the same, and so does `kobling` before it publishes: no two of them run different packs.
Each fault is `field: what is wrong; what would help`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from shared.contracts.administrators import Role
from shared.contracts.programmes import ActiveProgramme, ApprovalAsked, ProgrammePack
from shared.operators import Operators
from shared.programmes import shipped_packs
from shared.programmes.successors import Successors

PackCheck = Callable[[ProgrammePack], str | None]
"""What is wrong with a pack, field first, or None."""

CRITERIA = tuple(dict.fromkeys(code for pack in shipped_packs().values() for code in pack.pairing.criteria))
"""The codes of the criteria that there are, as the shipped packs name them; matching's table has each, or
matching doesn't start.
"""

MOST_POINTS = 1000
"""Most that one criterion may weigh. The starting weights sum to 100; ten times that and more says nothing
new, and matching's arithmetic on blocks of 32-bit integers is exact far beyond this."""

INDISPENSABLE = ("self", "age", "child_certificate", "capacity")
"""The rules that no pack may leave out: they protect people, or the solver relies on them."""


def unknown_criteria(pack: ProgrammePack) -> str | None:
    """Criteria that don't exist."""
    unknown = sorted(pack.pairing.criteria.keys() - {*CRITERIA})
    if not unknown:
        return None
    return f"pairing.criteria.{unknown[0]}: unknown; those that exist: {', '.join(CRITERIA)}"


def weights_too_large(pack: ProgrammePack) -> str | None:
    """A criterion that weighs more than any may."""
    large = [code for code, weight in pack.pairing.criteria.items() if weight > MOST_POINTS]
    return f"pairing.criteria.{large[0]}: at most {MOST_POINTS}" if large else None


def repeated_rules(pack: ProgrammePack) -> str | None:
    """A rule that stands there twice: nobody can tell which parameters are meant."""
    repeated = [
        code for code, times in Counter(rule.code for rule in pack.pairing.rules).items() if times > 1
    ]
    return f"pairing.rules: {repeated[0]} stands there twice" if repeated else None


def missing_rules(pack: ProgrammePack) -> str | None:
    """Rules that no pack may leave out."""
    named = {rule.code for rule in pack.pairing.rules}
    missing = [code for code in INDISPENSABLE if code not in named]
    return f"pairing.rules: every pack names {', '.join(missing)} too" if missing else None


def approved_refugees(pack: ProgrammePack) -> str | None:
    """An approval asked of the receiving side, which nobody could give: only volunteers are approved."""
    for place, item in enumerate(pack.sides.receiving.requirements):
        if isinstance(item, ApprovalAsked):
            return f"sides.receiving.requirements.{place}: only the giving side is approved; ask it there"
    return None


def weekday_of_daily_rounds(pack: ProgrammePack) -> str | None:
    """A weekday beside daily rounds: one of the two is a mistake."""
    rounds = pack.pairing.rounds
    if rounds is None or rounds.weekday is None or rounds.every == "P7D":
        return None
    return "pairing.rounds.weekday: rounds run each day; leave it out, or have them run every P7D"


def muddled_milestones(pack: ProgrammePack) -> str | None:
    """A milestone or question that stands there twice, or a question to somebody whom the milestone doesn't
    ask: nobody could tell what an evaluation answers.
    """
    milestones = pack.pairing.milestones
    for name, times in Counter(item.name for item in milestones).items():
        if times > 1:
            return f"pairing.milestones: {name} stands there twice"
    for place, item in enumerate(milestones):
        field = f"pairing.milestones.{place}.questions"
        for code, times in Counter(question.code for question in item.questions).items():
            if times > 1:
                return f"{field}: {code} stands there twice"
        for question in item.questions:
            if set(question.asks) - set(item.asks):
                return f"{field}: {question.code} is asked of others than the milestone asks"
    return None


CHECKS: Sequence[PackCheck] = (
    unknown_criteria,
    weights_too_large,
    repeated_rules,
    missing_rules,
    approved_refugees,
    weekday_of_daily_rounds,
    muddled_milestones,
)
"""What is asked of every pack."""


def unsatisfied(pack: ProgrammePack, municipality: str, operators: Operators, now: datetime) -> list[str]:
    """What a pack asks of organisations that have nobody in the municipality who could do it now."""
    faults = []
    for field, organisation, role in _asked_of_organisations(pack):
        if organisation not in operators.organisations(municipality, role, now):
            faults.append(
                f"{field}: no valid operator of {organisation} is {role} in {municipality}; register one on "
                "operators.v1, or activate a version that asks another organisation"
            )
    return faults


def wrong_predecessors(
    wanted: ActiveProgramme, running: ActiveProgramme | None, successors: Successors
) -> list[str]:
    """Why a municipality can't be the successor of those that it names, by what holds now. People and pairs
    that were brought under a code don't go back: who is named once is named from then on.
    """
    municipality = wanted.municipality
    faults = [
        f"predecessors: {code} is one already, and what was its stays {municipality}'s; name it too"
        for code in (running.predecessors if running is not None else ())
        if code not in wanted.predecessors
    ]
    for code in wanted.predecessors:
        other = successors.of_codes.get(code)
        if code == municipality:
            faults.append("predecessors: a municipality isn't its own; leave it out")
        elif successors.follows(code, municipality):
            faults.append(f"predecessors: {code} is the successor of {municipality}; leave it out")
        elif other not in {None, municipality, *wanted.predecessors}:
            faults.append(
                f"predecessors: {code} has become {other}; leave it out, or name {other} as well if that has "
                f"become {municipality}"
            )
    return faults


def _asked_of_organisations(pack: ProgrammePack) -> Iterator[tuple[str, str, Role]]:
    """Field, organisation, and the role of those who do it for the organisation.

    A signatory who bears the role of a side is one of the pair, any other an organisation.
    """
    for place, item in enumerate(pack.sides.giving.requirements):
        if isinstance(item, ApprovalAsked):
            yield f"sides.giving.requirements.{place}.organisation", item.organisation, "approver"
    of_the_pair = {pack.sides.giving.role, pack.sides.receiving.role}
    for place, signatory in enumerate(pack.pairing.signatories):
        if signatory not in of_the_pair:
            yield f"pairing.signatories.{place}", signatory, "coordinator"
