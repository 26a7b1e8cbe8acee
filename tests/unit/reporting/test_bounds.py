"""Volunteers, waiting times, what came of pairs and hours: what of them is shown, and what that tells."""

from random import Random

import pytest

from services.reporting.domain import levels, outcomes
from services.reporting.domain.around import Around
from services.reporting.domain.figures import ALL, MINUTES_ASKED, MINUTES_MET
from services.reporting.domain.outcomes import COMPLETED, IN_CONTACT, MET_EARLY, Duration
from tests.unit.reporting.attack import as_shown, reader
from tests.unit.reporting.plays import (
    ACTIVE,
    APPROVED,
    CREATED,
    DECLINED,
    GUIDES_WAITING,
    LAPSED,
    LONG,
    PAUSED,
    PROPOSED,
    REGISTERED,
    ROUNDS,
    SHORT,
    SIGNED_ON,
    WAITING,
    WITHDRAWN,
    Play,
    Published,
    played,
)
from tests.unit.reporting.test_book import bounds_nothing
from tests.unit.reporting.weights import MEN, WOMEN

MEDIAN, TENTH, HOURS = "waiting_days_median_women", "waiting_days_p90_women", "hours_of_dose"
ENDED_MOVED = "pairs_ended_moved"
JUNE = "2016-06"


@pytest.mark.parametrize("volunteers", [0, 1000])
@pytest.mark.parametrize(("months", "revisions", "lasts"), [(4, 3, SHORT), (12, 1, SHORT), (12, 1, LONG)])
@pytest.mark.parametrize("people", [12, 25, 50, 200])
def test_what_is_published_keeps_to_every_bound_as_if_it_were_exact(
    people: int, months: int, revisions: int, lasts: Duration, volunteers: int
) -> None:
    for seed in range(4):
        random = Random(f"{people}/{months}/{revisions}/{seed}")  # noqa: S311 (repeatable, and guards nothing)
        play = played(
            random,
            people,
            months,
            rebuilt_after=months // 2 if seed % 2 else 0,
            revisions=revisions,
            volunteers=volunteers,
            lasts=lasts,
        )
        assert reader(play).broken(as_shown(play)) == []


@pytest.mark.parametrize("people", [25, 50, 200])
def test_an_attacker_bounds_nothing_that_came_of_pairs(people: int) -> None:
    random = Random(f"{people}/long")  # noqa: S311 (repeatable, and guards nothing)
    bounds_nothing(played(random, people, 9, revisions=1, lasts=LONG), 50)


@pytest.mark.parametrize("people", [25, 50, 200])
def test_an_attacker_bounds_nothing_of_volunteers(people: int) -> None:
    bounds_nothing(played(Random(f"{people}/volunteers"), people, 4, volunteers=0), 60)  # noqa: S311 (repeatable, and guards nothing)


def test_pairs_do_not_tell_that_there_are_guides() -> None:
    play = Play(volunteers=4)
    play.happens(30, rounds=1, proposed=20, created=20)
    town, shown = play.publish(closing=True)
    assert not {PROPOSED, CREATED, ACTIVE} & shown.keys()
    assert not {SIGNED_ON, APPROVED} & town.keys()
    bounds_nothing(play)


def test_five_parts_of_four_do_not_tell_of_each_other() -> None:
    play = Play()
    play.happens(30, rounds=1, proposed=20, created=20)
    for ended in (*outcomes.ENDED_EARLY[:4], COMPLETED):
        play.counts(**{ended: 4})
    play.happens(ended=20)
    _, shown = play.publish(closing=True)
    assert shown[CREATED] == 20
    assert not set(outcomes.OVER) & shown.keys()
    bounds_nothing(play)


def test_volunteers_are_counted_as_they_came_and_nobody_can_add_up_who_is_left() -> None:
    play = Play(volunteers=20)
    play.counts(**{WITHDRAWN: 4})
    play.levels = {PAUSED: 4, LAPSED: 4, GUIDES_WAITING: 4}
    town, shown = play.publish(closing=True)
    assert (town[SIGNED_ON], town[APPROVED]) == (20, 20)
    assert not {WITHDRAWN, PAUSED, LAPSED} & town.keys()
    assert GUIDES_WAITING not in shown
    bounds_nothing(play)


