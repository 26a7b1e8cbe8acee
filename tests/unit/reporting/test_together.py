"""A municipality's new code, and several that become one: what was counted and shown goes on, once."""

from collections import Counter
from datetime import date

import pytest

from services.reporting.domain.book import Month, Opening
from services.reporting.domain.figures import HOURS_OF_DOSE, MINUTES_MET, PAIRS_CREATED, PAIRS_MET_EARLY
from services.reporting.domain.occurrences import Occurrence, Occurrences
from services.reporting.domain.outcomes import by
from services.reporting.domain.projection import Pair, Refugee, levels
from services.reporting.domain.together import months_together, openings_together
from services.reporting.readers import Spell
from services.reporting.wire import _since_moved

OLD, NEW, GUIDE = "no-4601", "no-4699", "flyktningguide-bergen"
CREATED, HOURS, EARLY = PAIRS_CREATED.name, HOURS_OF_DOSE.name, PAIRS_MET_EARLY.name


def test_what_was_shown_in_all_is_the_sum_by_each_month_in_which_either_was_closed() -> None:
    one = Opening(trail={"2016-01": {CREATED: 5}, "2016-03": {CREATED: 15}})
    other = Opening(trail={"2016-02": {CREATED: 10}})
    both = openings_together(one, other).trail
    shown = [by(both, month, CREATED) for month in ("2015-12", "2016-01", "2016-02", "2016-03", "2016-04")]
    assert shown == [0, 5, 15, 25, 25]


@pytest.mark.parametrize(
    ("one", "other", "both"), [({HOURS: 80}, {HOURS: 91}, {HOURS: 85}), ({HOURS: 80}, {}, {HOURS: 80})]
)
def test_of_shares_the_mean_is_shown(
    one: dict[str, int], other: dict[str, int], both: dict[str, int]
) -> None:
    (month,) = months_together([Month("2016-05", {}, one)], [Month("2016-05", {}, other)])
    assert month.shown == both


def of_meetings(municipality: str, early: str | None, *days: str) -> list[Occurrence]:
    times = [Occurrence(MINUTES_MET, municipality, GUIDE, day[:7], 60, day) for day in days]
    return times + ([Occurrence(EARLY, municipality, GUIDE, early)] if early else [])


def test_meetings_of_an_open_month_are_counted_anew_under_the_new_code_and_once() -> None:
    before = Occurrences().with_new(of_meetings(OLD, "2016-06", "2016-06-03"))
    found = of_meetings(NEW, "2016-06", "2016-06-03", "2016-06-10")
    after = before.under(NEW, [OLD]).with_new(found)
    assert after.open == tuple(found)
    assert after.under(NEW, [OLD]).with_new(found).open == tuple(found)
    taken_back = after.under(NEW, [OLD]).with_new([])
    assert taken_back.open == ()


def test_meetings_of_a_closed_month_count_no_more_under_the_new_code() -> None:
    closed = Occurrences((), Occurrences().with_new(of_meetings(OLD, "2016-05", "2016-05-03")).counted)
    assert closed.under(NEW, [OLD]).with_new(of_meetings(NEW, "2016-05", "2016-05-03")).open == ()


@pytest.mark.parametrize(("there", "waiting"), [(OLD, 0), (NEW, 1)])
def test_who_was_to_rest_in_another_municipality_waits_where_they_are_ready_now(
    there: str, waiting: int
) -> None:
    refugee = Refugee(OLD, None, (GUIDE,), ("2016-02-01",))
    pair = Pair(
        there,
        GUIDE,
        "refugee-1",
        "volunteer-1",
        is_open=False,
        is_active=False,
        over_on="2016-05-01",
        receiving_then="rests",
    )
    found = levels({"refugee-1": refugee}, {}, [pair], date(2016, 6, 1))
    assert found.get((OLD, GUIDE), Counter())["refugees_waiting"] == waiting


@pytest.mark.parametrize(
    ("statuses", "here"),
    [
        (["registered", "paused", "registered", "approved"], 0),
        (["registered", "approved", "registered"], 2),
        (["registered", "approved", "registered", "paused", "registered", "approved"], 2),
        (["registered", "approved", "registered", "approved", "registered"], 4),
        ([], 0),
    ],
)
def test_a_volunteer_who_moves_is_approved_where_they_live_now_once_they_are(
    statuses: list[str], here: int
) -> None:
    spells = [Spell(status=status, **{"from": date(2016, 1, 1)}) for status in statuses]
    assert _since_moved(spells) == spells[here:]
