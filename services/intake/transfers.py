"""Offers of people, as they are stored: under the code that their municipality had when they were made."""

from dataclasses import replace
from datetime import date

from services.intake.codes import Codes
from services.intake.domain.caseload import Transfer
from shared.messaging.work import Work
from shared.mongo import Document
from shared.values import fields_of

COLLECTION = "transfers"


async def find(subject: str, codes: Codes, work: Work) -> Transfer | None:
    """The transfer of this name, under the code that its municipality has now."""
    document = await work.database[COLLECTION].find_one({"_id": subject}, session=work.session)
    return None if document is None else _transfer(document, codes)


async def open_of(municipality: str, giver: str, codes: Codes, work: Work) -> list[Transfer]:
    """The offers of an operator's people that aren't answered, or not carried out yet: of municipalities that
    became one there may be several.
    """
    return await _find({"transfer.giver": giver, "open": True}, municipality, codes, work)


async def offered_to(operator: str, municipality: str, codes: Codes, work: Work) -> list[Transfer]:
    """The offers that an operator has yet to answer."""
    wanted = {"transfer.to": operator, "open": True, "transfer.status": "offered"}
    return await _find(wanted, municipality, codes, work)


async def keep(transfer: Transfer, work: Work) -> None:
    """Stores a transfer, new or with another status."""
    plain = {**fields_of(transfer), "offered_on": transfer.offered_on.isoformat()}
    changes = {"transfer.status": plain.pop("status"), "open": transfer.is_open}
    made = {f"transfer.{name}": field for name, field in plain.items()}
    await work.database[COLLECTION].update_one(
        {"_id": transfer.subject}, {"$set": changes, "$setOnInsert": made}, upsert=True, session=work.session
    )


async def _find(wanted: Document, municipality: str, codes: Codes, work: Work) -> list[Transfer]:
    there = {"transfer.municipality": {"$in": codes.known_as(municipality)}}
    cursor = work.database[COLLECTION].find(wanted | there, session=work.session).sort("_id", 1)
    return [_transfer(document, codes) async for document in cursor]


def _transfer(document: Document, codes: Codes) -> Transfer:
    plain = document["transfer"]
    transfer = Transfer(**{**plain, "offered_on": date.fromisoformat(plain["offered_on"])})
    return replace(transfer, municipality=codes.current(transfer.municipality))
