"""Every command of every service by one table: how it is accepted, and how it is refused in each way.

What a row declares as not applicable says why; all other cells are held here.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from shared.contracts import topics
from shared.contracts.topics import Service
from tests.integration.commands.bench import (
    ALTA,
    ASKER,
    BERGEN,
    ELSEWHERE,
    EXPIRED,
    NOBODY,
    ROLELESS,
    Bench,
    Told,
)
from tests.integration.commands.row import Cell, NotApplicable, Refusal, Row
from tests.integration.commands.rows import ROWS
from tests.integration.commands.shelf import Shelf

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("meanwhile")]

STATES = (topics.REFUGEES.name, topics.VOLUNTEERS.name, topics.PAIRS.name)
Shelves = Mapping[Service, Shelf]


def rows(column: str | None = None) -> pytest.MarkDecorator:
    """The rows to which a column applies: all, where none is named."""
    there = [row for row in ROWS if column is None or not isinstance(getattr(row, column), NotApplicable)]
    return pytest.mark.parametrize("row", there, ids=lambda row: f"{row.service}-{row.command}")


async def give(
    bench: Bench, row: Row, reference: str, refusal: Refusal | None = None, **options: Any
) -> Told:
    """Sends a row's command, or the one that is refused."""
    subject, data = row.asked(reference, refusal)
    return await bench.send(row.command, subject, data, **options)


async def refuse(shelves: Shelves, row: Row, refusal: Cell, by: str = ASKER) -> tuple[Bench, str, Told]:
    """Has a row's command refused, and checks that it is, with the refusal's code and without effect."""
    assert isinstance(refusal, Refusal), refusal
    bench, reference = await shelves[row.service].bench(refusal.given or row.given)
    bench.without_role(row.role)
    told = await give(bench, row, reference, refusal, operator=by)
    said = _refusal_in(told, refusal)
    assert said["code"] == refusal.code, said
    assert refusal.field in {None, said.get("field")}, said
    if refusal.unread:
        assert told.names == {"dead letter": 1}
        assert {**told.after, "quarantine": []} == told.before
    else:
        assert told.events == (), "nothing is published but the reply"
        assert told.after == told.before, "nothing is stored"
    return bench, reference, told


def _refusal_in(told: Told, refusal: Refusal) -> dict[str, Any]:
    """What refuses a command: its reply, or that to the command that it holds."""
    if not refusal.within:
        assert told.kind == "CommandRejected", told.data
        return told.data
    assert told.kind == "CommandAccepted", told.data
    (summed_up,) = told.result["results"]
    assert summed_up["outcome"] in {"rejected", "pending"}, summed_up
    assert told.held is not None
    said: dict[str, Any] = told.held["data"]
    assert summed_up.get("code", said["code"]) == said["code"]
    return said


def _check_revisions(told: Told, highest: Mapping[tuple[str, str], int]) -> None:
    """Each record's revision is one more than its subject had on the topic."""
    counted = dict(highest)
    versioned = [event for event in told.events if "revision" in event]
    for event in sorted(versioned, key=lambda one: int(one["revision"])):
        place = event["topic"], event["subject"]
        counted[place] = counted.get(place, 0) + 1
        assert event["revision"] == counted[place], event["type"]
        if event["topic"].endswith(STATES) and "revision" in told.result:
            assert told.result["revision"] == event["revision"]


@rows()
async def test_a_command_is_accepted_and_what_it_brings_about_is_published(
    shelves: Shelves, row: Row
) -> None:
    bench, reference = await shelves[row.service].bench(row.given)
    before = await bench.revisions()
    told = await give(bench, row, reference)
    assert told.kind == "CommandAccepted", told.data
    assert told.names == Counter(row.events)
    assert {**told.result, **row.result} == told.result
    _check_revisions(told, before)


@rows("rejected")
async def test_a_command_that_can_not_be_is_rejected_with_its_code(shelves: Shelves, row: Row) -> None:
    await refuse(shelves, row, row.rejected)


