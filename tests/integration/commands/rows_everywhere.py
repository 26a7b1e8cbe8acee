"""The commands that every service takes: on its dead letters, and many commands at once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from shared.contracts import topics
from shared.contracts.catalogue import BY_NAME
from shared.contracts.example_record import record
from shared.contracts.topics import SERVICES, Service, Topic
from tests.integration.commands import rows_pairs, rows_volunteers
from tests.integration.commands.bench import ASKER, BERGEN, Bench
from tests.integration.commands.row import Cell, NotApplicable, Refusal, Row
from tests.integration.intake.world import settled

NO_LETTER = "00000000-0000-5000-8000-000000000000"
READ: Mapping[Service, tuple[Topic, str]] = {
    "intake": (topics.SETTLEMENTS, "PersonSettled"),
    "matching": (topics.REFUGEES, "RefugeeReady"),
    "notifications": (topics.PAIRS, "PairProposed"),
    "reporting": (topics.REFUGEES, "RefugeeReady"),
}
"""A topic that each service reads, and a record there."""
BROUGHT_ABOUT: Mapping[Service, tuple[str, ...]] = {"intake": ("RefugeeSettled",)}
"""What such a record brings about; its receipt was given when it was refused."""
ANYBODYS = NotApplicable("a state is no municipality's: whoever has the role may work on its dead letter")
NOT_YOURS = Refusal("not_your_command")
REDRIVEN = {"settled": "redriven", "outcome": "applied"}


def _record(service: Service) -> dict[str, Any]:
    if service == "intake":
        return settled("BER-2016-1", "settled-1")
    return record(BY_NAME[READ[service][1]])


async def letter(bench: Bench) -> str:
    """A record that the service could not handle; gives its dead letter."""
    topic, _ = READ[bench.resources.service]
    document = _record(bench.resources.service)
    name = topic.named(BERGEN) if topic.is_family else topic.name
    return await bench.break_on(topic, name, document["subject"], orjson.dumps(document))


async def own_command(bench: Bench) -> str:
    """A command of the asker's that the service could not handle."""
    return await _command_of(bench, ASKER)


async def anothers_command(bench: Bench) -> str:
    """One of somebody else's."""
    return await _command_of(bench, "red-1")


async def discarded(bench: Bench) -> str:
    """A dead letter that was discarded."""
    return await _discarded(bench, letter)


async def own_discarded(bench: Bench) -> str:
    """The same of the asker's own command."""
    return await _discarded(bench, own_command)


async def _command_of(bench: Bench, operator: str) -> str:
    topic = topics.COMMANDS[bench.resources.service]
    document = _discarding("an-earlier-command")
    return await bench.break_on(topic, topic.named(operator), document["subject"], orjson.dumps(document))


async def _discarded(bench: Bench, given: Callable[[Bench], Awaitable[str]]) -> str:
    id_ = await given(bench)
    await bench.send("DiscardDeadLetter", id_, {}, "discard-1")
    return id_


def _discarding(id_: str) -> dict[str, Any]:
    """A command that comes to nothing, and is carried out all the same."""
    return {
        "specversion": "1.0",
        "id": id_,
        "source": f"/operators/{ASKER}",
        "type": "no.kobling.command.DiscardDeadLetter.v1",
        "subject": NO_LETTER,
        "time": "2016-06-15T07:00:00Z",
        "data": {"reason": "told"},
    }


def _letters(service: Service) -> tuple[Row, ...]:
    """The commands on a service's dead letters."""
    elsewhere: Cell = Refusal("not_your_municipality") if service == "intake" else ANYBODYS
    of_a_record = _common(service) | {
        "given": letter,
        "rejected": replace(NOT_YOURS, given=anothers_command),
        "elsewhere": elsewhere,
    }
    settled_before = Refusal("already_settled", given=discarded)
    return (
        Row(
            command="ShowDeadLetter",
            wrong_state=NotApplicable("a dead letter is shown in whatever state it is"),
            result={"code": "unhandled_exception"},
            **of_a_record,
        ),
        Row(
            command="RedriveDeadLetter",
            wrong_state=settled_before,
            events=BROUGHT_ABOUT.get(service, ()),
            result=REDRIVEN,
            preview={"code": "unhandled_exception"},
            **of_a_record,
        ),
        Row(
            command="DiscardDeadLetter",
            wrong_state=settled_before,
            result={"settled": "discarded"},
            **of_a_record,
        ),
        _edited(service),
    )


def _edited(service: Service) -> Row:
    """A record that is run with another value: of commands, as settlements are corrected at their source."""
    not_editable = (Refusal("not_editable", given=letter),) if service == "intake" else ()
    return Row(
        command="EditAndRedriveDeadLetter",
        given=own_command,
        data={"value": _discarding("a-mended-command")},
        rejected=Refusal("field_missing", data={"value": {}}),
        wrong_state=Refusal("already_settled", given=own_discarded),
        elsewhere=NOT_YOURS,
        result=REDRIVEN,
        preview={"code": "unhandled_exception"},
        further=not_editable,
        **_common(service),
    )


def _common(service: Service) -> dict[str, Any]:
    unknown = Refusal("unknown_subject", subject=NO_LETTER)
    return {"service": service, "role": "dead_letters", "unknown": unknown}


def in_batch(row: Row) -> Row:
    """The row of `RunBatch` that holds this row's command alone."""

    def holding(refusal: Refusal | None) -> Callable[[str], Mapping[str, Any]]:
        def data(reference: str) -> Mapping[str, Any]:
            return _held(row.command, *row.asked(reference, refusal))

        return data

    def within(cell: Cell) -> Cell:
        if isinstance(cell, NotApplicable):
            return cell
        return Refusal(cell.code, cell.given, holding(cell), within=True)

    return Row(
        service=row.service,
        command="RunBatch",
        role=row.role,
        given=row.given,
        subject="batch",
        data=holding(None),
        events=row.events,
        result={"accepted": 1, "pending": 0, "rejected": 0},
        rejected=Refusal(
            "batch_in_batch", data=_held("RunBatch", "batch", _held("RunBatch", "batch", {})), within=True
        ),
        unknown=within(row.unknown),
        wrong_state=within(row.wrong_state),
        elsewhere=within(row.elsewhere),
        roleless=within(row.roleless),
    )


def _held(command: str, subject: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a batch that holds one command."""
    return {"commands": [{"command": command, "subject": subject, "data": {"reason": "told", **data}}]}


_HELD = {
    "intake": next(row for row in rows_volunteers.ROWS if row.command == "ChangeCapacity"),
    "matching": next(row for row in rows_pairs.ROWS if row.command == "LogMeeting"),
}
"""What a batch holds: of the other services a command on a dead letter."""


def _of(service: Service) -> tuple[Row, ...]:
    letters = _letters(service)
    (discard,) = (row for row in letters if row.command == "DiscardDeadLetter")
    return (*letters, in_batch(_HELD.get(service, discard)))


ROWS: tuple[Row, ...] = tuple(row for service in SERVICES for row in _of(service))
