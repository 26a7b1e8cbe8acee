"""No withheld figure can be bounded more tightly than 0 to 4 by whoever keeps all that was published."""

from random import Random

import pytest

from services.reporting.domain.figures import ALL, late
from services.reporting.domain.outcomes import OUTCOMES
from tests.unit.reporting.attack import reader
from tests.unit.reporting.plays import (
    ACTIVE,
    CREATED,
    DECLINED,
    PROPOSED,
    REGISTERED,
    ROUNDS,
    WAITING,
    Play,
    Published,
    played,
)
from tests.unit.reporting.weights import STEP
from tests.unit.reporting.withheld import Share, withheld


def bounds_nothing(play: Play, most: int | None = None) -> None:
    """Plays the attacker, who must find that each withheld figure can be 0, and can be 4; of long plays of so
    many of them.
    """
    known, cells = reader(play), withheld(play)
    assert cells
    for cell in cells if most is None else Random(0).sample(cells, most):  # noqa: S311 (repeatable, and guards nothing)
        assert known.can_be(cell, 0), cell
        assert known.can_be(cell, STEP), cell


@pytest.mark.parametrize("people", [12, 25, 50, 200])
@pytest.mark.parametrize("seed", range(3))
def test_an_attacker_bounds_no_withheld_figure(people: int, seed: int) -> None:
    bounds_nothing(played(Random(f"{people}/{seed}"), people, 4))  # noqa: S311 (repeatable, and guards nothing)


@pytest.mark.parametrize("people", [12, 25, 50, 200])
@pytest.mark.parametrize("seed", range(3))
def test_a_rebuild_tells_of_no_withheld_figure(people: int, seed: int) -> None:
    bounds_nothing(played(Random(f"{people}/{seed}/rebuilt"), people, 4, rebuilt_after=2))  # noqa: S311 (repeatable, and guards nothing)


def test_pairs_created_after_a_rebuild_do_not_tell_of_proposals_before_it() -> None:
    play = Play()
    play.happens(30, rounds=1, proposed=14, created=5, declined=5)
    play.publish(closing=True)
    play.guides.rebuild()
    play.happens(rounds=1, proposed=1, created=5)
    _, shown = play.publish(closing=True)
    assert CREATED not in shown
    bounds_nothing(play)


def test_declines_do_not_tell_of_proposals_in_the_days_before() -> None:
    play = Play()
    play.happens(30, rounds=1, proposed=5, declined=4)
    play.publish(closing=True)
    play.publish(closing=True)
    play.happens(rounds=1, proposed=1, declined=1)
    _, shown = play.publish(closing=True)
    assert DECLINED not in shown
    bounds_nothing(play)
    play.happens(rounds=1, proposed=4)
    _, shown = play.publish()
    assert shown[PROPOSED] == 5
    assert DECLINED not in shown
    _, shown = play.publish(closing=True)
    assert shown[DECLINED] == 5
    bounds_nothing(play)


def test_four_pairs_of_four_proposals_stay_withheld() -> None:
    play = Play()
    play.happens(12, rounds=1, proposed=4, created=4)
    play.publish(closing=True)
    bounds_nothing(play)


def test_who_waits_does_not_tell_how_many_were_registered() -> None:
    play = Play()
    play.happens(5)
    play.publish(closing=True)
    play.happens(4)
    play.publish(closing=True)
    assert play.waiting == 9
    bounds_nothing(play)


def test_registrations_do_not_tell_who_still_waits() -> None:
    play = Play()
    play.happens(12, rounds=1, proposed=12, created=12)
    play.publish(closing=True)
    bounds_nothing(play)


def test_pairs_and_proposals_do_not_tell_who_declined() -> None:
    for declined in range(4):
        play = Play()
        play.happens(20, rounds=1, proposed=5 + declined, created=5, declined=declined)
        play.publish(closing=True)
        bounds_nothing(play)


def test_active_pairs_do_not_tell_how_many_were_created() -> None:
    play = Play()
    play.happens(20, rounds=1, proposed=11, created=11, ended=2)
    play.publish(closing=True)
    play.happens(rounds=1, proposed=1, created=1)
    assert play.active == 10
    play.publish(closing=True)
    bounds_nothing(play)


def test_revisions_of_an_open_month_do_not_tell_of_one_person() -> None:
    play = Play()
    play.happens(12)
    for _ in range(9):
        play.happens(1, rounds=1, proposed=1, created=1)
        play.publish()
    play.publish(closing=True)
    bounds_nothing(play)


