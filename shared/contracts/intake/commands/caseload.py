"""Who looks after whom: a coordinator is assigned, or takes over all of another's people."""

from typing import Annotated

from pydantic import Field

from shared.contracts.commands import Command
from shared.contracts.example import MUNICIPALITY, OPERATOR, REFUGEE, TRANSFER, example
from shared.contracts.fields import Municipality, OperatorId


class AssignCoordinator(Command):
    """The subject, a refugee or a volunteer, is looked after by this operator from now on."""

    model_config = example({"reason": "holiday", "operator": OPERATOR}, subject=REFUGEE)

    operator: OperatorId


class TransferCaseload(Command):
    """Offers all of one operator's people in a municipality to another, perhaps of another organisation, who
    accepts or declines. The subject is the municipality; the reply names the transfer.

    It is offered by the one who has the people, by their organisation, or, once they may act there no more,
    by anybody who may: never by the one to whom it is offered. It replaces an offer of the same people whose
    receiver may act there no more.
    """

    model_config = example(
        {"reason": "leaves_the_post", "from": OPERATOR, "to": "bergen-redcross-2"}, subject=MUNICIPALITY
    )

    municipality: Municipality
    giver: Annotated[OperatorId, Field(alias="from")]
    to: OperatorId


class AcceptCaseload(Command):
    """The operator takes over the people who are offered to them. The subject is the transfer."""

    model_config = example({"reason": "agreed"}, subject=TRANSFER)


class DeclineCaseload(Command):
    """The operator doesn't take the people who are offered to them, or whoever may offer them takes the offer
    back. The subject is the transfer.
    """

    model_config = example({"reason": "no_time"}, subject=TRANSFER)
