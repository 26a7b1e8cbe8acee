"""Operators at work on the quarantine of a service."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any

import bson
import orjson
import pytest

from shared.contracts import commands as contract
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.sealed import Sealed
from shared.messaging.at_rest import RecordCipher
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.batches.dead_letters import LARGEST_KEPT
from shared.messaging.commands.answers import Accepted, Answer, CommandRef, Rejected, Request, UnknownSubject
from shared.messaging.commands.desk import LARGEST_SHOWN, DeadLetterDesk
from shared.messaging.reading.records import Cause, Readable
from shared.messaging.work import Work
from shared.mongo import Session
from shared.sealing import Opener, new_key_pair
from tests.integration.messaging.ledger import Commits, Ledger, processor, raws
from tests.support.cluster import Corner
from tests.support.outbox import waiting_rows
from tests.unit.messaging.records import raw, settlement

PRIVATE, PUBLIC = new_key_pair()
OPERATOR = Operator(
    operator="bergen-1",
    person="person_1",
    organisation="red_cross",
    municipalities=["no-4601"],
    roles=["dead_letters"],
    public_key=PUBLIC,
    key_id="bergen-1",
    valid_until=datetime(2030, 1, 1, tzinfo=UTC),
)


@pytest.fixture
async def letter(corner: Corner, ledger: Ledger) -> tuple[BatchProcessor, str]:
    """One record that a release could not handle, and the release after it, which can."""

    def raises(_: Readable) -> None:
        raise KeyError

    handler = processor(corner, ledger)
    ledger.before = raises
    await handler.process(raws([settlement("BER-1")]), Commits())
    ledger.before = lambda _: None
    document = await ledger.database["quarantine"].find_one({})
    assert document is not None
    assert await ledger.rows() == {}
    return handler, document["_id"]


def request(
    command: contract.Command, subject: str, operator: Operator = OPERATOR, **options: Any
) -> Request:
    ref = CommandRef(operator.operator, "command-1", subject, "command-1")
    cause = Cause("command-1", "command-1")
    return Request(ref, operator, command, subject, options.get("dry_run", False), None, cause)


async def decide(handler: BatchProcessor, asked: Request) -> Answer:
    transaction = handler.transaction
    desk = DeadLetterDesk(transaction.dead_letters, (transaction,))

    async def body(session: Session) -> Answer:
        work = Work(session, transaction.database, "intake", "", transaction.clock.now())
        answer = await desk.decide(asked, work)
        await work.flush()
        return answer

    return await transaction.database.transact(body)


async def test_a_redrive_applies_the_record_and_moves_the_count(
    ledger: Ledger, letter: tuple[BatchProcessor, str]
) -> None:
    handler, id_ = letter
    answer = await decide(handler, request(contract.RedriveDeadLetter(reason="mended"), id_))
    assert isinstance(answer, Accepted)
    assert answer.result["outcome"] == "applied"
    assert await ledger.rows() == {"BER-1": [0]}
    positions = await ledger.positions()
    assert (positions["applied"], positions["dead"]) == (1, 0)
    again = await decide(handler, request(contract.RedriveDeadLetter(reason="mended"), id_))
    assert isinstance(again, Rejected)
    assert again.code == "already_settled"
    await handler.process(raws([settlement("BER-1")], start=1), Commits())
    assert await ledger.rows() == {"BER-1": [0]}, "the redriven record's id is remembered"


async def test_two_redrives_at_once_apply_once(ledger: Ledger, letter: tuple[BatchProcessor, str]) -> None:
    handler, id_ = letter
    asked = request(contract.RedriveDeadLetter(reason="mended"), id_)
    answers = await asyncio.gather(*(decide(handler, asked) for _ in range(4)))
    assert sum(isinstance(answer, Accepted) for answer in answers) == 1
    assert await ledger.rows() == {"BER-1": [0]}
    assert (await ledger.positions())["applied"] == 1


async def test_a_dry_run_changes_nothing(ledger: Ledger, letter: tuple[BatchProcessor, str]) -> None:
    handler, id_ = letter
    for command in (contract.RedriveDeadLetter(reason="mended"), contract.DiscardDeadLetter(reason="twice")):
        assert isinstance(await decide(handler, request(command, id_, dry_run=True)), Accepted)
    assert await ledger.rows() == {}
    assert (await ledger.positions())["dead"] == 1


async def test_a_discarded_letter_is_settled(ledger: Ledger, letter: tuple[BatchProcessor, str]) -> None:
    handler, id_ = letter
    assert isinstance(
        await decide(handler, request(contract.DiscardDeadLetter(reason="twice"), id_)), Accepted
    )
    redrive = await decide(handler, request(contract.RedriveDeadLetter(reason="mended"), id_))
    assert isinstance(redrive, Rejected)
    assert await ledger.rows() == {}


async def test_settlements_are_corrected_at_their_source(letter: tuple[BatchProcessor, str]) -> None:
    handler, id_ = letter
    edited = contract.EditAndRedriveDeadLetter(reason="typing_error", value=settlement("BER-1"))
    answer = await decide(handler, request(edited, id_))
    assert isinstance(answer, Rejected)
    assert answer.code == "not_editable"


async def test_the_record_is_shown_to_the_holder_of_the_operators_key_alone(
    letter: tuple[BatchProcessor, str],
) -> None:
    handler, id_ = letter
    answer = await decide(handler, request(contract.ShowDeadLetter(reason="look"), id_))
    assert isinstance(answer, Accepted)
    assert b"Eksempel" not in orjson.dumps(answer.result)
    sealed = Sealed.model_validate(answer.result["sealed"])
    shown = orjson.loads(Opener("bergen-1", PRIVATE).open(sealed, id_))
    assert orjson.loads(shown["value"])["data"]["person"]["family_name"] == "Eksempel"


async def test_an_operator_without_key_or_from_elsewhere_is_shown_nothing(
    letter: tuple[BatchProcessor, str],
) -> None:
    handler, id_ = letter
    show = contract.ShowDeadLetter(reason="look")
    keyless = await decide(handler, request(show, id_, OPERATOR.model_copy(update={"public_key": None})))
    assert isinstance(keyless, Rejected)
    assert keyless.code == "public_key_missing"
    for unusable in ("AAAA", "A" * 43 + "="):
        answer = await decide(
            handler, request(show, id_, OPERATOR.model_copy(update={"public_key": unusable}))
        )
        assert isinstance(answer, Rejected)
        assert answer.code == "public_key_missing"
    elsewhere = await decide(
        handler, request(show, id_, OPERATOR.model_copy(update={"municipalities": ["dk-751"]}))
    )
    assert isinstance(elsewhere, Rejected)
    assert elsewhere.code == "not_your_municipality"


async def commands_letter(corner: Corner, ledger: Ledger, owner: str) -> tuple[BatchProcessor, str]:
    """A refused command of an operator."""
    handler = processor(corner, ledger, topics.COMMANDS["matching"])
    refused = raw({"id": "x"}, topic=f"commands.matching.{owner}.v1", key="no-4601/guide")
    await handler.process([refused], Commits())
    document = await ledger.database["quarantine"].find_one({})
    assert document is not None
    return handler, document["_id"]


RUN_ROUND: dict[str, Any] = {
    "specversion": "1.0",
    "id": "mended",
    "source": "/test",
    "type": "no.kobling.command.RunRound.v1",
    "subject": "no-4601/guide",
    "time": "2016-06-15T07:00:00Z",
    "data": {"reason": "test", "municipality": "no-4601", "programme": "guide"},
}


@pytest.mark.parametrize(
    "command",
    [
        contract.ShowDeadLetter(reason="look"),
        contract.RedriveDeadLetter(reason="mended"),
        contract.EditAndRedriveDeadLetter(reason="mended", value=RUN_ROUND),
        contract.DiscardDeadLetter(reason="twice"),
    ],
)
async def test_nobody_works_on_another_operators_command(
    corner: Corner, ledger: Ledger, command: contract.Command
) -> None:
    handler, id_ = await commands_letter(corner, ledger, "bergen-2")
    answer = await decide(handler, request(command, id_))
    assert isinstance(answer, Rejected)
    assert answer.code == "not_your_command"
    assert await ledger.rows() == {}
    document = await ledger.database["quarantine"].find_one({})
    assert document is not None
    assert document.get("settled") is None


async def test_operators_mend_their_own_commands(corner: Corner, ledger: Ledger) -> None:
    handler, id_ = await commands_letter(corner, ledger, "bergen-1")
    edited = contract.EditAndRedriveDeadLetter(reason="mended", value=RUN_ROUND)
    assert isinstance(await decide(handler, request(edited, id_)), Accepted)
    assert await ledger.rows() == {"no-4601/guide": [0]}


async def test_state_topics_are_anybodys_with_the_role(corner: Corner, ledger: Ledger) -> None:
    handler = processor(corner, ledger, topics.PAIRS)
    await handler.process([raw({"id": "x"}, topic="pairs.v1", key="pair-1")], Commits())
    document = await ledger.database["quarantine"].find_one({})
    assert document is not None
    elsewhere = OPERATOR.model_copy(update={"operator": "tromso-1", "municipalities": ["no-5501"]})
    discard = request(contract.DiscardDeadLetter(reason="twice"), document["_id"], elsewhere)
    assert isinstance(await decide(handler, discard), Accepted)


async def test_an_unknown_letter_is_an_unknown_subject(letter: tuple[BatchProcessor, str]) -> None:
    handler, _ = letter
    asked = request(contract.DiscardDeadLetter(reason="twice"), "elsewhere")
    assert isinstance(await decide(handler, asked), UnknownSubject)


async def test_a_record_with_huge_headers_dies_alone(corner: Corner, ledger: Ledger) -> None:
    """A document of its size would be over what MongoDB takes."""
    huge = raws([settlement("BER-1")])[0]._replace(
        value=b"not json", headers=(("x", bytes(17 * 1024 * 1024)),)
    )
    sound = raws([settlement("BER-2")])[0]._replace(offset=1)
    handler = processor(corner, ledger)
    await handler.process([huge, sound], Commits())
    document = await ledger.database["quarantine"].find_one({})
    assert document is not None
    assert (document["code"], document["headers"]) == ("not_json", [])
    assert len(await ledger.rows()) == 1


REGISTER = {
    **RUN_ROUND,
    "type": "no.kobling.command.RegisterVolunteer.v1",
    "data": {"reason": "test", "person": {"given_name": "Kari"}},
}
MISSENT: dict[str, tuple[dict[str, Any] | bytes, str]] = {
    "of another service": (REGISTER, "no-4601/guide"),
    "of another version": ({**RUN_ROUND, "type": RUN_ROUND["type"][:-1] + "2", "subject": "Kari"}, "Kari"),
    "of another service, under another key": (REGISTER, "Kari"),
    "no JSON": (b"Kari Eksempel", "Kari"),
    "no object": (b'["Kari"]', "Kari"),
    "no type": ({"id": "Kari"}, "Kari"),
    "a field that is unknown": (
        {**RUN_ROUND, "data": {**RUN_ROUND["data"], "Kari Eksempel": "Kari"}},
        "no-4601/guide",
    ),
    "an attribute that is unknown": ({**RUN_ROUND, "Kari Eksempel": "Kari"}, "no-4601/guide"),
    "a field of another form": (
        {**RUN_ROUND, "data": {**RUN_ROUND["data"], "reason": "Kari"}},
        "no-4601/guide",
    ),
    "another key": (RUN_ROUND, "Kari"),
    "a missing field, and a name as its id": ({**RUN_ROUND, "id": "Kari", "data": {}}, "no-4601/guide"),
}


@pytest.mark.parametrize("sent", MISSENT)
async def test_nothing_is_kept_of_a_refused_command(corner: Corner, ledger: Ledger, sent: str) -> None:
    document, key = MISSENT[sent]
    record = raw(
        document, topic="commands.matching.bergen-1.v1", key=key, headers=(("ce_Kari", b"Kari Eksempel"),)
    )
    handler = processor(corner, ledger, topics.COMMANDS["matching"])
    await handler.process([record], Commits())
    kept = await ledger.database["quarantine"].find_one({})
    (notice,) = await waiting_rows(ledger.database, topic="intake.dlq.v1")
    assert kept is not None
    assert b"Kari" not in bson.encode(kept)
    assert "Kari" not in repr(notice)
    assert (notice.key, notice.value) == (None, b"")
    headers = dict(notice.headers)
    assert headers["dlq-size"] == str(len(record.value or b"")).encode()
    assert headers["dlq-sha256"] == hashlib.sha256(record.value or b"").hexdigest().encode()
    for command in (contract.ShowDeadLetter(reason="look"), contract.RedriveDeadLetter(reason="mended")):
        answer = await decide(handler, request(command, kept["_id"]))
        assert isinstance(answer, Rejected)
        assert answer.code == "original_not_kept"
    discard = request(contract.DiscardDeadLetter(reason="missent"), kept["_id"])
    assert isinstance(await decide(handler, discard), Accepted)


async def test_nothing_is_kept_of_a_command_that_the_service_fails_on(corner: Corner, ledger: Ledger) -> None:
    def raises(_: Readable) -> None:
        raise KeyError

    handler = processor(corner, ledger, topics.COMMANDS["matching"])
    ledger.before = raises
    sound = raw(RUN_ROUND, topic="commands.matching.bergen-1.v1", key="no-4601/guide")
    await handler.process([sound], Commits())
    kept = await ledger.database["quarantine"].find_one({})
    (notice,) = await waiting_rows(ledger.database, topic="intake.dlq.v1")
    assert kept is not None
    assert (kept["code"], kept["key"], kept["value"], kept["headers"]) == (
        "unhandled_exception",
        None,
        None,
        [],
    )
    assert (notice.key, notice.value) == (None, b"")


async def test_what_a_cipher_covers_is_kept_whole(corner: Corner, ledger: Ledger) -> None:
    handler = processor(
        corner, ledger, topics.COMMANDS["intake"], cipher=RecordCipher(lambda a, _: a, lambda a, _: a)
    )
    await handler.process([raw(b"Kari", topic="commands.intake.bergen-1.v1", key="Kari")], Commits())
    kept = await ledger.database["quarantine"].find_one({})
    assert kept is not None
    assert kept["value"] == b"Kari"


async def test_of_a_record_too_large_to_keep_it_is_said_so(corner: Corner, ledger: Ledger) -> None:
    huge = raws([settlement("BER-1")])[0]._replace(value=b"x" * (LARGEST_KEPT + 1))
    handler = processor(corner, ledger)
    await handler.process([huge], Commits())
    document = await ledger.database["quarantine"].find_one({})
    assert document is not None
    answer = await decide(handler, request(contract.RedriveDeadLetter(reason="mended"), document["_id"]))
    assert isinstance(answer, Rejected)
    assert answer.code == "original_not_kept"


@pytest.mark.parametrize("filling", [b"x", b'"', b"\xff"])
async def test_an_original_that_no_reply_holds_is_not_shown_and_fails_nothing(
    corner: Corner, ledger: Ledger, filling: bytes
) -> None:
    handler = processor(corner, ledger)
    await handler.process([raw(filling * 100_000, key="BER-1")], Commits())
    document = await ledger.database["quarantine"].find_one({})
    assert document is not None
    answer = await decide(handler, request(contract.ShowDeadLetter(reason="look"), document["_id"]))
    assert isinstance(answer, Rejected)
    assert answer.code == "original_too_large"


async def test_the_largest_original_that_is_shown_fits_into_a_reply(corner: Corner, ledger: Ledger) -> None:
    handler = processor(corner, ledger)
    room = LARGEST_SHOWN - len(orjson.dumps({"key": "BER-1", "value": "", "headers": []}))
    await handler.process([raw(b"x" * room, key="BER-1")._replace(headers=())], Commits())
    document = await ledger.database["quarantine"].find_one({})
    assert document is not None
    answer = await decide(handler, request(contract.ShowDeadLetter(reason="look"), document["_id"]))
    assert isinstance(answer, Accepted)
    Sealed.model_validate(answer.result["sealed"])
