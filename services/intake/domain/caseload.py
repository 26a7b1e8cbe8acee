"""An offer of all of one coordinator's people in a municipality to another coordinator."""

from collections.abc import Collection
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
    if not _may_offer(by, giver):
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


def decline(transfer: Transfer, by: Party, giver: Party | None) -> Transfer:
    """Doesn't take them, or takes the offer back, as whoever may offer them does. `giver` is None who may
    look after nobody there now. Raises `not_your_offer` or `already_answered`.
    """
    if by.operator not in {transfer.to, transfer.offered_by} and not _may_offer(by, giver):
        raise DomainError(
            "not_your_offer", "Who may offer these people, or the one to whom they are, ends it."
        )
    _require_offered(transfer)
    return replace(transfer, status="declined")


def give_way(transfer: Transfer, coordinators: Collection[str]) -> Transfer:
    """Makes room for another offer of the same people where nobody can take them any more: `coordinators` are
    who may look after people there now. Raises `already_offered`.
    """
    if transfer.status != "offered" or transfer.to in coordinators:
        raise DomainError(
            "already_offered", "These people are offered to somebody: decline that offer first.", "from"
        )
    return replace(transfer, status="declined")


def _may_offer(by: Party, giver: Party | None) -> bool:
    return giver is None or by.organisation == giver.organisation


def _require_offered(transfer: Transfer) -> None:
    if transfer.status != "offered":
        raise DomainError("already_answered", f"The offer was answered before: it is {transfer.status}.")
