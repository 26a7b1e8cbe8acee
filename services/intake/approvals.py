"""Approvals that wait for those of other organisations: the last one's answer goes to all."""

from dataclasses import replace

from services.intake.commands.spec import Awaited
from services.intake.domain.outlook import ANSWERED_WITHIN
from services.intake.rows import APPROVAL_KIND
from shared.messaging.commands.answers import Accepted, Answer, CommandRef, Pending, Request
from shared.messaging.work import DueRow, Work

APPROVAL_WINDOW = ANSWERED_WITHIN
"""How long an approval waits for those of the other organisations before its command is answered."""

_COLLECTION = "approvals"


async def answer(request: Request, awaited: Awaited, accepted: Accepted, work: Work) -> Answer:
    """Pending until nothing is awaited; then the answer, which goes to all that waited for it."""
    approval = {"subject": request.subject, "programme": awaited.programme}
    waiting = work.database[_COLLECTION]
    if awaited.organisations:
        await waiting.insert_one({**approval, **request.ref.document()}, session=work.session)
        work.schedule(_window(request, awaited.programme, work))
        return Pending(awaited.organisations)
    refs = [CommandRef.of(document) async for document in waiting.find(approval, session=work.session)]
    for ref in refs:
        work.cancel(_window_id(ref))
    if refs:
        await waiting.delete_many(approval, session=work.session)
    return replace(accepted, awaited_by=tuple(refs))


async def give_up(ref: CommandRef, subject: str, work: Work) -> bool:
    """Lets an approval wait no longer; returns whether it still did."""
    waits = {"subject": subject, "operator": ref.operator, "id": ref.id}
    deleted = await work.database[_COLLECTION].delete_many(waits, session=work.session)
    return bool(deleted.deleted_count)


def _window(request: Request, programme: str, work: Work) -> DueRow:
    """The row that ends a waiting approval."""
    return DueRow(
        _window_id(request.ref),
        APPROVAL_KIND,
        work.now + APPROVAL_WINDOW,
        request.subject,
        data={
            "programme": programme,
            "cause": request.cause.id,
            **request.cause.for_later,
            **request.ref.document(),
        },
    )


def _window_id(ref: CommandRef) -> str:
    return f"{APPROVAL_KIND}/{ref.reply_id}"
