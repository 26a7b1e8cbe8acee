"""`kobling import` against the four services, as a coordinator runs it."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from deploy.accounts import cluster_of
from deploy.demo.client import Document, read_all
from shared.contracts import topics

COLUMNS = (
    "municipality;given_name;family_name;birth_date;gender;preferred_language;languages;interests;phone;"
    "registered_on;programme;joined_on;consent:matching;consent:contact;text_version;check:training"
)
COORDINATOR = "bergen-redcross-1"


def volunteer(number: int, **changes: str) -> str:
    """A row of a made-up volunteer."""
    row = {
        "municipality": "no-4601",
        "given_name": f"Bjørg{number}",
        "family_name": "Eksempel-Ås",
        "birth_date": "9.3.1970",
        "gender": "female",
        "preferred_language": "nb",
        "languages": "nb native, en fluent",
        "interests": "cooking",
        "phone": "900 00 042",
        "registered_on": "1.6.2016",
        "programme": "flyktningguide-bergen",
        "joined_on": "2.6.2016",
        "consent:matching": "2.6.2016",
        "consent:contact": "2.6.2016",
        "text_version": "matching-2016-1.nb",
        "check:training": "3.6.2016",
    }
    return ";".join({**row, **changes}.values())


async def imported(installation: Document, file: Path, *options: str) -> tuple[int, list[str]]:
    """Exit status and standard output of an import."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kobling", "import", str(file), "--kafka", installation["kafka"], *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode().splitlines()


async def states(installation: Document, topic: topics.Topic) -> dict[str, Any]:
    """The latest state of each subject."""
    records = await read_all(cluster_of(installation), topic.name, topic.partitions)
    return {record.key.decode(): json.loads(record.value)["data"] for record in records if record.value}


async def test_forty_volunteers_are_one_file_and_twice_are_they_the_same(
    installation: Document, tmp_path: Path
) -> None:
    file = tmp_path / "volunteers.csv"
    rows = [volunteer(number) for number in range(40)]
    file.write_bytes("\r\n".join([COLUMNS, *rows]).encode("cp1252"))
    before = await states(installation, topics.VOLUNTEERS)
    assert await imported(installation, file, "--operator", COORDINATOR) == (
        0,
        ["import: 40 rows, 40 accepted, 0 pending, 0 refused"],
    )
    after = await states(installation, topics.VOLUNTEERS)
    new = [state for subject, state in after.items() if subject not in before]
    assert len(new) == 40
    assert all(state["participations"][0]["missing"] for state in new)
    assert {check["kind"] for state in new for check in state["checks"]} == {"training"}
    again = await imported(installation, file, "--operator", COORDINATOR)
    assert again == (0, ["import: 40 rows, 40 accepted, 0 pending, 0 refused"])
    assert (await states(installation, topics.VOLUNTEERS)).keys() == after.keys()


async def test_what_is_wrong_is_told_by_row_and_column_before_anything_is_sent(
    installation: Document, tmp_path: Path
) -> None:
    file = tmp_path / "volunteers.csv"
    file.write_text("\n".join([COLUMNS, volunteer(50), volunteer(51, gender="woman")]))
    before = await states(installation, topics.VOLUNTEERS)
    status, said = await imported(installation, file, "--operator", COORDINATOR)
    assert status == 1
    assert said[0].startswith("row 3, gender: ")
    assert said[-1] == "import: 2 rows, 0 accepted, 0 pending, 1 refused, nothing sent"
    # What only the service knows is found by the trial.
    file.write_text("\n".join([COLUMNS, volunteer(50), volunteer(51, phone="nobody's")]))
    status, said = await imported(installation, file, "--operator", COORDINATOR)
    assert (status, said[0].partition(":")[0]) == (1, "row 3, phone")
    assert (await states(installation, topics.VOLUNTEERS)).keys() == before.keys()


async def test_a_row_that_was_refused_in_part_goes_through_once_it_is_mended(
    installation: Document, tmp_path: Path
) -> None:
    file = tmp_path / "volunteers.csv"
    file.write_text("\n".join([COLUMNS.replace("check:training", "check:trainin"), volunteer(60)]))
    status, said = await imported(installation, file, "--operator", COORDINATOR)
    assert (status, said[0].partition(":")[0]) == (1, "row 2, check")
    assert said[-1] == "import: 1 rows, 0 accepted, 0 pending, 1 refused"
    before = await states(installation, topics.VOLUNTEERS)
    file.write_text("\n".join([COLUMNS, volunteer(60)]))
    assert (await imported(installation, file, "--operator", COORDINATOR))[0] == 0
    assert (await states(installation, topics.VOLUNTEERS)).keys() == before.keys()