def test_what_was_published_is_not_taken_back() -> None:
    """Counts fall where an open month is counted again after the erased have left the topics."""
    town = Published(ALL)
    shown = [town.publish({REGISTERED: count}, closing=False)[REGISTERED] for count in (12, 8, 14, 15)]
    assert shown == [10, 10, 10, 15]


def test_what_rounding_left_counts_in_the_next_month() -> None:
    town = Published(ALL)
    shown = [town.publish({REGISTERED: 3}, closing=True).get(REGISTERED) for _ in range(4)]
    assert shown == [None, 5, None, 5]


def test_levels_are_shown_at_the_close_alone() -> None:
    guides = Published("guide")
    waiting = {WAITING: 13, ROUNDS: 1}
    assert WAITING not in guides.publish(waiting, closing=False)
    assert guides.publish(waiting, closing=True, binds=10)[WAITING] == 10


def test_rounds_are_shown_as_they_are_and_at_the_close_that_nobody_can_have_been_proposed() -> None:
    guides = Published("guide")
    nothing = dict.fromkeys((PROPOSED, DECLINED, CREATED, *OUTCOMES), 0)
    assert guides.publish({WAITING: 3}, closing=False) == {ROUNDS: 0}
    assert guides.publish({WAITING: 3}, closing=True) == {ROUNDS: 0, ACTIVE: 0, **nothing}
    assert guides.publish({ROUNDS: 2, PROPOSED: 3}, closing=True) == {ROUNDS: 2}
    # A proposal of the month before may be answered, and may be late.
    assert guides.publish({CREATED: 3, ACTIVE: 3}, closing=True) == {ROUNDS: 0}


def test_every_figure_of_five_or_more_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for people in (25, 50, 200):
        told = []
        for by_year in (False, True):
            share = Share()
            for seed in range(20):
                share.add(played(Random(f"share/{people}/{seed}"), people, 12), by_year=by_year)  # noqa: S311 (repeatable, and guards nothing)
            told.append(
                f"{share.shown / share.figures:.0%} ({share.large_shown} of {share.large} of five or more)"
            )
        with capsys.disabled():
            print(f"\n{people} people a year: by month {told[0]}, by year {told[1]} of the figures shown")  # noqa: T201
    assert share.shown > share.figures / 2


def test_late_proposals_do_not_tell_of_the_month_in_which_they_fell() -> None:
    guides = Published("guide")
    assert PROPOSED not in guides.publish({ROUNDS: 1, PROPOSED: 4}, closing=True, binds=10)
    # Not shown as 0 either, as there is one.
    assert PROPOSED not in guides.publish({PROPOSED: 1, late(PROPOSED): 1}, closing=True, binds=10)
    assert guides.publish({ROUNDS: 1, PROPOSED: 1}, closing=True, binds=10)[PROPOSED] == 5


@pytest.mark.parametrize(("people", "rounds"), [(4, 3), (3, 4), (1, 5), (9, 3)])
def test_rounds_and_proposals_do_not_tell_how_many_were_registered(people: int, rounds: int) -> None:
    play = Play()
    play.happens(people)
    for _ in range(rounds):
        play.happens(rounds=1, proposed=people)
        play.happens(declined=people)
    play.publish(closing=True)
    bounds_nothing(play)


def test_a_later_registration_does_not_tell_of_proposals_in_earlier_rounds() -> None:
    play = Play()
    for registered in (4, 0, 1, 0):
        play.happens(registered)
        if play.waiting < 5:
            play.happens(rounds=2, proposed=2 * play.waiting)
            play.happens(declined=play.proposals)
        play.publish()
    play.publish(closing=True)
    play.happens(rounds=1, proposed=5)
    _, shown = play.publish()
    assert shown[PROPOSED] == 5
    bounds_nothing(play)


def test_a_round_that_is_read_before_its_proposals_lets_them_be_shown() -> None:
    guides = Published("guide")
    assert PROPOSED not in guides.publish({ROUNDS: 1}, closing=False, binds=20)
    assert guides.publish({ROUNDS: 1, PROPOSED: 14}, closing=False, binds=20)[PROPOSED] == 10


def test_a_late_proposal_without_a_new_round_waits_for_one() -> None:
    play = Play()
    play.happens(20, rounds=1, proposed=4)
    play.publish(closing=True)
    play.happens(rounds=1)
    play.publish()
    play.happens(proposed=1)
    play.flows[late(PROPOSED)] = 1
    _, shown = play.publish(closing=True)
    assert PROPOSED not in shown
    bounds_nothing(play)
