"""An offer of all of one coordinator's people in a municipality to another coordinator."""

from dataclasses import replace
from datetime import date
from typing import Literal

from services.intake.domain.errors import DomainError
from shared.values import value

TransferStatus = Literal["offered", "accepted", "taken", "declined"]


@value
class Transfer:
    """An offer from one operator to another. It is `accepted` until all people are the other's, then `taken`.

    `offered_by` is the operator who made it.
    """

    subject: str
    municipality: str
    giver: str
    to: str
    offered_by: str
    offered_on: date
    status: TransferStatus = "offered"

    @property
    def is_open(self) -> bool:
        """Whether another offer of the same people must wait."""
        return self.status in {"offered", "accepted"}


@value
class Party:
    """An operator as an offer looks at them: the account, whose eyes it has, and for which organisation."""

    operator: str
    person: str
    organisation: str


def offer(transfer: Transfer, by: Party, giver: Party | None, to: Party | None, people: int) -> Transfer:
    """Offers people. `giver` and `to` are None who may look after nobody there now, `people` how many there
    are. Raises `unknown_operator`, `not_your_people`, `four_eyes` or `no_people`.
    """
    if to is None or transfer.to == transfer.giver:
        raise DomainError(
            "unknown_operator", "Name another operator who may look after people in this municipality.", "to"
        )
    if giver is not None and by.organisation != giver.organisation:
        raise DomainError(
            "not_your_people", "These people's coordinator, or their organisation, offers them.", "from"
        )
    if by.person == to.person:
        raise DomainError("four_eyes", "Who offers people can't take them: somebody else accepts.", "to")
    if not people:
        raise DomainError("no_people", "The operator looks after nobody in this municipality.", "from")
    return transfer


def accept(transfer: Transfer, by: str) -> Transfer:
    """Takes the people; raises `not_your_offer` or `already_answered`."""
    if by != transfer.to:
        raise DomainError("not_your_offer", "The operator to whom the people are offered answers.")
    _require_offered(transfer)
    return replace(transfer, status="accepted")


def decline(transfer: Transfer, by: str) -> Transfer:
    """Doesn't take them, or takes the offer back; raises `not_your_offer` or `already_answered`."""
    if by not in {transfer.to, transfer.giver, transfer.offered_by}:
        raise DomainError(
            "not_your_offer", "Who made the offer, or the operator to whom it was made, ends it."
        )
    _require_offered(transfer)
    return replace(transfer, status="declined")


def _require_offered(transfer: Transfer) -> None:
    if transfer.status != "offered":
        raise DomainError("already_answered", f"The offer was answered before: it is {transfer.status}.")
