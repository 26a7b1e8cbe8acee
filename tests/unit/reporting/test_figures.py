"""Figures by hand-counted examples."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from services.reporting.domain.figures import ALL, FIGURES, names
from services.reporting.domain.occurrences import Occurrence, Occurrences, Place
from services.reporting.domain.periods import first_day, month_of, shifted, span
from services.reporting.domain.projection import (
    Afterwards,
    Pair,
    Refugee,
    Volunteer,
    active_days,
    asked,
    at_least,
)
from services.reporting.domain.projection import levels as levels_of

BERGEN, GUIDE, FAMILY = "no-4601", "flyktningguide-bergen", "familiedansk-assens"


TODAY = date(2016, 7, 1)


def levels(
    refugees: dict[str, Refugee], volunteers: dict[str, Volunteer], pairs: list[Pair]
) -> dict[Place, Counter[str]]:
    return levels_of(refugees, volunteers, pairs, TODAY)


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


def over(then: Afterwards | None, *, on: str = "2016-06-01") -> Pair:
    return replace(
        pair("refugee-1", "volunteer-1"), is_open=False, over_on=on, receiving_then=then, giving_then=then
    )


@pytest.mark.parametrize(("then", "waits", "days"), [(None, 1, 140), ("waits_anew", 1, 28), ("rests", 0, 0)])
def test_who_has_had_a_pair_waits_as_its_end_says(then: Afterwards | None, waits: int, days: int) -> None:
    refugees = {"refugee-1": Refugee(BERGEN, None, (GUIDE,), ("2016-02-10",), "ready", "female")}
    volunteers = {"volunteer-1": Volunteer(BERGEN, 1, (GUIDE,), ("2016-02-10",))}
    found = levels(refugees, volunteers, [over(then)]).get((BERGEN, GUIDE), Counter())
    assert (found["refugees_waiting"], found["volunteers_waiting"]) == (waits, waits)
    assert found["waiting_days_median_women"] == days


def test_who_is_ready_anew_waits_again() -> None:
    refugees = {"refugee-1": Refugee(BERGEN, None, (GUIDE,), ("2016-06-02",), "ready", "male")}
    found = levels(refugees, {}, [over("rests")])
    assert found[BERGEN, GUIDE] == {
        "refugees_waiting": 1,
        "refugees_waiting_men": 1,
        "waiting_days_median_men": 28,
        "waiting_days_p90_men": 28,
    }


def test_half_and_a_tenth_have_waited_for_so_long_at_least_in_whole_weeks() -> None:
    days = [7 * week + 3 for week in range(20)]
    assert at_least(days, 2) == 70
    assert sum(day >= 70 for day in days) == 10
    assert at_least(days, 10) == 126
    assert sum(day >= 126 for day in days) == 2
    assert at_least([13], 2) == 7


def test_volunteers_who_are_away_count_by_why() -> None:
    volunteers = {
        "volunteer-1": Volunteer(BERGEN, 1, (), (), "paused"),
        "volunteer-2": Volunteer(BERGEN, 1, (), (), "lapsed"),
        "volunteer-3": Volunteer(BERGEN, 1, (), (), "lapsed"),
    }
    assert levels({}, volunteers, []) == {
        (BERGEN, ALL): Counter({"volunteers_paused": 1, "volunteers_lapsed": 2})
    }


def test_a_pair_is_active_on_the_days_that_are_not_paused() -> None:
    turns = ("2016-05-20", "2016-06-11", "2016-06-21")
    assert active_days(turns, "2016-05") == 12
    assert active_days(turns, "2016-06") == 10 + 10
    assert active_days(turns, "2016-07") == 31
    assert active_days((*turns, "2016-07-03"), "2016-07") == 2
    assert active_days(turns, "2016-04") == 0


def test_minutes_are_asked_for_active_days_by_the_packs_hours_a_week() -> None:
    pairs = [
        replace(pair("refugee-1", "volunteer-1"), pack_version="1.0", active=("2016-06-01",)),
        replace(pair("refugee-2", "volunteer-2"), pack_version="2.0", active=("2016-06-24", "2016-07-01")),
    ]
    hours = {(GUIDE, "1.0"): 2.0, (GUIDE, "2.0"): 1.0}
    assert asked(pairs, "2016-06", hours) == {(BERGEN, GUIDE): Counter({"minutes_asked": 514 + 60})}
    # Of a version that asks for nothing no share is known.
    assert asked(pairs, "2016-06", {(GUIDE, "1.0"): 2.0})[BERGEN, GUIDE]["minutes_asked"] == 0


def met(figure: str, month: str, day: str = "", amount: int = 1) -> Occurrence:
    return Occurrence(figure, BERGEN, GUIDE, month, amount, day)


def test_meetings_that_are_corrected_or_taken_back_are_counted_anew_while_their_month_is_open() -> None:
    first = met("minutes_met", "2016-06", "2016-06-12", 90)
    early = met("pairs_met_within_14_days", "2016-06")
    logged = Occurrences().with_new([first, early])
    corrected = replace(first, amount=120)
    assert logged.with_new([corrected, early]).open == (corrected, early)
    assert logged.with_new([]) == Occurrences()


def test_meetings_of_a_closed_month_stay_as_they_were_counted() -> None:
    first = met("minutes_met", "2016-06", "2016-06-12", 90)
    closed = Occurrences((), Occurrences().with_new([first]).counted)
    assert closed.with_new([replace(first, amount=120)]) == closed
    assert closed.with_new([]) == closed
    late_one = met("minutes_met", "2016-06", "2016-06-19", 60)
    assert closed.with_new([first, late_one]).open == (late_one,)
