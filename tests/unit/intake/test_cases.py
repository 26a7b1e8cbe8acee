"""Whom their current case protects, refers or withdraws stays so, whatever another case's record says."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain import consents, person, refugee
from services.intake.domain.person import Consent
from services.intake.domain.refugee import Case, Change, Fact, Refugee, progressed
from tests.unit.intake.people import ASKED, NOON, TODAY, interview, settlement

HOUR = timedelta(hours=1)
PLACES = {"a": "no-4601", "b": "no-5501", "c": "dk-101", "d": "no-0301"}
LEFT = {"withdrawn": refugee.withdraw, "moved": refugee.move}


class Told(NamedTuple):
    """What a municipality sends: `says` is a settlement's secrecy, or how somebody left."""

    case: str
    says: str
    hour: int
    former: str | None = None


def decided(known: Refugee | None, told: Told, subject: str, former: Refugee | None = None) -> Change:
    time, place = NOON + told.hour * HOUR, PLACES[told.case]
    if told.says in LEFT:
        return LEFT[told.says](known, Case(told.case, time), place, subject, TODAY)
    said = settlement(told.case, time, municipality=place, secrecy=told.says, former_case=told.former)
    return refugee.settle(known, said, subject, TODAY, former)


def known_as(*said: str) -> Refugee:
    """Somebody whose case b came after a, once b has said this."""
    told = [Told("a", "none", 0), *(Told("b", says, hour, "a") for hour, says in enumerate(said, 1))]
    known = None
    for number, one in enumerate(told):
        known = decided(known, one, f"refugee-{number}").refugee
    assert known is not None
    return known


STATES = {
    "settled": ("none",),
    "protected": ("protected",),
    "referred": ("minor",),
    "withdrawn": ("none", "withdrawn"),
    "moved": ("none", "moved"),
    "no longer referred": ("minor", "withdrawn"),
    "protected and withdrawn": ("protected", "withdrawn"),
}
OLDER = Told("a", "none", 9)
NEW_FROM_OLDER = Told("c", "none", 9, "a")
ANSWERS = (Told("b", "none", 9, "a"), Told("c", "none", 9, "b"), Told("a", "none", 9, "b"))

Effects = tuple[str, str, str]
"""The status after a settlement that says none, minor and protected."""
OPENS: Effects = ("settled", "referred", "protected")
BY_OLDER: dict[str, Effects] = {
    "settled": ("settled", "referred", "protected"),
    "protected": ("protected", "protected", "protected"),
    "referred": ("referred", "referred", "protected"),
    "withdrawn": ("withdrawn", "protected", "protected"),
    "moved": ("moved", "protected", "protected"),
    "no longer referred": ("withdrawn", "protected", "protected"),
    "protected and withdrawn": ("protected", "protected", "protected"),
}
BY_NEW_FROM_OLDER = {
    **dict.fromkeys(STATES, OPENS),
    **{state: BY_OLDER[state] for state in ("protected", "referred", "protected and withdrawn")},
}
ROWS = [
    (state, told._replace(says=says), effects[state][number])
    for told, effects in (
        (OLDER, BY_OLDER),
        (NEW_FROM_OLDER, BY_NEW_FROM_OLDER),
        *((answer, dict.fromkeys(STATES, OPENS)) for answer in ANSWERS),
    )
    for state in STATES
    for number, says in enumerate(("none", "minor", "protected"))
]


@pytest.mark.parametrize(("state", "told", "after"), ROWS, ids=str)
def test_what_a_case_says_of_somebody_known_by_another(state: str, told: Told, after: str) -> None:
    known = known_as(*STATES[state])
    change = decided(known, told, "refugee-new")
    assert change.refugee.status == after
    if told == OLDER._replace(says=told.says):
        assert (change.refugee.municipality, change.refugee.cases[0].key) == (known.municipality, "b")
    if after == known.status and after != "settled":
        assert (change.fact, change.refugee.subject) == (None, known.subject) or told not in BY_OTHERS
    if after == "protected":
        assert change.fact is None
        assert change.refugee.details is None


