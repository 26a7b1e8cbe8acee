"""That somebody who was announced has come."""

from dataclasses import replace
from datetime import date

from services.intake.domain.errors import DomainError
from services.intake.domain.refugee import Refugee


def arrived(refugee: Refugee, on: date) -> Refugee:
    """Has come on a day, which stays until the municipality names one of its own. Raises `already_arrived`
    where it has named another.
    """
    is_told = refugee.arrived_on is not None and refugee.confirmed_arrival_on is None
    if is_told and refugee.arrived_on != on:
        raise DomainError(
            "already_arrived",
            f"The municipality says that they came on {refugee.arrived_on}: have it corrected there.",
            "arrived_on",
        )
    came = replace(refugee, arrived_on=on, confirmed_arrival_on=None if is_told else on)
    if came.status != "announced":
        return came
    return came.with_status("settled", max([on, *(spell.since for spell in came.spells)]))
