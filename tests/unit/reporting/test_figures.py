"""Figures by hand-counted examples."""

from collections import Counter
from datetime import date

from services.reporting.domain.figures import ALL, FIGURES, names
from services.reporting.domain.periods import first_day, month_of, shifted, span
from services.reporting.domain.projection import Occurrence, Occurrences, Pair, Refugee, Volunteer, levels

BERGEN, GUIDE, FAMILY = "no-4601", "flyktningguide-bergen", "familiedansk-assens"


def pair(receiving: str, giving: str, programme: str = GUIDE, *, active: bool = False) -> Pair:
    return Pair(BERGEN, programme, receiving, giving, is_open=True, is_active=active)


def test_who_has_an_open_pair_does_not_wait_in_that_programme() -> None:
    refugees = {
        "refugee-1": Refugee(BERGEN, None, (GUIDE, FAMILY)),
        "refugee-2": Refugee(BERGEN, None, (GUIDE,)),
    }
    found = levels(refugees, {}, [pair("refugee-1", "volunteer-1")])
    assert found == {
        (BERGEN, GUIDE): Counter({"refugees_waiting": 1}),
        (BERGEN, FAMILY): Counter({"refugees_waiting": 1}),
    }


def test_a_paired_household_keeps_none_of_its_members_waiting() -> None:
    refugees = {f"refugee-{number}": Refugee(BERGEN, "household-1", (FAMILY,)) for number in (1, 2)}
    assert levels(refugees, {}, [pair("household-1", "volunteer-1", FAMILY)]) == {}


def test_a_volunteer_waits_until_open_pairs_in_all_programmes_use_up_the_capacity() -> None:
    volunteers = {
        "volunteer-1": Volunteer(BERGEN, 2, (GUIDE,)),
        "volunteer-2": Volunteer(BERGEN, 1, (GUIDE,)),
    }
    one = [pair("refugee-1", "volunteer-1"), pair("refugee-2", "volunteer-2")]
    assert levels({}, volunteers, one) == {(BERGEN, GUIDE): Counter({"volunteers_waiting": 1})}
    assert levels({}, volunteers, [*one, pair("refugee-3", "volunteer-1", FAMILY)]) == {}


def test_active_pairs_count_and_proposed_ones_do_not() -> None:
    pairs = [pair("refugee-1", "volunteer-1", active=True), pair("refugee-2", "volunteer-2")]
    assert levels({}, {}, pairs) == {(BERGEN, GUIDE): Counter({"pairs_active": 1})}


def test_a_fact_counts_once_in_the_month_it_was_first_known_for() -> None:
    june = Occurrence("pairs_created", BERGEN, GUIDE, "2016-06")
    occurrences = (
        Occurrences().with_new([june]).with_new([Occurrence("pairs_created", BERGEN, GUIDE, "2016-07")])
    )
    assert occurrences.open == (june,)


def test_a_fact_of_a_closed_month_does_not_count_again() -> None:
    june = Occurrence("pairs_created", BERGEN, GUIDE, "2016-06")
    closed = Occurrences((), Occurrences().with_new([june]).counted)
    assert closed.with_new([june]) == closed


def test_somebody_who_moves_counts_in_each_municipality() -> None:
    occurrences = Occurrences().with_new(
        [Occurrence("settlements_registered", place, ALL, "2016-06") for place in (BERGEN, "no-5501", BERGEN)]
    )
    assert [occurrence.municipality for occurrence in occurrences.open] == [BERGEN, "no-5501"]


def test_months_run_over_the_turn_of_a_year() -> None:
    assert span("2016-11", "2017-02") == ("2016-11", "2016-12", "2017-01", "2017-02")
    assert span("2016-11", "2016-10") == ()
    assert shifted("2016-01", -1) == "2015-12"
    assert shifted("2016-06", 18) == "2017-12"
    assert first_day("2016-12") == date(2016, 12, 1)
    assert month_of(date(2016, 12, 31)) == "2016-12"


def test_every_figure_is_defined_once_and_says_what_it_means() -> None:
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    assert all(figure.meaning and figure.source for figure in FIGURES)
    assert {*names(ALL), *names(GUIDE)} == {figure.name for figure in FIGURES}
