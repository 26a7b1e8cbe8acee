"""What a year shows, month by month, to a reader who keeps everything."""

import math

from hypothesis import example, given
from hypothesis import strategies as st

from services.reporting.domain.book import Month, Opening, closing, disclose
from services.reporting.domain.figures import ALL, names
from services.reporting.domain.periods import ends_year, shifted, span, year_of
from tests.unit.reporting.bounds import Reader, check_withheld

GUIDE = "flyktningguide-bergen"
FLOWS = ("pairs_proposed", "pairs_created", "proposals_declined")


def municipal(name: str, settled: int) -> Month:
    return Month(name, {**dict.fromkeys(names(ALL), 0), "settlements_registered": settled})


def shown(month: Month) -> set[str]:
    return set(month.shown or ())


def closed(month: Month, *figures: str) -> Month:
    return Month(month.name, month.counts, frozenset(figures))


def test_an_open_year_shows_a_total_only_while_all_its_months_are_shown() -> None:
    may, june = municipal("2016-05", 20), municipal("2016-06", 5)
    both = disclose(ALL, "2016", Opening(), [may, june], complete=False)
    assert both.year.counts["settlements_registered"] == 25
    assert shown(both.year) == {"settlements_registered"}
    july = municipal("2016-07", 1)
    assert shown(disclose(ALL, "2016", Opening(), [may, june, july], complete=False).year) == set()


def test_a_closed_year_withholds_a_total_that_would_tell_its_one_small_month() -> None:
    november = closed(municipal("2016-11", 20), "settlements_registered")
    year = disclose(ALL, "2016", Opening(), [november, municipal("2016-12", 3)], complete=True).year
    assert shown(year) == set()


def test_a_closed_year_shows_the_total_of_small_months_that_leave_each_other_free() -> None:
    months = [closed(municipal(f"2016-{month:02}", 2)) for month in range(1, 12)]
    year = disclose(ALL, "2016", Opening(), [*months, municipal("2016-12", 2)], complete=True).year
    assert year.counts["settlements_registered"] == 24
    assert shown(year) == {"settlements_registered"}


def test_what_was_shown_at_a_close_stays_whatever_comes() -> None:
    may = closed(municipal("2016-05", 20), "settlements_registered")
    months = disclose(ALL, "2016", Opening(), [may, municipal("2016-06", 0)], complete=False).months
    assert months[0] == may


def test_pairs_that_would_tell_that_nobody_declined_cost_the_number_of_proposals() -> None:
    counts = {**dict.fromkeys(names(GUIDE), 0), "pairs_proposed": 9, "pairs_created": 9, "pairs_active": 9}
    (june,) = disclose(GUIDE, "2016", Opening(), [Month("2016-06", counts)], complete=False).months
    assert shown(june) == {"pairs_created", "pairs_active"}


def test_active_pairs_are_withheld_where_their_growth_would_tell_small_creations() -> None:
    before = {**dict.fromkeys(names(GUIDE), 0), "pairs_proposed": 30, "pairs_created": 20, "pairs_active": 20}
    now = {**dict.fromkeys(names(GUIDE), 0), "pairs_created": 3, "pairs_active": 23}
    may, june = disclose(
        GUIDE, "2016", Opening(), [Month("2016-05", before), Month("2016-06", now)], complete=False
    ).months
    assert shown(may) == {"pairs_proposed", "pairs_created", "pairs_active"}
    assert shown(june) == set()