async def test_a_changed_row_undoes_nothing_that_happened_since(
    installation: Document, tmp_path: Path
) -> None:
    file, commands = tmp_path / "volunteers.csv", tmp_path / "commands.jsonl"
    before = await states(installation, topics.VOLUNTEERS)
    file.write_text("\n".join([COLUMNS, volunteer(80)]))
    assert (await imported(installation, file, "--operator", COORDINATOR))[0] == 0
    (subject,) = (await states(installation, topics.VOLUNTEERS)).keys() - before.keys()
    since: dict[str, Document] = {
        "WithdrawConsent": {"reason": "own_wish", "purpose": "contact", "withdrawn_on": "2016-06-10"},
        "RecordCheck": {"reason": "document_seen", "kind": "training", "seen_on": "2016-06-12"},
    }
    commands.write_text(
        "\n".join(
            json.dumps({"command": name, "subject": subject, "data": data}) for name, data in since.items()
        )
    )
    assert (await imported(installation, commands, "--operator", COORDINATOR))[0] == 0
    stands = (await states(installation, topics.VOLUNTEERS))[subject]
    assert [consent["purpose"] for consent in stands["consents"]] == ["matching"]
    file.write_text("\n".join([COLUMNS, volunteer(80, phone="900 00 080")]))
    said = await imported(installation, file, "--operator", COORDINATOR)
    assert said == (0, ["import: 1 rows, 1 accepted, 0 pending, 0 refused"])
    after = (await states(installation, topics.VOLUNTEERS))[subject]
    assert (after["consents"], after["checks"]) == (stands["consents"], stands["checks"])


async def test_a_trial_sends_nothing(installation: Document, tmp_path: Path) -> None:
    file = tmp_path / "volunteers.csv"
    file.write_text("\n".join([COLUMNS, volunteer(70)]))
    before = await states(installation, topics.VOLUNTEERS)
    said = await imported(installation, file, "--operator", COORDINATOR, "--dry-run")
    assert said == (0, ["import: 1 rows, 1 accepted, 0 pending, 0 refused, nothing sent"])
    assert (await states(installation, topics.VOLUNTEERS)).keys() == before.keys()


async def test_settlements_and_their_receipts(installation: Document, tmp_path: Path) -> None:
    file = tmp_path / "settlements.csv"
    head = "case,municipality,protection,settled_on,given_name,preferred_language,languages,adults,minors"
    rows = ["IMP-1,no-4601,none,14.6.2016,Ada,ti,ti native,1,0", "IMP-2,no-4601,,14.6.2016,,,,,"]
    file.write_text("\n".join([head, *rows]))
    assert await imported(installation, file) == (0, ["import: 2 rows, 2 accepted, 0 pending, 0 refused"])
    assert await imported(installation, file) == (0, ["import: 2 rows, 2 accepted, 0 pending, 0 refused"])


async def test_meetings_of_a_table_are_logged_once(installation: Document, tmp_path: Path) -> None:
    pairs = await states(installation, topics.PAIRS)
    active = sorted(subject for subject, state in pairs.items() if state["status"] == "active")[:3]
    file = tmp_path / "meetings.csv"
    file.write_text("\n".join(["pair;held_on;hours", *[f"{pair};15.6.2016;1,5" for pair in active]]))
    for _ in range(2):
        said = await imported(installation, file, "--operator", COORDINATOR)
        assert said == (0, ["import: 3 rows, 3 accepted, 0 pending, 0 refused"])
    logged = await states(installation, topics.PAIRS)
    assert [logged[pair]["meetings"] for pair in active] == [[{"held_on": "2016-06-15", "hours": 1.5}]] * 3


async def test_commands_one_on_each_line(installation: Document, tmp_path: Path) -> None:
    file = tmp_path / "commands.jsonl"
    pool = "no-4601/flyktningguide-bergen"
    listing = {"reason": "routine", "municipality": "no-4601", "programme": "flyktningguide-bergen"}
    commands = [
        {"command": "ListPairs", "subject": pool, "data": listing},
        {"command": "ListPairs", "subject": "no-4601/another", "data": listing},
    ]
    file.write_text("\n".join(map(json.dumps, commands)))
    status, said = await imported(installation, file, "--operator", COORDINATOR)
    assert (status, said[0].partition(":")[0]) == (1, "row 2, subject")
