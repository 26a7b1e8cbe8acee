"""Who has looked at whom: kept with each look, and free of anything about whoever was looked at."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from services.intake.domain.person import Person
from shared.contracts.fields import format_instant
from shared.ids import new_event_id
from shared.messaging.commands.answers import Request
from shared.messaging.work import Work
from shared.mongo import Document

COLLECTION = "looks"
KEPT = timedelta(days=400)
"""How long a look is kept: a yearly audit has the whole year before it."""


async def remember(people: Iterable[Person], request: Request, work: Work) -> None:
    """Keeps that an operator was told who these people are, in the transaction that tells them."""
    documents = [
        {
            "_id": new_event_id(),
            "municipality": who.municipality,
            "subject": who.subject,
            "operator": request.operator.operator,
            "reason": request.command.reason,
            "command": request.ref.id,
            "asked": type(request.command).__name__,
            "at": work.now,
            # By the server's clock, as MongoDB removes it by that.
            "kept_until": datetime.now(UTC) + KEPT,
        }
        for who in people
    ]
    if documents:
        await work.database[COLLECTION].insert_many(documents, session=work.session)


async def page(
    municipality: str, subject: str | None, operator: str | None, after: str | None, limit: int, work: Work
) -> tuple[list[Document], bool]:
    """Looks in their order, each with its `look`, which `after` names; and whether another page follows."""
    wanted: Document = {"municipality": municipality}
    if subject is not None:
        wanted["subject"] = subject
    if operator is not None:
        wanted["operator"] = operator
    if after is not None:
        wanted["_id"] = {"$gt": after}
    cursor = work.database[COLLECTION].find(wanted, session=work.session).sort("_id", 1).limit(limit + 1)
    found = await cursor.to_list(None)
    return [_told(document) for document in found[:limit]], len(found) > limit


def _told(document: Document) -> Document:
    told = {name: document[name] for name in ("subject", "operator", "reason", "command", "asked")}
    return {"look": document["_id"], **told, "at": format_instant(document["at"])}