@st.composite
def lives(draw: st.DrawFn) -> list[dict[str, int]]:
    """Months of a programme: what is declined, created and ended was there to be."""
    scale = draw(st.sampled_from([3, 8, 30]))
    waiting = active = 0
    months = []
    for _ in range(draw(st.integers(1, 8))):
        proposed = draw(st.integers(0, scale))
        waiting += proposed
        created = draw(st.integers(0, waiting))
        declined = draw(st.integers(0, waiting - created))
        waiting -= created + declined
        active += created
        active -= draw(st.integers(0, active // 2))
        months.append(
            {
                **dict.fromkeys(names(GUIDE), 0),
                "pairs_proposed": proposed,
                "pairs_created": created,
                "proposals_declined": declined,
                "pairs_active": active,
            }
        )
    return months


def _life(*months: tuple[int, int, int, int]) -> list[dict[str, int]]:
    """Months by their proposals, how many were declined, pairs created, and pairs active."""
    figures = ("pairs_proposed", "proposals_declined", "pairs_created", "pairs_active")
    return [dict.fromkeys(names(GUIDE), 0) | dict(zip(figures, month, strict=True)) for month in months]


@given(lives(), st.sampled_from(["2016-09", "2016-11", "2016-12"]))
@example(_life((5, 0, 0, 0), (5, 1, 0, 0), (5, 6, 5, 5), (5, 4, 0, 5)), "2016-09")
@example(_life((2, 0, 0, 0), (2, 0, 0, 0), (6, 0, 8, 8)), "2016-11")
def test_no_reader_of_everything_closed_can_work_out_a_withheld_count(
    life: list[dict[str, int]], first: str
) -> None:
    """Months close one by one over turns of the year; the reader knows the rules that bind the figures."""
    published = _published(life, first)
    reader = Reader([f"{month}/{name}" for month, _ in published for name in (*FLOWS, "pairs_active")])
    for one, month in published:
        if len(one) == 4:
            continue
        for name in (*FLOWS, "pairs_active"):
            count = month.counts[name]
            visible = name in (month.shown or ())
            reader.knows(f"{one}/{name}", count if visible else 0, _most(count, visible=visible))
    months = [one for one, _ in published if len(one) > 4]
    for index, last in enumerate(months):
        reader.relates(
            {
                f"{one}/{name}": 1 if name == "pairs_proposed" else -1
                for one in months[: index + 1]
                for name in FLOWS
            },
            0,
        )
        growth = {f"{last}/pairs_created": 1.0, f"{last}/pairs_active": -1.0}
        if index:
            growth[f"{months[index - 1]}/pairs_active"] = 1.0
        reader.relates(growth, 0)
    for year, whole in published:
        if len(year) > 4:
            continue
        for name in FLOWS:
            parts = {f"{part}/{name}": 1.0 for part in months if year_of(part) == year}
            reader.knows(f"{year}/{name}", 0, _most(whole.counts[name], visible=False))
            if name in (whole.shown or ()):
                reader.knows(f"{year}/{name}", whole.counts[name], whole.counts[name])
            reader.relates({**parts, f"{year}/{name}": -1.0}, 0, 0)
    for one, month in published:
        for name in FLOWS if len(one) == 4 else (*FLOWS, "pairs_active"):
            if name not in (month.shown or ()):
                check_withheld(f"{one}/{name}", month.counts[name], reader.works_out(f"{one}/{name}"))


def _most(count: int, *, visible: bool) -> float:
    return count if visible else 4 if count <= 4 else math.inf


def _published(life: list[dict[str, int]], first: str) -> list[tuple[str, Month]]:
    """All closed periods, closed one after another as the service does; the last year may stay open."""
    found: list[tuple[str, Month]] = []
    opening = Opening()
    book: tuple[Month, ...] = ()
    for name, counts in zip(span(first, shifted(first, len(life) - 1)), life, strict=True):
        complete = ends_year(name)
        done = disclose(GUIDE, year_of(name), opening, (*book, Month(name, counts)), complete=complete)
        found.append((name, done.months[-1]))
        book = done.months
        if complete:
            found.append((year_of(name), done.year))
            opening, book = done.closing, ()
    return found


def test_what_a_year_leaves_follows_from_what_was_shown_of_it() -> None:
    months = [
        Month(
            f"2016-{number:02}",
            {
                **dict.fromkeys(names(GUIDE), 0),
                "pairs_proposed": 3 * (number % 4),
                "pairs_created": 5 * (number % 2),
                "pairs_active": number,
            },
        )
        for number in range(1, 13)
    ]
    whole = disclose(GUIDE, "2016", Opening(), months, complete=True)
    assert closing(Opening(), whole.months, whole.year) == whole.closing


def test_no_total_is_made_of_a_month_whose_count_is_lost() -> None:
    """All that is left of it is that it was withheld: it may have been many."""
    months = [closed(municipal(f"2016-{month:02}", 2)) for month in range(1, 11)]
    lost = Month("2016-11", dict.fromkeys(names(ALL), 0), frozenset(), frozenset({"settlements_registered"}))
    year = disclose(ALL, "2016", Opening(), [*months, lost, municipal("2016-12", 2)], complete=True).year
    assert "settlements_registered" not in shown(year)
