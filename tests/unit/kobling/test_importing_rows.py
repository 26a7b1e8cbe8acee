"""What an import makes of its rows, from the file to its last line; the services are made up."""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from kobling.errors import AdministrationError
from kobling.importing import running
from kobling.importing.journal import Journal
from kobling.importing.reading import Item, items_of_table
from kobling.importing.running import Wish
from kobling.importing.sending import Line
from shared.cluster import Cluster

OPERATOR = "bergen-redcross-1"
HEAD = (
    "municipality;given_name;email;preferred_language;languages;registered_on;volunteer;programme;joined_on"
)
MORE = "consent:contact;text_version;check:training"
REFERENCE = "volunteer-aaaaaaaaaaaaaaaa"
Import = Callable[..., tuple[int, list[str]]]


class Service:
    """What is sent, and tried, and the outcome of each record by its name: accepted unless it is said."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str, list[str]]] = []
        self.tried: list[int] = []
        self.outcomes: dict[str, str] = {}

    async def __aenter__(self) -> "Service":
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def look(self, items: Sequence[Item]) -> None:
        return

    async def send(self, items: Sequence[Item], *, dry_run: bool, progress: Any) -> list[dict[str, Any]]:
        if dry_run:
            self.tried += [item.row for item in items]
            return [{"name": "CommandPreviewed"} for _ in items]
        self.sent += [(item.row, item.sent.id, [part.message.name for part in item.parts]) for item in items]
        return [{"name": "CommandAccepted", "result": {"results": self._results(item)}} for item in items]

    def _results(self, item: Item) -> list[dict[str, Any]]:
        outcomes = [self.outcomes.get(part.message.name, "accepted") for part in item.parts]
        more = {"code": "no", "message": "No.", "waits_for": ["red_cross_oslo"]}
        return [{"outcome": outcome, **more} for outcome in outcomes]

    @property
    def commands(self) -> list[list[str]]:
        return [commands for _, _, commands in self.sent]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service()
    monkeypatch.setattr(Line, "to", lambda *_: made)
    return made


@pytest.fixture
def imported(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Import:
    """Imports lines: the exit status and what is printed."""

    def run(*lines: str, name: str = "volunteers.csv") -> tuple[int, list[str]]:
        file = tmp_path / name
        file.write_text("\n".join(lines))
        status = asyncio.run(running.run(Wish(file, None, OPERATOR, Cluster(""), "", trial=False)))
        return status, capsys.readouterr().out.splitlines()

    return run


def kari(email: str, *, volunteer: str = "", programme: str = "") -> str:
    joined = "8.9.2026" if programme else ""
    return f"no-4601;Kari;{email};nb;nb native;7.9.2026;{volunteer};{programme};{joined}"


def test_two_people_whom_nothing_tells_apart_are_a_fault_of_both_rows(
    imported: Import, service: Service
) -> None:
    other = kari("b@example.org").replace("Kari", "Berit")
    status, said = imported(HEAD, kari("k1@example.org"), other, kari("k2@example.org"))
    assert (status, service.sent, service.tried) == (1, [], [])
    assert [line.partition(" has the same")[0] for line in said[:2]] == [
        "row 2, volunteer: row 4",
        "row 4, volunteer: row 2",
    ]
    assert "in the column volunteer of both rows" in said[0]
    assert said[2:] == ["import: 3 rows, 0 accepted, 0 pending, 2 refused, nothing sent"]
    assert "example.org" not in str(said)
    # The references that are proposed will do.
    proposed = [re.findall(r"volunteer-[a-z2-7]{24}", line)[0] for line in said[:2]]
    rows = [kari(f"k{n}@example.org", volunteer=reference) for n, reference in enumerate(proposed)]
    assert imported(HEAD, *rows)[0] == 0
    assert len(service.sent) == 2


def test_rows_that_say_whom_they_are_about_add_to_one_another_and_contradict_nothing(
    imported: Import, service: Service
) -> None:
    first = kari("k@example.org", volunteer=REFERENCE, programme="flyktningguide-bergen")
    second = kari("k@example.org", volunteer=REFERENCE, programme="flyktningguide-voss")
    assert imported(HEAD, first, second)[0] == 0
    assert len(service.sent) == 2
    status, said = imported(HEAD, first, second.replace("k@", "q@"))
    assert (status, len(service.sent)) == (1, 2)
    assert said[0].startswith("row 2, volunteer: row 3 has this reference too and another RegisterVolunteer")
    assert said[1].startswith("row 3, volunteer: row 2 has")


def test_a_row_that_stands_there_twice_is_told_and_sent_once(imported: Import, service: Service) -> None:
    meeting = "pair-aaaaaaaaaaaaaaaa,2026-09-07,2"
    rows = ["pair,held_on,hours", meeting, meeting.replace("2026", "2025"), meeting]
    status, said = imported(*rows, name="meetings.csv")
    assert (status, [row for row, *_ in service.sent]) == (0, [2, 3])
    assert said == [
        "row 4: the same as row 2, and left out",
        "import: 3 rows, 2 accepted, 0 pending, 0 refused, 1 the same as another",
    ]


def test_a_row_that_is_another_but_for_a_cell_that_nothing_takes_is_a_fault(
    imported: Import, service: Service
) -> None:
    row = kari("k@example.org")
    _, said = imported(HEAD, row, f"{row.removesuffix(';')}bergen;")
    assert (service.sent, [line.partition(":")[0] for line in said]) == ([], ["row 3, programme", "import"])


def berit(email: str, contact: str = "8.9.2026", training: str = "9.9.2026") -> tuple[str, str]:
    row = kari(email, programme="flyktningguide-bergen").replace("Kari", "Berit")
    return f"{HEAD};{MORE}", f"{row};{contact};contact-2026-1.nb;{training}"


WHOLE = ["RegisterVolunteer", "JoinProgramme", "RecordConsent", "RecordCheck"]


def test_of_a_row_that_changed_only_what_changed_is_sent(imported: Import, service: Service) -> None:
    for row in (berit("a@example.org"), berit("b@example.org"), berit("b@example.org")):
        assert imported(*row) == (0, ["import: 1 rows, 1 accepted, 0 pending, 0 refused"])
    imported(*berit("a@example.org"))
    assert service.commands == [WHOLE, WHOLE[:1], WHOLE[:1], WHOLE[:1]]
    first, second, third, fourth = (id_ for _, id_, _ in service.sent)
    assert second == third
    assert len({first, second, fourth}) == 3
    # Neither is there anything to send of a row that says less than before.
    _, less = berit("a@example.org")
    assert imported(f"{HEAD};{MORE}", less.removesuffix("9.9.2026"))[1] == [
        "import: 1 rows, 1 accepted, 0 pending, 0 refused"
    ]
    assert len(service.sent) == 4


def test_what_was_changed_and_is_as_before_again_is_sent_again(imported: Import, service: Service) -> None:
    days = ("8.9.2026", "9.9.2026", "8.9.2026", "9.9.2026", "9.9.2026")
    for day in days:
        imported(*berit("a@example.org", contact=day))
    assert service.commands[:4] == [WHOLE, WHOLE[2:3], WHOLE[2:3], WHOLE[2:3]]
    ids = [id_ for _, id_, _ in service.sent]
    assert len(set(ids[:4])) == 4
    assert ids[4] in ids[:4]


def test_of_a_row_that_was_refused_in_part_that_part_is_sent_anew(imported: Import, service: Service) -> None:
    service.outcomes = {"RegisterVolunteer": "accepted", "RecordCheck": "rejected"}
    assert imported(*berit("a@example.org"))[0] == 1
    service.outcomes = {}
    for _ in range(2):
        assert imported(*berit("a@example.org"))[0] == 0
    assert service.commands == [WHOLE, WHOLE[3:], WHOLE[3:]]
    (_, refused, _), (_, anew, _), (_, again, _) = service.sent
    assert refused != anew == again


def test_what_waits_is_not_taken_for_accepted(imported: Import, service: Service) -> None:
    service.outcomes = {"RecordConsent": "pending"}
    assert imported(*berit("a@example.org")) == (
        0,
        [
            "row 2, RecordConsent: waits for red_cross_oslo",
            "import: 1 rows, 0 accepted, 1 pending, 0 refused",
        ],
    )
    imported(*berit("b@example.org"))
    assert service.commands == [WHOLE, [WHOLE[0], WHOLE[2]]]


def test_a_journal_without_parts_is_read_and_its_rows_are_the_same_records(
    imported: Import, service: Service, tmp_path: Path
) -> None:
    imported(*berit("a@example.org"))
    journal = tmp_path / "volunteers.csv.kobling.json"
    kept = json.loads(journal.read_text())
    journal.write_text(json.dumps({name: kept[name] for name in ("salt", "subjects", "records")}))
    imported(*berit("a@example.org"))
    assert service.sent[0] == service.sent[1]
    imported(*berit("b@example.org"))
    assert service.commands[2] == WHOLE[:1]
    journal.write_text(json.dumps({name: kept[name] for name in ("salt", "subjects", "records")}))
    imported(*berit("b@example.org"))
    assert service.commands[3] == WHOLE


async def test_topics_of_answers_that_no_broker_serves_are_not_waited_for_longer_than_the_rest(
    tmp_path: Path,
) -> None:
    file = tmp_path / "meetings.csv"
    file.write_text("pair,held_on,hours\npair-aaaaaaaaaaaaaaaa,2026-09-07,2")
    items = items_of_table(file, "meetings", OPERATOR, Journal.beside(file))
    producer, consumer = AsyncMock(), AsyncMock(assign=Mock())
    consumer.position = lambda _: asyncio.Event().wait()
    line = Line(Cluster(""), "", 0.05, producer, consumer)
    async with asyncio.timeout(5):
        with pytest.raises(AdministrationError, match="Nothing was sent"):
            await line.send(items, dry_run=False, progress=Mock())
    producer.send.assert_not_called()