@rows()
async def test_a_dry_run_is_previewed_and_neither_stores_nor_publishes(shelves: Shelves, row: Row) -> None:
    bench, reference = await shelves[row.service].bench(row.given)
    told = await give(bench, row, reference, dryrun=True)
    assert told.kind == "CommandPreviewed", told.data
    foreseen = row.result if row.preview is None else row.preview
    assert {**told.result, **foreseen} == told.result
    assert told.events == ()
    assert told.after == told.before
    again = await give(bench, row, reference, id_="command-2")
    assert again.kind == "CommandAccepted", "it can be carried out afterwards"


@rows()
async def test_the_same_command_again_gets_the_same_reply_and_has_no_second_effect(
    shelves: Shelves, row: Row
) -> None:
    bench, reference = await shelves[row.service].bench(row.given)
    first = await give(bench, row, reference)
    again = await give(bench, row, reference)
    assert (again.kind, again.data) == (first.kind, first.data)
    assert again.reply["revision"] == first.reply["revision"]
    assert again.replies == 1, "of a batch its own alone"
    assert again.events == ()
    assert again.before == again.after == first.after


@rows("unknown")
async def test_of_an_unknown_subject_a_command_is_rejected_with_its_code(shelves: Shelves, row: Row) -> None:
    await refuse(shelves, row, row.unknown)


@rows("wrong_state")
async def test_in_the_wrong_state_a_command_is_rejected_with_its_code(shelves: Shelves, row: Row) -> None:
    await refuse(shelves, row, row.wrong_state)


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        pytest.param(row, refusal, id=f"{row.service}-{row.command}-{refusal.code}")
        for row in ROWS
        for refusal in row.further
    ],
)
async def test_in_each_further_way_a_command_is_rejected_with_its_code(
    shelves: Shelves, row: Row, refusal: Refusal
) -> None:
    await refuse(shelves, row, refusal)


@rows("elsewhere")
async def test_an_operator_of_elsewhere_is_refused(shelves: Shelves, row: Row) -> None:
    bench, reference, told = await refuse(shelves, row, row.elsewhere, ELSEWHERE)
    if not isinstance(row.in_their_own, NotApplicable) and isinstance(row.unknown, Refusal):
        unknown = await give(bench, row, reference, row.unknown, operator=ELSEWHERE, id_="command-2")
        assert _words(unknown, row.elsewhere) == _words(told, row.elsewhere)


@rows("in_their_own")
async def test_about_their_own_municipality_an_operator_is_told_as_if_nobody_were_in_any_other(
    shelves: Shelves, row: Row
) -> None:
    bench, reference = await shelves[row.service].bench(row.given)
    subject, data = row.asked(reference)
    asked = row.command, subject.replace(BERGEN, ALTA), {**data, "municipality": ALTA}
    told = await bench.send(*asked, operator=ELSEWHERE)
    await bench.put_back(bench.resources, {})
    alone = await bench.send(*asked, operator=ELSEWHERE)
    assert (_answer(told), told.names) == (_answer(alone), alone.names)


@rows("roleless")
async def test_an_operator_without_the_role_is_told_the_same_of_who_is_there_and_who_is_not(
    shelves: Shelves, row: Row
) -> None:
    bench, reference, told = await refuse(shelves, row, row.roleless, ROLELESS)
    if isinstance(row.unknown, Refusal):
        unknown = await give(bench, row, reference, row.unknown, operator=ROLELESS, id_="command-2")
        assert _words(unknown, row.roleless) == _words(told, row.roleless)


@rows("expired")
async def test_an_operator_whose_time_is_over_is_nobody(shelves: Shelves, row: Row) -> None:
    bench, reference, told = await refuse(shelves, row, row.expired, EXPIRED)
    nobody = await give(bench, row, reference, operator=NOBODY, id_="command-2")
    assert _words(nobody, row.expired) == _words(told, row.expired)


def _answer(told: Told) -> tuple[str, dict[str, Any]]:
    """What a reply says, but for what is made anew each time."""
    result = {name: said for name, said in told.data.get("result", {}).items() if name != "round"}
    return told.kind, told.data | {"result": result}


def _words(told: Told, cell: Cell) -> tuple[str, str, str | None]:
    """What a refusal says, but for whom and what it is about."""
    assert isinstance(cell, Refusal)
    said = _refusal_in(told, cell)
    return said["code"], said["message"], said.get("field")
