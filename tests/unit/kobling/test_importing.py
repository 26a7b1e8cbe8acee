"""Files as spreadsheets write them, and what their rows ask for; nothing is sent."""

from pathlib import Path

import pytest

from kobling.errors import AdministrationError
from kobling.importing import cells
from kobling.importing.files import rows
from kobling.importing.journal import Journal
from kobling.importing.reading import Item, faults_of, items_of_lines, items_of_table

OPERATOR = "bergen-redcross-1"
HEAD = "Municipality;Given name;Family name;Birth date;Gender;Preferred language;Languages;Registered on"
BERIT = "no-4601;Berit;Eksempel-Klippe;15.7.1971;female;nb;nb native, en;7.9.2026"


def table(directory: Path, *lines: str, encoding: str = "utf-8") -> Path:
    file = directory / "volunteers.csv"
    file.write_bytes("\r\n".join(lines).encode(encoding))
    return file


def volunteers(file: Path) -> list[Item]:
    return items_of_table(file, "volunteers", OPERATOR, Journal.beside(file))


def told(items: list[Item]) -> list[str]:
    return [str(fault) for fault in faults_of(items)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_encoding_and_delimiter_are_found_out(tmp_path: Path, encoding: str, delimiter: str) -> None:
    line = delimiter.join(["Bjørg", '"Eksempel, Å; |"'])
    file = table(tmp_path, delimiter.join(["given name", "Family-name"]), line, "", encoding=encoding)
    (row,) = rows(file)
    assert row == (2, {"given_name": "Bjørg", "family_name": "Eksempel, Å; |"})


def test_rows_are_numbered_as_the_file_has_them(tmp_path: Path) -> None:
    file = table(tmp_path, "a;b", '"two\nlines";', ";", "x;y")
    assert [row.number for row in rows(file)] == [2, 5]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["", "x"], "has no columns"),
        (["a;A", "1;2"], "twice: a"),
        (["a;b", "1;2;3"], "row 2 has more cells"),
        (["a;b;c", "1;2;3", "1,2,3"], "row 3 is one cell where the first line has 3: .* same delimiter"),
        (["a;b", "1;2", '"' + "x" * 131_073], r"^volunteers\.csv: row 3 has a cell .* quotation mark"),
        (["x" * 131_073], "row 1 has a cell of more than 131,072 characters"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(AdministrationError, match=message):
        rows(table(tmp_path, *lines))


def test_cells_are_read_as_they_are_written_in_the_north() -> None:
    assert [cells.day(text) for text in ("9.3.1994", "09/03/1994", "1994-03-09", "March")] == [
        "1994-03-09",
        "1994-03-09",
        "1994-03-09",
        "March",
    ]
    assert [cells.decimal(text) for text in ("2,5", "2.5", "2", "two")] == [2.5, 2.5, 2.0, "two"]
    assert [cells.answer(text) for text in ("Ja", "nei", "NEJ", "perhaps")] == [True, False, False, "perhaps"]
    assert cells.codes("cooking, Long walks") == ["cooking", "long_walks"]
    assert cells.languages("ti native; nb:basic,en") == [
        {"code": "ti", "level": "native"},
        {"code": "nb", "level": "basic"},
        {"code": "en", "level": "fluent"},
    ]


def test_a_row_asks_for_all_that_it_tells_of_a_volunteer_in_order(tmp_path: Path) -> None:
    head = f"{HEAD};Programme;Joined on;Consent: matching;Text version;Check: police certificate;Approved on"
    more = "flyktningguide-bergen;8.9.2026;8.9.2026;matching-2026-1.nb;14.9.2026;21.9.2026"
    (item,) = volunteers(table(tmp_path, head, f"{BERIT};{more}"))
    assert told([item]) == []
    assert [part.message.name for part in item.parts] == [
        "RegisterVolunteer",
        "JoinProgramme",
        "RecordConsent",
        "RecordCheck",
        "ApproveVolunteer",
    ]
    assert item.parts[0].data["person"]["birth_date"] == "1971-07-15"
    assert item.parts[3].data == {"reason": "imported", "kind": "police_certificate", "seen_on": "2026-09-14"}


def test_faults_name_row_and_column_and_quote_nothing(tmp_path: Path) -> None:
    wrong = "no-4601;Berit;Eksempel-Klippe;soon;woman;nb;nb well;7.9.2026"
    file = table(tmp_path, HEAD, BERIT, wrong, "Bergen!;Berit;Eksempel-Klippe;1971;female;nb;nb;")
    faults = told(volunteers(file))
    assert [fault.partition(":")[0] for fault in faults] == [
        "row 3, birth_date",
        "row 3, gender",
        "row 3, languages",
        "row 4, municipality",
        "row 4, registered_on",
    ]
    assert not any(text in fault for fault in faults for text in ("Klippe", "soon", "woman", "well"))
    (gender,) = [fault for fault in faults if "gender" in fault]
    assert gender.endswith(" One of: female, male, other.")


def test_cells_of_what_a_row_does_not_ask_for_are_faults(tmp_path: Path) -> None:
    head = f"{HEAD};Programme;Joined on;Interviewed on;Weekly hours;Activities;Text version;Consent: matching"
    rows = [
        "bergen;;;;;;",
        ";;;2,5;cooking;;",
        ";;;;;matching-2016-1.nb;",
        "bergen;8.9.2026;;;;matching-2016-1.nb;8.9.2026",
        ";;;;;;",
    ]
    faults = told(volunteers(table(tmp_path, head, *[f"{BERIT};{row}" for row in rows])))
    ending = ": fill in that day too, or empty this cell"
    assert all(fault.endswith(ending) for fault in faults)
    assert [fault.removesuffix(ending) for fault in faults] == [
        "row 2, programme: is taken only with joined_on or interviewed_on or approved_on",
        "row 3, weekly_hours: is taken only with interviewed_on",
        "row 3, activities: is taken only with interviewed_on",
        "row 4, text_version: is taken only with consent:<purpose>",
    ]


def test_a_column_that_nobody_knows_is_told_with_the_nearest(tmp_path: Path) -> None:
    file = table(tmp_path, f"{HEAD};Capacitet", f"{BERIT};2")
    with pytest.raises(AdministrationError, match="column capacitet is unknown: did you mean capacity"):
        volunteers(file)
    meetings = tmp_path / "meetings.csv"
    meetings.write_text("held_on,hours\n2026-12-02,2\n")
    with pytest.raises(AdministrationError, match="lacks the column pair"):
        items_of_table(meetings, "meetings", OPERATOR, Journal.beside(meetings))


def test_the_same_row_is_the_same_record_and_a_changed_one_the_same_volunteer(tmp_path: Path) -> None:
    file = table(tmp_path, HEAD, BERIT)
    journal = Journal.beside(file)
    (first,) = items_of_table(file, "volunteers", OPERATOR, journal)
    journal.save()
    other = BERIT.replace("Berit", "Bodil")
    moved = volunteers(table(tmp_path, HEAD, other, BERIT))
    assert [item.sent == first.sent for item in moved] == [False, True]
    assert moved[0].sent.subject != first.sent.subject
    (changed,) = volunteers(table(tmp_path, HEAD, BERIT.replace("female", "other")))
    assert changed.sent.subject == first.sent.subject
    assert changed.sent.id != first.sent.id
    journal.forget(first.sent)
    assert next(iter(items_of_table(file, "volunteers", OPERATOR, journal))).sent.id != first.sent.id


def test_the_journal_holds_nothing_of_anybody_and_is_its_owner_s(tmp_path: Path) -> None:
    file = table(tmp_path, HEAD, BERIT)
    journal = Journal.beside(file)
    items_of_table(file, "volunteers", OPERATOR, journal)
    journal.save()
    kept = journal.path.read_text()
    assert not any(text in kept.casefold() for text in ("berit", "klippe", "1971"))
    assert journal.path.stat().st_mode & 0o077 == 0


def test_a_line_is_a_command_of_the_service_that_takes_it(tmp_path: Path) -> None:
    file = tmp_path / "commands.jsonl"
    data = '{"reason":"routine","held_on":"2026-12-02","hours":2}'
    file.write_text(
        f'{{"command":"LogMeeting","subject":"pair-aaaaaaaaaaaaaaaa","data":{data},"expectedrevision":7}}\n\n'
        '{"command":"DiscardDeadLetter","service":"intake","subject":"x","data":{"reason":"sent_twice"}}\n'
    )
    first, second = items_of_lines(file, OPERATOR, Journal.beside(file))
    assert (first.topic.name, first.parts[0].expected_revision) == ("commands.matching.<operator>.v1", 7)
    assert (second.row, second.topic.name) == (3, "commands.intake.<operator>.v1")
    for line in ("nonsense", '{"command":"DiscardDeadLetter","subject":"x","data":{}}', '{"command":"No"}'):
        file.write_text(line)
        with pytest.raises(AdministrationError, match="line 1"):
            items_of_lines(file, OPERATOR, Journal.beside(file))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"command":"LogMeeting","subject":"\\ud800","data":{}}', "half a character"),
        ('{"command":"LogMeeting","subject":"x","data":{"\\udfff":1}}', "half a character"),
        ('{"command":"LogMeeting","subject":"x","data":{"a":' + "[" * 49 + "]" * 49 + "}}", "more than 50"),
        ('{"command":"LogMeeting","subject":"x","data":' + '{"a":' * 99_999, "more than 50 lists"),
        ('{"command":"LogMeeting","subject":"x","data":{"a":' + "1" * 5_000 + "}}", "is no JSON object"),
        ('{"command":"LogMeeting","subject":"x","data":{},"service":[]}', "must be an object of command"),
    ],
)
def test_a_line_that_cannot_be_sent_says_why(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "commands.jsonl"
    file.write_text(f"\n{line}")
    with pytest.raises(AdministrationError, match=f"line 2 .*{message}"):
        items_of_lines(file, OPERATOR, Journal.beside(file))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"salt":"", "subjects":{}}', "\xff"])
def test_a_journal_that_cannot_be_read_is_named_with_what_to_do(tmp_path: Path, content: str) -> None:
    file = tmp_path / "volunteers.csv"
    file.with_name("volunteers.csv.kobling.json").write_text(content, encoding="latin-1")
    with pytest.raises(AdministrationError, match=r"^volunteers\.csv\.kobling\.json is no .* from a copy"):
        Journal.beside(file)
