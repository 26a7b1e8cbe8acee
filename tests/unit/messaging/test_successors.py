"""Municipalities' new codes: which code is which now, and which records of administrators say so."""

import itertools
from datetime import timedelta

import pytest

from shared.contracts.programmes import ActiveProgramme
from shared.programmes.acceptance import Acceptance
from shared.programmes.successors import Successors
from shared.programmes.table import Programmes
from tests.unit.messaging.administration import KEY, NAME, NOW, OPERATORS, PACK, operator
from tests.unit.messaging.test_acceptance import acceptance, say

FLORA, VAGSOY, KINN, LATER = "no-1401", "no-1439", "no-4602", "no-4699"
GOES_ON = "until then 1.0 goes on"


def runs(municipality: str, *predecessors: str, **changes: object) -> tuple[str, ActiveProgramme]:
    known = {"municipality": municipality, "programme": NAME, "pack_version": PACK.version}
    record = ActiveProgramme(**(known | {"predecessors": list(predecessors)} | changes))  # type: ignore[arg-type]
    return f"active/{municipality}/{NAME}", record


def known(*places: str) -> Acceptance:
    """With operators of both organisations in all of these."""
    accepting = acceptance()
    for one in OPERATORS:
        accepting.operator(
            one.operator, operator(one.operator, one.organisation, municipalities=list(places))
        )
    say(accepting, (KEY, PACK))
    return accepting


def test_a_code_leads_to_the_one_that_its_municipality_has_now() -> None:
    named = [(KINN, [FLORA]), (LATER, [KINN])]
    for order in itertools.permutations(named):
        found = Successors.of(order)
        assert {code: found.current(code) for code in (FLORA, KINN, LATER, "no-4601")} == {
            FLORA: LATER,
            KINN: LATER,
            LATER: LATER,
            "no-4601": "no-4601",
        }


def test_codes_of_one_municipality_are_told_from_those_that_became_one_with_it() -> None:
    renamed = Successors.of([(KINN, [FLORA]), (LATER, [KINN])])
    for code in (FLORA, KINN, LATER):
        assert renamed.same(code) == (FLORA, KINN, LATER)
        assert renamed.joined(code) == ()
    merged = Successors.of([(KINN, [FLORA, VAGSOY]), (LATER, [KINN])])
    assert merged.same(FLORA) == (FLORA,)
    assert merged.same(LATER) == (KINN, LATER)
    assert merged.joined(LATER) == (FLORA, VAGSOY)
    assert merged.joined(FLORA) == ()


def test_whatever_is_named_no_code_is_its_own_successor() -> None:
    codes = (FLORA, KINN, LATER)
    for named in itertools.product([(), *((code,) for code in codes)], repeat=3):
        found = Successors.of(zip(codes, named, strict=True))
        assert all(found.current(code) not in found.of_codes for code in codes)


def test_what_a_successor_s_successor_names_as_well_goes_through_both() -> None:
    found = Successors.of([(LATER, [FLORA, KINN]), (KINN, [FLORA])])
    assert found.of_codes == {FLORA: KINN, KINN: LATER}


def test_what_runs_under_a_code_that_has_a_successor_runs_no_more() -> None:
    programmes = Programmes()
    programmes.put(KEY, PACK)
    programmes.put(*runs(FLORA))
    assert programmes.active(FLORA, NAME) is PACK
    programmes.put(*runs(KINN, FLORA))
    assert programmes.active(FLORA, NAME) is None
    assert [place for place, _ in programmes.all_active()] == [KINN]
    programmes.put(f"active/{FLORA}/{NAME}", None)
    assert programmes.successors.current(FLORA) == KINN
    assert programmes.activation(FLORA, NAME) is None


def test_a_successor_is_taken_over_though_the_version_runs_there_already() -> None:
    accepting = known(FLORA, KINN)
    assert say(accepting, runs(FLORA), runs(KINN)) == {}
    assert say(accepting, runs(KINN, FLORA)) == {}
    assert accepting.programmes.successors.of_codes == {FLORA: KINN}
    changes = accepting.programmes.changes
    assert say(accepting) == {}
    assert accepting.programmes.changes == changes, "what holds already is not taken over again and again"


def test_what_was_brought_under_a_code_stays_there() -> None:
    accepting = known(FLORA, KINN)
    say(accepting, runs(KINN, FLORA))
    key, record = runs(KINN)
    assert say(accepting, (key, record)) == {
        key: (
            f"predecessors: {FLORA} is one already, and what was its stays {KINN}'s; name it too; {GOES_ON}",
        )
    }
    assert accepting.programmes.successors.of_codes == {FLORA: KINN}


@pytest.mark.parametrize(
    ("before", "wrong", "fault"),
    [
        ((), runs(KINN, KINN), "predecessors: a municipality isn't its own; leave it out"),
        (
            (runs(KINN, FLORA),),
            runs(FLORA, KINN),
            "predecessors: no-4602 is the successor of no-1401; leave it out",
        ),
        (
            (runs(KINN, FLORA),),
            runs(LATER, FLORA),
            f"predecessors: {FLORA} has become {KINN}; leave it out, or name {KINN} as well if that has",
        ),
        ((), runs(KINN, "flora"), "predecessors: no- and four digits, or dk- and three, such as no-4601"),
    ],
)
def test_a_successor_that_can_t_be_is_refused_with_what_would_help(
    before: tuple[tuple[str, ActiveProgramme], ...], wrong: tuple[str, ActiveProgramme], fault: str
) -> None:
    accepting = known(FLORA, KINN, LATER)
    assert say(accepting, *before) == {}
    (said,) = say(accepting, wrong)[wrong[0]]
    assert said.startswith(fault)
    assert accepting.settle(NOW + timedelta(days=1)) == []


def test_a_successor_s_successor_may_name_both() -> None:
    accepting = known(FLORA, KINN, LATER)
    assert say(accepting, runs(KINN, FLORA), runs(LATER, FLORA, KINN)) == {}
    assert accepting.programmes.successors.current(FLORA) == LATER
