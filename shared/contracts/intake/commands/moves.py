"""Commands on people who move to another municipality."""

from shared.contracts.commands import Command
from shared.contracts.example import VOLUNTEER, example
from shared.contracts.fields import Day, Municipality


class MoveVolunteer(Command):
    """The volunteer lives in another municipality from a day on; the operator may act in both. Their pairs
    end. Checks and approvals are kept, and so is since when they waited in each programme, which holds again
    once they are ready for it there; consents and interview are asked anew.
    """

    model_config = example(
        {"reason": "told_by_phone", "municipality": "no-5501", "moved_on": "2027-02-01"}, subject=VOLUNTEER
    )

    municipality: Municipality
    moved_on: Day
