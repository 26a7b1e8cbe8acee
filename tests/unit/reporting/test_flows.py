"""Whether shown pairs tell of withheld ones."""

import math
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.flows import Reach, Step, Stock, Totals, after, tells
from tests.unit.reporting.bounds import Reader


def test_all_that_were_proposed_were_created_so_none_was_declined() -> None:
    assert tells(Stock(), [Step(10, (10, None))])


def test_enough_open_proposals_leave_the_declined_ones_free() -> None:
    assert not tells(Stock(), [Step(14, (10, None))])


def test_more_created_than_proposed_in_view_tells_of_withheld_proposals() -> None:
    assert tells(Stock(), [Step(5, (None, None)), Step(None, (6, None))])


def test_proposals_of_unknown_number_explain_anything() -> None:
    assert not tells(Stock(), [Step(None, (10, None), unbounded=True)])


def test_what_earlier_years_left_open_counts() -> None:
    assert not tells(Stock(4), [Step(10, (10, None))])


def test_a_count_withheld_in_an_earlier_year_stays_free() -> None:
    """Whose decline, of the four proposals that may be open, would leave too few for this year's pairs."""
    assert not tells(Stock(4), [Step(6, (5, 5))])
    assert tells(Stock(4, uncertain=True), [Step(6, (5, 5))])


def test_a_shown_total_tells_where_months_alone_do_not() -> None:
    steps = [Step(9, (None, 5)), Step(9, (None, 5))]
    assert not tells(Stock(), steps, Totals(None, (None, 0)))
    assert tells(Stock(), steps, Totals(None, (3, 0)))


def test_a_year_of_few_proposals_explains_no_more_than_four_of_what_followed() -> None:
    """Its withheld total says so, though each of its months may be anything from 0 to 4."""
    few = [Step(None, (None, None)), Step(None, (None, None))]
    assert after(Stock(), few, Totals()).most == 8
    assert after(Stock(), few, Totals(most=4)).most == 4
    assert not tells(Stock(), [*few, Step(None, (5, None))])
    assert tells(Stock(), [*few, Step(None, (5, None))], Totals(most=4))


def test_few_proposals_may_all_be_made_in_a_month_to_come() -> None:
    """Which would tell that there were none before; by itself, what the first two show tells nothing."""
    both = [Step(None, (5, 5)), Step(None, (5, 5))]
    assert not tells(Stock(18), both)
    assert tells(Stock(18), both, Totals(most=4))
    assert not tells(Stock(20), both, Totals(most=4))


def test_a_closed_year_leaves_its_open_proposals() -> None:
    steps = [Step(20, (10, None)), Step(None, (5, 5))]
    assert after(Stock(1), steps, Totals()) == Stock(1 + 20 + 4 - 10 - 5 - 5, uncertain=True)


def test_active_pairs_are_shown_only_where_shown_creations_explain_them() -> None:
    reach = Reach().created(10)
    assert reach.explains(10)
    reach = reach.published(10, shown=True).created(None)
    assert not reach.explains(13)
    assert reach.published(3, shown=False) == Reach(0)


shown = st.one_of(st.none(), st.integers(5, 12))


@given(st.data(), st.integers(1, 3), st.booleans())
def test_tells_exactly_when_a_count_can_be_worked_out(data: st.DataObject, months: int, totals: bool) -> None:
    """Against integer programming, on whatever can really have happened."""
    proposed = [data.draw(st.integers(0, 14)) for _ in range(months)]
    created: list[int] = []
    declined: list[int] = []
    for by_now in accumulate(proposed):
        left = by_now - sum(created) - sum(declined)
        created.append(data.draw(st.integers(0, left)))
        declined.append(data.draw(st.integers(0, left - created[-1])))
    rows = (proposed, created, declined)
    visible = [[count if count > 4 else None for count in row] for row in rows]
    steps = [Step(visible[0][month], (visible[1][month], visible[2][month])) for month in range(months)]
    left_over = [sum(count for count in row if count <= 4) if totals else None for row in rows]

    reader = Reader([f"{row}.{month}" for row in range(3) for month in range(months)])
    for row in range(3):
        for month in range(months):
            seen = visible[row][month]
            reader.knows(f"{row}.{month}", seen or 0, 4 if seen is None else seen)
        if totals:
            total = sum(rows[row])
            reader.relates({f"{row}.{month}": 1 for month in range(months)}, total, total)
    for last in range(months):
        signs = ((0, 1), (1, -1), (2, -1))
        reader.relates(
            {f"{row}.{month}": sign for row, sign in signs for month in range(last + 1)}, 0, math.inf
        )
    told = any(
        visible[row][month] is None and reader.works_out(f"{row}.{month}") != (0, 4)
        for row in range(3)
        for month in range(months)
    )
    assert tells(Stock(), steps, Totals(left_over[0], (left_over[1], left_over[2]))) == told