BY_OTHERS = [
    told._replace(says=says) for told in (OLDER, NEW_FROM_OLDER) for says in ("none", "minor", "protected")
]


def test_what_a_former_case_says_later_of_a_minor_is_no_less_than_what_it_says_in_time() -> None:
    """A minor's case a says so after b, which came from it, said otherwise; b's record arrives last."""
    known = decided(None, Told("a", "minor", 5), "refugee-a").refugee
    late = decided(known, Told("b", "none", 3, "a"), "refugee-b").refugee
    in_time = decided(
        decided(None, Told("b", "none", 3, "a"), "refugee-a").refugee, Told("a", "minor", 5), "x"
    )
    assert late.status == in_time.refugee.status == "referred"
    assert late.municipality == in_time.refugee.municipality == PLACES["b"]


@dataclass(slots=True)
class Register:
    """All files, as intake holds them: by case, two made one where a settlement says so."""

    files: list[Refugee] = field(default_factory=list)
    opened: int = 0

    def file(self, case: str | None) -> Refugee | None:
        return next((file for file in self.files if case is not None and file.case(case)), None)

    def take(self, told: Told) -> tuple[list[Refugee], Change] | None:
        """The files that a record was about, and what became of them; None of a stale one."""
        own, former = self.file(told.case), self.file(told.former)
        if own is None:
            own, former = former, None
        elif own is former:
            former = None
        if refugee.is_stale(own, told.case, NOON + told.hour * HOUR) is not None:
            return None
        before = [file for file in (own, former) if file is not None]
        known = refugee.merge(own, former) if own is not None and former is not None else own
        self.opened += 1
        change = decided(known, told, f"refugee-{self.opened}", former)
        self.files = [file for file in self.files if file not in before] + [change.refugee]
        return before, change


CASES = st.sampled_from(sorted(PLACES))
RECORDS = st.one_of(
    st.builds(
        Told, CASES, st.sampled_from(["none", "minor", "protected"]), st.integers(0, 9), st.none() | CASES
    ),
    st.builds(Told, CASES, st.sampled_from(sorted(LEFT)), st.integers(0, 9)),
)


@settings(max_examples=400, deadline=None)
@given(told=st.lists(RECORDS, min_size=2, max_size=9))
def test_nobody_whom_their_current_case_hides_becomes_public_by_one_that_does_not_name_it(
    told: list[Told],
) -> None:
    register = Register()
    for one in told:
        taken = register.take(one)
        if taken is None:
            continue
        before, change = taken
        after = change.refugee
        for file in before:
            if file.cases[0].key in {one.case, one.former}:
                continue
            if not file.is_public:
                assert not after.is_public
            if file.status == "protected":
                assert (after.status, change.fact) == ("protected", None)
            if file.has_left and file.case(one.case) is not None:
                assert after.has_left or after.status == "protected"
                assert change.fact is None
        assert len({case.key for case in after.cases}) == len(after.cases)
        if after.is_public is False or after.status == "withdrawn":
            assert (after.profile, after.details, after.participations) == (None, None, ())


def joined() -> Refugee:
    known = decided(None, Told("a", "none", 0), "refugee-a").refugee
    known = person.join(known, ASKED.programme, ASKED.pack_version, TODAY)
    known = consents.consented(known, Consent("contact", "1", TODAY))
    known = person.interviewed(known, interview())
    return progressed(known, known, Fact.INTERVIEWED, TODAY)[0]


def test_a_move_ends_the_same_whichever_municipality_is_first() -> None:
    left, came = Told("a", "moved", 3), Told("b", "none", 2, "a")
    old_first = decided(decided(joined(), left, "x").refugee, came, "y")
    arrived = decided(joined(), came, "x")
    new_first = decided(arrived.refugee, left, "y")
    assert new_first.refugee == old_first.refugee
    assert (arrived.fact, new_first.fact) == (Fact.SETTLED, None)
    after = new_first.refugee
    assert (after.status, after.participations, after.consents, after.interview) == ("settled", (), (), None)
