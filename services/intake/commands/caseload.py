"""Who looks after whom."""

from dataclasses import replace

from services.intake import handover, transfers
from services.intake.commands.spec import Asking, Context, OnFile, Question
from services.intake.domain import caseload
from services.intake.domain.caseload import Party, Transfer
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.handover import of_giver
from shared.contracts.intake import events
from shared.contracts.intake.commands.caseload import (
    AcceptCaseload,
    AssignCoordinator,
    DeclineCaseload,
    TransferCaseload,
)
from shared.contracts.notices import NOTICE_GIVEN
from shared.ids import new_subject
from shared.messaging.commands.answers import Accepted, Answer, UnknownSubject, rejected_elsewhere
from shared.mongo import Document


def assign(who: Person, command: AssignCoordinator, context: Context) -> Person:
    """Is looked after by this operator; raises `unknown_operator` for one who may not."""
    if command.operator not in context.coordinators(who.municipality):
        raise DomainError(
            "unknown_operator",
            "Name an operator who may look after people in this municipality now.",
            "operator",
        )
    if who.status == "withdrawn":
        raise DomainError("has_left", "The volunteer has left: nobody looks after them.", "subject")
    return replace(who, coordinator=command.operator)


async def offer(command: TransferCaseload, asking: Asking) -> Answer:
    """Offers all of an operator's people, in place of an offer that nobody can take any more."""
    asking.require_subject(command.municipality)
    by = asking.request.operator
    transfer = Transfer(
        new_subject("caseload"),
        command.municipality,
        command.giver,
        command.to,
        by.operator,
        asking.today(command.municipality),
    )
    known = await transfers.open_of(transfer.municipality, transfer.giver, asking.codes, asking.work)
    coordinators = asking.coordinators(transfer.municipality)
    given_way = [caseload.give_way(one, coordinators) for one in known]
    count = await _count(transfer, asking)
    giver, to = _coordinator(command.giver, transfer, asking), _coordinator(command.to, transfer, asking)
    offered = caseload.offer(transfer, _by(asking), giver, to, count)
    for one in given_way:
        await _keep(one, "caseload_declined", 0, asking)
    return await _keep(offered, "caseload_offered", count, asking)


async def accept(_: AcceptCaseload, asking: Asking) -> Answer:
    """Takes over the people; they become the operator's one batch after another."""
    transfer = await transfers.find(asking.request.subject, asking.codes, asking.work)
    if transfer is None:
        return UnknownSubject()
    if not asking.request.may_act_in(transfer.municipality):
        return rejected_elsewhere()
    accepted = caseload.accept(transfer, asking.request.operator.operator)
    answer = await _keep(accepted, None, await _count(transfer, asking), asking)
    if not asking.request.dry_run:
        handover.begin(accepted, asking.request.cause, asking.work)
    return answer


async def decline(_: DeclineCaseload, asking: Asking) -> Answer:
    """Doesn't take the people, or takes the offer back."""
    transfer = await transfers.find(asking.request.subject, asking.codes, asking.work)
    if transfer is None:
        return UnknownSubject()
    if not asking.request.may_act_in(transfer.municipality):
        return rejected_elsewhere()
    declined = caseload.decline(transfer, _by(asking), _coordinator(transfer.giver, transfer, asking))
    return await _keep(declined, "caseload_declined", await _count(transfer, asking), asking)


async def _keep(transfer: Transfer, code: str | None, count: int, asking: Asking) -> Answer:
    """Stores a transfer and tells both of it, unless this is a dry run; answers with it."""
    if not asking.request.dry_run:
        await transfers.keep(transfer, asking.work)
        if code is not None:
            handover.tell_both(code, transfer, asking.operators, asking.request.cause, asking.work)
    result: Document = {
        "municipality": transfer.municipality,
        "from": transfer.giver,
        "to": transfer.to,
        "status": transfer.status,
        "offered_on": transfer.offered_on.isoformat(),
        "people": count,
    }
    if not asking.request.dry_run:
        result["transfer"] = transfer.subject
    return Accepted(result)


async def _count(transfer: Transfer, asking: Asking) -> int:
    people, session = asking.people, asking.work.session
    wanted = of_giver(transfer, asking.codes)
    return await people.refugees.count(wanted, session) + await people.volunteers.count(wanted, session)


def _by(asking: Asking) -> Party:
    by = asking.request.operator
    return Party(by.operator, by.person, by.organisation)


def _coordinator(name: str, transfer: Transfer, asking: Asking) -> Party | None:
    """The operator, if they may look after people there now."""
    found = asking.operators.find(name, asking.work.now)
    if found is None or name not in asking.coordinators(transfer.municipality):
        return None
    return Party(name, found.person, found.organisation)


ASSIGN_COORDINATOR = OnFile(
    model=AssignCoordinator,
    role="coordinator",
    subject="person",
    decide=assign,
    events=(events.REFUGEE_CORRECTED, events.VOLUNTEER_UPDATED),
)
TRANSFER_CASELOAD = Question(
    model=TransferCaseload,
    role="coordinator",
    subject="municipality",
    decide=offer,
    events=(NOTICE_GIVEN,),
)
ACCEPT_CASELOAD = Question(
    model=AcceptCaseload,
    role="coordinator",
    subject="transfer",
    decide=accept,
    events=(events.REFUGEE_CORRECTED, events.VOLUNTEER_UPDATED, NOTICE_GIVEN),
)
DECLINE_CASELOAD = Question(
    model=DeclineCaseload,
    role="coordinator",
    subject="transfer",
    decide=decline,
    events=(NOTICE_GIVEN,),
)
