"""Everybody who was ever settled is somewhere, and each fault of what is kept of them makes a difference."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from services.reporting.domain.projection import Pair, Refugee
from services.reporting.domain.reconciling import Kept, difference, standings

BERGEN, TROMSO, GUIDE = "no-4601", "no-5501", "flyktningguide-bergen"


def kept(name: str, status: str, *municipalities: str, ready: Sequence[str] = ()) -> Kept:
    """Somebody who lives in the last of these municipalities; Bergen if there are none."""
    places = municipalities or (BERGEN,)
    since = ("2016-02-01",) * len(ready)
    return Kept(name, Refugee(places[-1], None, tuple(ready), since, status), frozenset(places))


def pair(receiving: str, *, is_open: bool = True) -> Pair:
    over_on = None if is_open else "2016-06-01"
    return Pair(
        BERGEN,
        GUIDE,
        receiving,
        "volunteer-1",
        is_open=is_open,
        is_active=False,
        over_on=over_on,
        receiving_then="rests",
    )


REFUGEES = [
    kept("announced", "announced"),
    kept("settled", "settled"),
    kept("consented", "consented"),
    kept("waiting", "ready", ready=[GUIDE]),
    kept("paired", "ready", ready=[GUIDE]),
    kept("resting", "ready", ready=[GUIDE]),
    kept("referred", "referred"),
    kept("withdrawn", "withdrawn"),
    kept("moved", "ready", BERGEN, TROMSO, ready=[GUIDE]),
]
PAIRS = [pair("paired"), pair("resting", is_open=False)]
SETTLED = Counter({BERGEN: len(REFUGEES) + 2, TROMSO: 1})
ERASED = Counter({BERGEN: 2})


def differing(
    refugees: Iterable[Kept] = REFUGEES, pairs: Iterable[Pair] = PAIRS, settled: Counter[str] = SETTLED
) -> int:
    return difference(settled, standings(refugees, pairs, ERASED))


def test_each_is_somewhere_and_nobody_twice() -> None:
    assert standings(REFUGEES, PAIRS, ERASED) == {
        BERGEN: {"no_consent": 2, "ready": 2, "waiting": 1, "paired": 1, "referred": 1, "closed": 4},
        TROMSO: {"waiting": 1},
    }
    assert differing() == 0


def test_a_paired_household_counts_all_of_its_members() -> None:
    refugees = [
        replace(one, refugee=replace(one.refugee, household="household-1"))
        for one in (kept("a", "ready"), kept("b", "settled"))
    ]
    found = standings(refugees, [pair("household-1")], Counter())
    assert found == {BERGEN: {"paired": 2}}


def test_who_was_withdrawn_before_anybody_read_of_their_settlement_is_on_neither_side() -> None:
    stranger = Kept("stranger", Refugee(BERGEN, None, (), (), "withdrawn"), frozenset())
    assert differing([*REFUGEES, stranger]) == 0


@pytest.mark.parametrize(
    ("refugees", "pairs", "settled"),
    [
        (REFUGEES[1:], PAIRS, SETTLED),
        (REFUGEES, PAIRS, SETTLED + Counter({BERGEN: 1})),
        (REFUGEES, PAIRS, SETTLED - Counter({TROMSO: 1})),
        ([*REFUGEES[1:], kept("announced", "unheard_of")], PAIRS, SETTLED),
        (
            [*REFUGEES, Kept("uncounted", Refugee(BERGEN, None, (), (), "settled"), frozenset())],
            PAIRS,
            SETTLED,
        ),
        (REFUGEES, [*PAIRS, pair("withdrawn")], SETTLED),
        (REFUGEES, [*PAIRS, pair("nobody")], SETTLED),
        (REFUGEES, [*PAIRS, pair("moved")], SETTLED),
    ],
    ids=[
        "a projection is lost",
        "a settlement counted twice",
        "a settlement did not count",
        "a state is read as nothing known",
        "a refugee lives where they were never settled",
        "a pair of somebody withdrawn is open",
        "a pair of nobody is open",
        "a pair of somebody who moved on is open",
    ],
)
def test_a_fault_makes_a_difference(
    refugees: Sequence[Kept], pairs: Sequence[Pair], settled: Counter[str]
) -> None:
    assert differing(refugees, pairs, settled) == 1


def test_what_one_municipality_has_too_many_does_not_make_up_for_what_another_lacks() -> None:
    assert differing(settled=SETTLED + Counter({TROMSO: 1}) - Counter({BERGEN: 1})) == 2
