"""Questions about people: who somebody is, who there is, what is due, and who has looked."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.commands import Command
from shared.contracts.example import CASE, MUNICIPALITY, REFUGEE, example
from shared.contracts.fields import (
    CaseReference,
    Day,
    Line,
    Municipality,
    OperatorId,
    PageSize,
    ProgrammeName,
    Subject,
)
from shared.contracts.published import PRIVATE

PersonKind = Literal["refugee", "volunteer"]
PersonStatus = Literal[
    "announced",
    "settled",
    "consented",
    "ready",
    "moved",
    "registered",
    "approved",
    "paused",
    "lapsed",
    "withdrawn",
]
DueKind = Literal["lapse", "approval", "lacking"]


class FindPerson(Command):
    """Asks who somebody is: by a municipality's `case`, by `name`, or, without either, by their reference.

    The command's subject is the case reference or the person's; of a search by name it is the municipality,
    or without one, to look in all of the operator's, the operator. A name is found however it is spelled, in
    either order, with a typing error. Names are answered sealed to the operator's key.
    """

    model_config = example(
        {"reason": "interview_booked", "municipality": MUNICIPALITY, "case": CASE}, subject=CASE
    )

    municipality: Municipality | None = None
    case: CaseReference | None = None
    name: Annotated[Line, PRIVATE] | None = None


class ShowPerson(Command):
    """Asks for all that the operator may see of the subject, a refugee or a volunteer: the public state, what
    they lack, since when they wait, and, sealed to the operator's key, name and ways to reach them. It is
    kept who looked, at whom, when, and with which `reason`.
    """

    model_config = example({"reason": "phone_call"}, subject=REFUGEE)


class ListPeople(Command):
    """Asks for a municipality's refugees and volunteers: those alone for whom all holds that is given. The
    subject is the municipality.

    `without_coordinator`, in place of a `coordinator`: whom nobody looks after who may act there now. `on`:
    how everybody stands on that day with what lapses: `valid`, `renewable` (it lapses within 60 days) or
    `none`. `after` is the last person of the page before.
    """

    model_config = example({"reason": "weekly_meeting", "kind": "volunteer"}, subject=MUNICIPALITY)

    municipality: Municipality
    kind: PersonKind | None = None
    programme: ProgrammeName | None = None
    status: Annotated[list[PersonStatus], Field(max_length=10)] = []
    coordinator: OperatorId | None = None
    without_coordinator: bool = False
    on: Day | None = None
    after: Annotated[Subject, PRIVATE] | None = None
    limit: PageSize = 100


class ListDue(Command):
    """Asks what is to be done about people, by day: what lapses within 60 days or has lapsed (`lapse`),
    approvals that wait for another organisation's (`approval`), and who lacks something for 30 days or more
    (`lacking`). The subject is the municipality.

    It is of the operator's own people, and of those whom nobody looks after who may act there now; of these
    alone `without_coordinator`, of another `coordinator`'s, or of `all`. `after` is what the page before gave
    as `next`.
    """

    model_config = example({"reason": "monday_morning"}, subject=MUNICIPALITY)

    municipality: Municipality
    coordinator: OperatorId | None = None
    all: bool = False
    without_coordinator: bool = False
    programme: ProgrammeName | None = None
    kind: Annotated[list[DueKind], Field(max_length=3)] = []
    after: Annotated[Line, PRIVATE] | None = None
    limit: PageSize = 100


class ListLooks(Command):
    """Asks who has looked at people of a municipality, the newest last: at one person, or by one operator,
    where they are given. The subject is the municipality. `after` is what the page before gave as `next`.
    """

    model_config = example({"reason": "yearly_audit", "person": REFUGEE}, subject=MUNICIPALITY)

    municipality: Municipality
    person: Annotated[Subject, PRIVATE] | None = None
    operator: OperatorId | None = None
    after: Annotated[Line, PRIVATE] | None = None
    limit: PageSize = 100
