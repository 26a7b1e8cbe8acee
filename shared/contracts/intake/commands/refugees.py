"""Commands on refugees alone."""

from shared.contracts.commands import Command
from shared.contracts.example import REFUGEE, example
from shared.contracts.fields import Day


class ConfirmArrival(Command):
    """The refugee, who was announced, has come. The day holds until the municipality names one of its own."""

    model_config = example({"reason": "met_at_the_airport", "arrived_on": "2026-10-05"}, subject=REFUGEE)

    arrived_on: Day
