"""Somebody who was announced has come, and consents to references."""

from datetime import date
from typing import Any

import pytest

from services.intake.domain import references, refugee
from services.intake.domain.arrival import arrived
from services.intake.domain.errors import DomainError
from services.intake.domain.kept import ReferenceConsent
from services.intake.domain.refugee import Refugee
from tests.unit.intake.people import TODAY, settlement

EXPECTED: dict[str, Any] = {"settled_on": None, "expected_arrival_on": date(2016, 6, 10)}
CAME = date(2016, 6, 12)
ANNOUNCED = refugee.settle(None, settlement(**EXPECTED), "refugee-abcdefghijklmnop", date(2016, 6, 1)).refugee


def again(who: Refugee, **said: Any) -> Refugee:
    return refugee.settle(who, settlement(**{**EXPECTED, **said}), "refugee-unused", TODAY).refugee


def test_who_has_come_is_settled_from_that_day_on() -> None:
    came = arrived(ANNOUNCED, CAME)
    assert (came.status, came.arrived_on) == ("settled", CAME)
    assert [(spell.status, spell.since) for spell in came.spells] == [
        ("announced", date(2016, 6, 1)),
        ("settled", CAME),
    ]
    assert refugee.progressed(ANNOUNCED, came, refugee.Fact.ARRIVED, TODAY) == (came, "ArrivalConfirmed")
    # Not from before they were announced: spells follow one another.
    assert arrived(ANNOUNCED, date(2016, 5, 1)).spells[-1].since == date(2016, 6, 1)


def test_a_confirmed_arrival_stays_until_the_municipality_names_a_day() -> None:
    came = arrived(ANNOUNCED, CAME)
    announced_again = again(came)
    assert (announced_again.status, announced_again.arrived_on) == ("settled", CAME)
    told = again(came, arrived_on=date(2016, 6, 11))
    assert told.arrived_on == date(2016, 6, 11)
    assert told.confirmed_arrival_on is None
    corrected = arrived(came, date(2016, 6, 13))
    assert corrected.arrived_on == again(corrected).arrived_on == date(2016, 6, 13)


def test_the_municipalitys_own_day_is_corrected_there() -> None:
    told = again(ANNOUNCED, arrived_on=CAME)
    assert arrived(told, CAME) == told
    with pytest.raises(DomainError, match="already_arrived"):
        arrived(told, date(2016, 6, 13))


def test_who_moves_on_has_yet_to_arrive_there() -> None:
    came = arrived(ANNOUNCED, CAME)
    moved = again(came, case="case-2", municipality="no-5501", former_case="case-1")
    assert (moved.status, moved.arrived_on, moved.municipality) == ("announced", None, "no-5501")


def test_a_consent_to_references_is_kept_for_each_pair_and_can_be_taken_back() -> None:
    first = ReferenceConsent("pair-a", ("guide",), "1", CAME)
    second = ReferenceConsent("pair-b", ("organisation",), "1", CAME)
    both = references.consented(references.consented(ANNOUNCED, first), second)
    assert both.references == (first, second)
    newer = ReferenceConsent("pair-a", ("guide", "organisation"), "2", TODAY)
    assert references.consented(both, newer).references == (second, newer)
    with pytest.raises(DomainError, match="consent_superseded"):
        references.consented(references.consented(both, newer), first)
    assert references.withdrawn(both, "pair-a").references == (second,)
    with pytest.raises(DomainError, match="no_consent"):
        references.withdrawn(both, "pair-c")
