"""What operators do about dead letters: look, run again, run an edited one, or close without running.

A redrive never writes to the source topic, which would move an old revision past a newer one: the service
runs the quarantined record through the handler that refused it. `dead` is the only outcome that may be
replaced, so the partition's counters move with it, in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pymongo import UpdateOne

from shared.contracts import commands as contract
from shared.contracts.administrators import Role
from shared.messaging.batches.dead_letters import DeadLetters
from shared.messaging.batches.transaction import BatchTransaction
from shared.messaging.commands.answers import (
    Accepted,
    Answer,
    Rejected,
    Request,
    UnknownSubject,
    rejected_elsewhere,
)
from shared.messaging.places.positions import key
from shared.messaging.reading.outcome import Dead, Outcome, counter
from shared.messaging.reading.records import Raw
from shared.messaging.work import Work
from shared.mongo import Document
from shared.sealing import sealer_to

DeadLetterCommand = (
    contract.ShowDeadLetter
    | contract.RedriveDeadLetter
    | contract.EditAndRedriveDeadLetter
    | contract.DiscardDeadLetter
)
_NEEDS_ORIGINAL = (contract.ShowDeadLetter, contract.RedriveDeadLetter)
ROLE: Role = "dead_letters"
LARGEST_SHOWN = 74_000
"""Bytes that a sealed reply holds: its contract has room for 100,000 characters of base 64."""


@dataclass(frozen=True, slots=True)
class DeadLetterDesk:
    """One service's quarantine as operators work on it."""

    letters: DeadLetters
    transactions: Sequence[BatchTransaction]

    async def decide(self, request: Request, work: Work) -> Answer:
        """Answers one command on one dead letter."""
        quarantine = work.database["quarantine"]
        document = await quarantine.find_one({"_id": request.subject}, session=work.session)
        if document is None:
            return UnknownSubject()
        transaction = self._transaction(document["topic"])
        if transaction is None:
            return Rejected("topic_not_read", "This service reads the record's topic no more.")
        if (refused := _refusal(transaction, document, request)) is not None:
            return refused
        if isinstance(request.command, contract.ShowDeadLetter):
            return self._show(document, request)
        if document.get("settled") is not None:
            return Rejected("already_settled", f"This dead letter was settled before: {document['settled']}.")
        return await self._redrive_or_discard(document, transaction, request, work)

    def _transaction(self, topic: str) -> BatchTransaction | None:
        return next((transaction for transaction in self.transactions if transaction.reads(topic)), None)

    def _show(self, document: Document, request: Request) -> Answer:
        sealer = sealer_to(request.operator.key_id, request.operator.public_key)
        if sealer is None:
            return Rejected(
                "public_key_missing",
                "Dead letters are sealed: have the operator's public key registered (kobling keys pair).",
            )
        raw = self.letters.original(document)
        shown = {
            "key": _text(raw.key),
            "value": _text(raw.value),
            "headers": [[name, _text(content)] for name, content in raw.headers],
        }
        plain = orjson.dumps(shown)
        if len(plain) > LARGEST_SHOWN:
            return Rejected(
                "original_too_large",
                f"As JSON the original is over {LARGEST_SHOWN} bytes, too large for a reply: redrive or "
                "discard it.",
            )
        sealed = sealer.seal(plain, request.subject)
        return Accepted({**_about(document), "sealed": sealed.model_dump(mode="json")})

    async def _redrive_or_discard(
        self, document: Document, transaction: BatchTransaction, request: Request, work: Work
    ) -> Answer:
        match request.command:
            case contract.DiscardDeadLetter():
                return await self._close(document, "discarded", None, request, work)
            case contract.EditAndRedriveDeadLetter(value=value):
                if _owner(transaction, document["topic"], "<municipality>") is not None:
                    return Rejected(
                        "not_editable", "Settlements are corrected at their source: ask the municipality."
                    )
                raw = _edited(self.letters.original(document), value)
            case _:
                raw = self.letters.original(document)
        if request.dry_run:
            return Accepted(_about(document))
        outcome = await transaction.run_again(raw, work)
        if isinstance(outcome, Dead):
            return Rejected(outcome.code, "The record was refused again.", outcome.field)
        return await self._close(document, "redriven", outcome, request, work)

    async def _close(
        self, document: Document, ending: str, outcome: Outcome | None, request: Request, work: Work
    ) -> Answer:
        result = {**_about(document), "settled": ending}
        if outcome is not None:
            result["outcome"] = counter(outcome)
        if request.dry_run:
            return Accepted(result)
        closed = await work.database["quarantine"].update_one(
            {"_id": request.subject, "settled": None},
            {"$set": {"settled": ending, "settled_by": request.operator.operator, "settled_at": work.now}},
            session=work.session,
        )
        # A redriven command may have been one that closed this very letter.
        if outcome is not None and closed.modified_count:
            place = key((document["topic"], document["partition"]))
            moved = UpdateOne({"_id": place}, {"$inc": {"dead": -1, counter(outcome): 1}})
            await work.database["positions"].bulk_write([moved], session=work.session)
        return Accepted(result)


def _refusal(transaction: BatchTransaction, document: Document, request: Request) -> Rejected | None:
    """Why this operator may not work on this record, or nobody may; state topics are anybody's with the
    role.
    """
    topic = document["topic"]
    municipality = _owner(transaction, topic, "<municipality>")
    if municipality is not None and not request.may_act_in(municipality):
        return rejected_elsewhere()
    # A command runs under the authority of its topic's operator: nobody else may put one there.
    operator = _owner(transaction, topic, "<operator>")
    if operator is not None and operator != request.operator.operator:
        return Rejected("not_your_command", "Only the operator who sent a command may work on it.")
    if not document["kept"] and isinstance(request.command, _NEEDS_ORIGINAL):
        return Rejected(
            "original_not_kept",
            "Nothing of this record was kept: send it again as its contract says, and discard this.",
        )
    return None


def _owner(transaction: BatchTransaction, topic: str, kind: str) -> str | None:
    """The municipality or operator that a record came from; None where its topic has no such owner."""
    family = transaction.subscription.topic
    return family.owner(topic, transaction.prefix) if kind in family.name else None


def _about(document: Document) -> dict[str, Any]:
    return {name: document[name] for name in ("topic", "partition", "offset", "code", "field", "attempts")}


def _edited(raw: Raw, value: dict[str, Any]) -> Raw:
    """The record with another value in structured mode; its place and time stay."""
    headers = tuple((name, content) for name, content in raw.headers if not name.lower().startswith("ce_"))
    headers = tuple(header for header in headers if header[0].lower() != "content-type")
    structured = (*headers, ("content-type", b"application/cloudevents+json"))
    subject = value.get("subject")
    changed_key = subject.encode() if isinstance(subject, str) else raw.key
    return raw._replace(value=orjson.dumps(value), headers=structured, key=changed_key)


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode(errors="backslashreplace")
