"""Questions about municipalities' cases."""

from shared.contracts.commands import Command
from shared.contracts.example import CASE, example
from shared.contracts.fields import CaseReference, Municipality


class FindPerson(Command):
    """Asks which subject a municipality's case is. The command's subject is the case reference."""

    model_config = example({"reason": "interview_booked"}, subject=CASE)

    municipality: Municipality
    case: CaseReference
