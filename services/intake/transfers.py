"""Offers of people, as they are stored."""

from datetime import date

from services.intake.domain.caseload import Transfer
from shared.messaging.work import Work
from shared.mongo import Document
from shared.values import fields_of

COLLECTION = "transfers"


async def find(subject: str, work: Work) -> Transfer | None:
    """The transfer of this name."""
    document = await work.database[COLLECTION].find_one({"_id": subject}, session=work.session)
    return None if document is None else _transfer(document)


async def open_of(municipality: str, giver: str, work: Work) -> Transfer | None:
    """The offer of an operator's people that isn't answered, or not carried out yet."""
    wanted = {"transfer.municipality": municipality, "transfer.giver": giver, "open": True}
    document = await work.database[COLLECTION].find_one(wanted, session=work.session)
    return None if document is None else _transfer(document)


async def offered_to(operator: str, municipality: str, work: Work) -> list[Transfer]:
    """The offers that an operator has yet to answer."""
    wanted: Document = {"transfer.to": operator, "open": True, "transfer.status": "offered"}
    wanted["transfer.municipality"] = municipality
    cursor = work.database[COLLECTION].find(wanted, session=work.session).sort("_id", 1)
    return [_transfer(document) async for document in cursor]


async def keep(transfer: Transfer, work: Work) -> None:
    """Stores a transfer, new or changed."""
    plain = {**fields_of(transfer), "offered_on": transfer.offered_on.isoformat()}
    document = {"_id": transfer.subject, "transfer": plain, "open": transfer.is_open}
    await work.database[COLLECTION].replace_one(
        {"_id": transfer.subject}, document, upsert=True, session=work.session
    )


def _transfer(document: Document) -> Transfer:
    plain = document["transfer"]
    return Transfer(**{**plain, "offered_on": date.fromisoformat(plain["offered_on"])})