def test_an_indicator_of_forty_four_guides_is_shown_as_forty_and_the_rest_counts_later() -> None:
    town = Published(ALL)
    assert town.publish({SIGNED_ON: 44}, closing=True)[SIGNED_ON] == 40
    assert town.publish({SIGNED_ON: 1}, closing=True)[SIGNED_ON] == 5


def test_no_more_volunteers_are_shown_as_approved_than_as_registered() -> None:
    """Counts that begin anew at what was shown may have outgrown it."""
    town = Published(ALL)
    town.publish({SIGNED_ON: 14, APPROVED: 4}, closing=True)
    town.rebuild()
    shown = town.publish({SIGNED_ON: 1, APPROVED: 16, WITHDRAWN: 15}, closing=True)
    assert SIGNED_ON not in shown
    assert (shown[APPROVED], shown[WITHDRAWN]) == (10, 10)


def test_no_more_are_shown_as_away_or_waiting_than_as_approved() -> None:
    assert levels.of_municipality({PAUSED: 9, LAPSED: 9}, 10) == {PAUSED: 5, LAPSED: 5}
    assert levels.of_municipality({PAUSED: 9, LAPSED: 9}, 5) == {PAUSED: 5, LAPSED: 0}
    shown = _closed({GUIDES_WAITING: 12}, approved=20, free=5)
    assert shown[GUIDES_WAITING] == 5


def test_no_more_women_and_men_are_shown_than_wait() -> None:
    shown = _closed({WAITING: 25, WOMEN: 15, MEN: 10}, registered=20)
    assert (shown[WAITING], shown[WOMEN], shown[MEN]) == (20, 15, 5)


def test_no_more_pairs_are_shown_as_active_than_guides_may_have() -> None:
    assert _closed({ACTIVE: 180}, created=180, approved=5)[ACTIVE] == 100


def _closed(
    counts: dict[str, int],
    *,
    registered: int = 1000,
    approved: int = 1000,
    free: int = 1000,
    created: int = 0,
    settled: dict[str, int] | None = None,
) -> dict[str, int]:
    trail = {month: {REGISTERED: count} for month, count in (settled or {"2014-01": 1000}).items()}
    binds = Around({JUNE: registered}, {JUNE: approved}, {JUNE: free}, trail)
    return dict(levels.of_programme(JUNE, counts, created, 0, binds))


def test_how_long_half_have_waited_is_shown_of_ten_and_a_tenth_of_fifty() -> None:
    waited = {MEDIAN: 75, TENTH: 200}
    assert MEDIAN not in _closed({WAITING: 9, WOMEN: 9, **waited})
    some = _closed({WAITING: 49, WOMEN: 49, **waited})
    assert some[MEDIAN] == 70
    assert TENTH not in some
    assert _closed({WAITING: 50, WOMEN: 50, **waited})[TENTH] == 196


def test_nobody_is_shown_to_have_waited_before_so_many_were_shown_as_registered() -> None:
    """5 are shown as registered by the end of March: so many have waited since the beginning of April."""
    waits = {WAITING: 14, WOMEN: 14, MEDIAN: 140}
    assert _closed(waits, settled={"2016-01": 0, "2016-03": 5})[MEDIAN] == 91
    assert _closed(waits, settled={"2016-01": 0})[MEDIAN] == 0


def test_waiting_times_do_not_tell_who_was_registered() -> None:
    play = Play()
    play.happens(4)
    play.publish(closing=True)
    play.happens(14)
    play.publish(closing=True)
    play.publish(closing=True)
    _, shown = play.publish(closing=True)
    assert shown[WOMEN] == 10
    assert shown[MEDIAN] == 56
    assert reader(play).broken(as_shown(play)) == []
    bounds_nothing(play)


