"""What an import makes of its rows, from the file to its last line; the services are made up."""

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from kobling.importing import running
from kobling.importing.reading import Item
from kobling.importing.running import Wish
from kobling.importing.sending import Line

OPERATOR = "bergen-redcross-1"
HEAD = (
    "municipality;given_name;email;preferred_language;languages;registered_on;volunteer;programme;joined_on"
)
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

    async def send(self, items: Sequence[Item], *, dry_run: bool, progress: Any) -> list[dict[str, Any]]:
        if dry_run:
            self.tried += [item.row for item in items]
            return [{"name": "CommandPreviewed"} for _ in items]
        self.sent += [(item.row, item.sent.id, [part.message.name for part in item.parts]) for item in items]
        return [{"name": "CommandAccepted", "result": {"results": self._results(item)}} for item in items]

    def _results(self, item: Item) -> list[dict[str, Any]]:
        outcomes = [self.outcomes.get(part.message.name, "accepted") for part in item.parts]
        return [{"outcome": outcome, "code": "no", "message": "No."} for outcome in outcomes]

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
        status = asyncio.run(running.run(Wish(file, None, OPERATOR, "", "", trial=False)))
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
