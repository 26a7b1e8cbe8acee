"""Files as spreadsheets write them: the encoding and the delimiter are found out."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kobling.administration import AdministrationError

DELIMITERS = ";,\t|"
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Row(NamedTuple):
    """A line of a table: its number in the file, from 1, and the cells that hold anything, by column."""

    number: int
    cells: Mapping[str, str]


class Line(NamedTuple):
    """A line of JSON: its number in the file, and its object."""

    number: int
    document: dict[str, Any]


def rows(path: Path) -> list[Row]:
    """The rows of a table whose first line names its columns; those that are empty are left out.

    Raises AdministrationError for a file without columns, or with one twice, and for a row that has more
    cells than there are columns.
    """
    text = _text(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    columns = [_name(cell) for cell in next(reader, [])]
    named = [column for column in columns if column]
    if not named:
        raise AdministrationError("the file has no columns: its first line must name them")
    if twice := sorted({column for column in named if named.count(column) > 1}):
        raise AdministrationError(f"columns stand there twice: {', '.join(twice)}")
    return list(_rows(reader, columns))


def _rows(reader: Any, columns: list[str]) -> Iterator[Row]:
    first = 2
    for cells in reader:
        texts = [cell.strip() for cell in cells]
        if any(texts[len(columns) :]):
            raise AdministrationError(
                f"row {first} has more cells than there are columns: "
                "put texts that hold the delimiter in quotes"
            )
        found = {column: text for column, text in zip(columns, texts, strict=False) if text and column}
        if found:
            yield Row(first, found)
        first = reader.line_num + 1


def lines(path: Path) -> list[Line]:
    """The objects of a file with one on each line. Raises AdministrationError for a line that holds none."""
    found = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except json.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise AdministrationError(f"line {number} is no JSON object")
        found.append(Line(number, document))
    return found


def _text(path: Path) -> str:
    """UTF-8, or UTF-16 where its mark says so, as Excel's Unicode text has it; else Windows' code page of
    western Europe, which all that is no UTF-8 is in Norway and Denmark. Statistics would find others.
    """
    content = path.read_bytes()
    encodings = [encoding for mark, encoding in _MARKS if content.startswith(mark)] or ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AdministrationError("the file's encoding was not recognised: save it as UTF-8")


def _delimiter(text: str) -> str:
    """The one of the `DELIMITERS` that the first line has most of."""
    head = text.partition("\n")[0]
    return max(DELIMITERS, key=head.count)


def _name(cell: str) -> str:
    """A column's name in its one form: `Given name` and `given_name` are the same."""
    name = "_".join(cell.lower().replace("-", " ").split())
    return name.replace(":_", ":")
