"""Small counts stay unknown, whatever sums are shown beside them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.suppression import NotATree, Sum, protect, ranges
from tests.unit.reporting.bounds import Reader, check_withheld

YEAR = Sum("year", ("jan", "feb", "mar"))


def of_months(*counts: int) -> dict[str, int]:
    return {"year": sum(counts), **dict(zip(("jan", "feb", "mar"), counts, strict=True))}


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_small_count_is_withheld(count: int) -> None:
    assert protect({"one": count}, []) == {"one"}


def test_five_is_shown() -> None:
    assert protect({"one": 5}, []) == set()


def test_one_small_part_of_a_shown_total_takes_the_smallest_other_count_with_it() -> None:
    assert protect(of_months(3, 9, 20), [YEAR]) == {"jan", "feb"}


def test_two_small_parts_whose_sum_gives_them_away_take_another_with_them() -> None:
    """4 and 4 left of a total: each can only be 4."""
    assert protect(of_months(4, 4, 20), [YEAR]) == {"jan", "feb", "mar"}


def test_two_small_parts_that_leave_each_other_free_need_no_more() -> None:
    assert protect(of_months(1, 3, 20), [YEAR]) == {"jan", "feb"}


def test_parts_that_are_public_already_leave_only_the_total_to_withhold() -> None:
    assert protect(of_months(3, 9, 20), [YEAR], public=["feb", "mar"]) == {"jan", "year"}


def test_a_count_withheld_though_large_may_lie_anywhere() -> None:
    assert ranges(of_months(3, 9, 20), {"feb"}, [])["feb"] == (0, math.inf)


def test_sums_that_cross_are_refused() -> None:
    with pytest.raises(NotATree):
        protect({"a": 10, "b": 5, "c": 5, "d": 10}, [Sum("a", ("b", "c")), Sum("d", ("b", "c"))])


def test_a_sum_that_does_not_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="not the sum"):
        protect({"year": 1, "jan": 3}, [Sum("year", ("jan",))])


@st.composite
def trees(draw: st.DrawFn) -> tuple[dict[str, int], list[Sum]]:
    """A total over up to four parts, each maybe a total over leaves of its own."""
    counts: dict[str, int] = {}
    sums: list[Sum] = []
    leaf = st.one_of(st.integers(0, 6), st.integers(0, 40))
    for part in range(draw(st.integers(1, 4))):
        leaves = draw(st.lists(leaf, max_size=5))
        name = f"part{part}"
        counts[name] = sum(leaves) if leaves else draw(leaf)
        counts.update({f"{name}.{index}": count for index, count in enumerate(leaves)})
        if leaves:
            sums.append(Sum(name, tuple(f"{name}.{index}" for index in range(len(leaves)))))
    tops = tuple(name for name in counts if "." not in name)
    sums.append(Sum("total", tops))
    counts["total"] = sum(counts[name] for name in tops)
    return counts, sums


@given(trees())
def test_nothing_withheld_can_be_worked_out(tree: tuple[dict[str, int], list[Sum]]) -> None:
    counts, sums = tree
    hidden = protect(counts, sums)
    reader = Reader(list(counts))
    for name, count in counts.items():
        if name in hidden:
            reader.knows(name, 0, 4 if count <= 4 else math.inf)
        else:
            reader.knows(name, count, count)
    for relation in sums:
        reader.relates({relation.total: 1, **dict.fromkeys(relation.parts, -1)}, 0, 0)
    for name in hidden:
        check_withheld(name, counts[name], reader.works_out(name))
