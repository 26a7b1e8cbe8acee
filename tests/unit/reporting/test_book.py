"""No withheld figure can be bounded more tightly than 0 to 4 by whoever keeps all that was published."""

from random import Random

import pytest

from services.reporting.domain.figures import ALL
from tests.unit.reporting.attack import GUIDE, Published, played, reader, share_shown, withheld


@pytest.mark.parametrize("people", [12, 25, 50, 200])
@pytest.mark.parametrize("seed", range(3))
def test_an_attacker_bounds_no_withheld_figure(people: int, seed: int) -> None:
    random = Random(f"{people}/{seed}")  # noqa: S311
    town, guides = played(random, people, 4)
    known, cells = reader(town, guides), withheld(town, guides)
    assert cells
    for cell in cells:
        low, high = known.works_out(cell)
        assert low <= 0, (cell, low, high)
        assert high >= 4, (cell, low, high)


@pytest.mark.parametrize(
    ("town_counts", "counts"),
    [
        (12, {"pairs_proposed": 4, "pairs_created": 4, "pairs_active": 4}),
        (5, {"refugees_waiting": 5}),
        (12, {"pairs_proposed": 6, "pairs_created": 5, "proposals_declined": 1, "pairs_active": 5}),
    ],
)
def test_named_cases(town_counts: int, counts: dict[str, int]) -> None:
    """With a revision in which one person more was counted, who is taken back then."""
    town, guides = Published(ALL), Published(GUIDE)
    for more, closing in ((0, False), (1, False), (0, True)):
        town.publish({"settlements_registered": town_counts + more}, closing=closing)
        guides.publish(counts, closing=closing)
    known = reader(town, guides)
    for cell in withheld(town, guides):
        low, high = known.works_out(cell)
        assert low <= 0, (cell, low, high)
        assert high >= 4, (cell, low, high)


def test_what_was_published_is_not_taken_back() -> None:
    town = Published(ALL)
    shown = [
        (town.publish({"settlements_registered": count}, closing=False).shown or {})["settlements_registered"]
        for count in (12, 8, 14, 15)
    ]
    assert shown == [10, 10, 10, 15]


def test_what_rounding_left_counts_in_the_next_month() -> None:
    town = Published(ALL)
    shown = [
        (town.publish({"settlements_registered": count}, closing=True).shown or {})["settlements_registered"]
        for count in (3, 3, 3, 3)
    ]
    assert shown == [0, 5, 0, 5]


def test_messages_are_never_shown_and_levels_at_the_close_alone() -> None:
    town, guides = Published(ALL), Published(GUIDE)
    assert (town.publish({"notifications_sent": 80}, closing=True).shown or {})["notifications_sent"] == 0
    waiting = {"refugees_waiting": 13}
    assert (guides.publish(waiting, closing=False).shown or {})["refugees_waiting"] == 0
    assert (guides.publish(waiting, closing=True).shown or {})["refugees_waiting"] == 10


def test_more_than_half_of_a_large_programmes_figures_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for people in (25, 50, 200):
        randoms = [Random(f"share/{people}/{seed}") for seed in range(20)]  # noqa: S311
        found = [share_shown(played(random, people, 12)) for random in randoms]
        share = sum(shown for shown, _ in found) / sum(all_ for _, all_ in found)
        with capsys.disabled():
            print(  # noqa: T201
                f"\n{people} people: {share:.0%} of monthly figures shown"
            )
    assert share > 0.5
