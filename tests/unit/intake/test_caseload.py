"""Who ends an offer of people, and which one gives way to another."""

from dataclasses import replace

import pytest

from services.intake.domain.caseload import Party, Transfer, decline, give_way
from services.intake.domain.errors import DomainError
from tests.unit.intake.people import TODAY

OFFER = Transfer("caseload-a", "no-4601", "red-1", "bergen-1", "red-1", TODAY)
GIVER = Party("red-1", "red_1", "red_cross")
STRANGER = Party("town-1", "town_1", "town")


@pytest.mark.parametrize(
    ("by", "giver"),
    [
        (GIVER, GIVER),
        (replace(GIVER, operator="red-2"), GIVER),
        (replace(STRANGER, operator="bergen-1"), GIVER),
        (STRANGER, None),
    ],
)
def test_an_offer_is_ended_by_who_may_make_it_and_by_whom_it_is_for(by: Party, giver: Party | None) -> None:
    assert decline(OFFER, by, giver).status == "declined"


def test_nobody_else_ends_it_and_nobody_twice() -> None:
    with pytest.raises(DomainError, match="not_your_offer"):
        decline(OFFER, STRANGER, GIVER)
    with pytest.raises(DomainError, match="already_answered"):
        decline(replace(OFFER, status="taken"), GIVER, GIVER)


def test_an_offer_gives_way_once_nobody_can_take_it() -> None:
    assert give_way(OFFER, {"red-1"}).status == "declined"
    for one, there in ((OFFER, {"bergen-1"}), (replace(OFFER, status="accepted"), {"red-1"})):
        with pytest.raises(DomainError, match="already_offered"):
            give_way(one, there)