def test_what_came_of_pairs_is_shown_at_the_close_alone() -> None:
    guides = Published("guide")
    counts = {ROUNDS: 1, PROPOSED: 20, CREATED: 20, MET_EARLY: 20, ENDED_MOVED: 10, ACTIVE: 10, DECLINED: 0}
    assert not {MET_EARLY, ENDED_MOVED} & guides.publish(counts, closing=False, binds=50).keys()
    shown = guides.publish(counts, closing=True, binds=50)
    assert (shown[MET_EARLY], shown[ENDED_MOVED]) == (20, 10)


def test_no_more_are_shown_as_met_in_a_month_than_as_created() -> None:
    guides = Published("guide")
    guides.publish({ROUNDS: 1, PROPOSED: 9, CREATED: 9, MET_EARLY: 4, ACTIVE: 9}, closing=True, binds=50)
    shown = guides.publish({MET_EARLY: 1, ACTIVE: 9}, closing=True, binds=50)
    assert MET_EARLY not in shown
    shown = guides.publish({ROUNDS: 1, PROPOSED: 1, CREATED: 1, ACTIVE: 10}, closing=True, binds=50)
    assert shown[MET_EARLY] == 5


def test_contact_after_six_months_is_of_pairs_shown_as_created_six_months_before() -> None:
    trail = {"2016-01": {CREATED: 5}, "2016-02": {CREATED: 5}, "2016-03": {CREATED: 15}}
    before = {CREATED: 15}

    def shown(month: str, grown: int, contact: int = 0) -> int:
        found = outcomes.held(
            {**dict.fromkeys(outcomes.OUTCOMES, 0), CREATED: 0, IN_CONTACT: grown},
            {**before, IN_CONTACT: contact},
            trail,
            month,
            0,
            Duration(),
        )
        return found[IN_CONTACT]

    assert [shown(month, 10) for month in ("2016-06", "2016-07", "2016-09")] == [0, 5, 10]
    # Of those of January it was not shown in time, and is not shown any more.
    trail = {**trail, "2016-07": {CREATED: 15}, "2016-08": {CREATED: 15}}
    assert shown("2016-09", 15) == 10


def test_pairs_are_shown_as_completed_once_they_can_have_had_their_time() -> None:
    trail = {"2016-01": {CREATED: 5}, "2016-02": {CREATED: 10}}

    def shown(month: str, ended: int) -> int:
        grown = {**dict.fromkeys(outcomes.OUTCOMES, 0), CREATED: 0, COMPLETED: 10}
        found = outcomes.held(grown, {CREATED: 10}, trail, month, ended, Duration(9, 12))
        return found[COMPLETED]

    assert [shown(month, 10) for month in ("2016-09", "2016-10", "2016-11")] == [0, 5, 10]
    assert shown("2016-11", 5) == 5


@pytest.mark.parametrize(
    ("active", "met", "asked", "share"),
    [(10, 599, 1000, 55), (9, 600, 1000, None), (10, 600, 0, None), (10, 1290, 1000, 125)],
)
def test_hours_are_shown_in_steps_of_five_percent_of_ten_pairs_or_more(
    active: int, met: int, asked: int, share: int | None
) -> None:
    counts = {ACTIVE: active, MINUTES_MET: met, MINUTES_ASKED: asked}
    assert _closed(counts, created=20).get(HOURS) == share


def test_a_years_hours_are_the_mean_of_the_months_that_show_them() -> None:
    guides = Published("guide")
    counts = {ROUNDS: 1, PROPOSED: 20, CREATED: 20, ACTIVE: 20, MINUTES_ASKED: 100}
    for month in ({**counts, MINUTES_MET: 62}, {ACTIVE: 20, MINUTES_MET: 81, MINUTES_ASKED: 100}):
        guides.publish(month, closing=True, binds=50)
    assert [month.shown[HOURS] for month in guides.months if month.shown] == [60, 80]
    assert guides.year[HOURS] == 70
