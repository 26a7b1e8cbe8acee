"""Files as spreadsheets write them: the encoding and the delimiter are found out."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from kobling.errors import AdministrationError

DEEPEST = 50
"""Most lists and objects within each other in a line, far more than any command has."""
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

    Raises AdministrationError for a file without columns, or with one twice, and for a row that can't be read
    or has more cells than there are columns.
    """
    with _naming(path):
        text = _text(path)
        records = _records(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
        _, head = next(records, (1, []))
        columns = [_name(cell) for cell in head]
        named = [column for column in columns if column]
        if not named:
            raise AdministrationError("the file has no columns: its first line must name them")
        if twice := sorted({column for column in named if named.count(column) > 1}):
            raise AdministrationError(f"columns stand there twice: {', '.join(twice)}")
        return list(_rows(records, columns))


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """The texts of each row, and the line on which it begins."""
    first = 1
    try:
        for cells in reader:
            yield first, [cell.strip() for cell in cells]
            first = reader.line_num + 1
    except csv.Error:
        raise AdministrationError(
            f"row {first} has a cell of more than {csv.field_size_limit():,} characters: close the quotation "
            "mark that is left open there, or shorten the cell"
        ) from None


def _rows(records: Iterator[tuple[int, list[str]]], columns: list[str]) -> Iterator[Row]:
    for first, texts in records:
        if any(texts[len(columns) :]):
            raise AdministrationError(
                f"row {first} has more cells than there are columns: "
                "put texts that hold the delimiter in quotes"
            )
        if len(texts) == 1 and _holds_several(texts[0], len(columns)):
            raise AdministrationError(
                f"row {first} is one cell where the first line has {len(columns)}: "
                "write all lines with the same delimiter"
            )
        found = {column: text for column, text in zip(columns, texts, strict=False) if text and column}
        if found:
            yield Row(first, found)


def lines(path: Path) -> list[Line]:
    """The objects of a file with one on each line. Raises AdministrationError for a line that holds none, or
    one that can't be sent.
    """
    with _naming(path):
        return [
            Line(number, _document(number, line))
            for number, line in enumerate(_text(path).splitlines(), start=1)
            if line.strip()
        ]


def _document(number: int, line: str) -> dict[str, Any]:
    deep = f"line {number} has more than {DEEPEST} lists and objects within each other: send less in one"
    try:
        document = json.loads(line)
    except ValueError:
        document = None
    except RecursionError:
        raise AdministrationError(deep) from None
    if not isinstance(document, dict):
        raise AdministrationError(f"line {number} is no JSON object: write one on each line")
    if _depth(document) > DEEPEST:
        raise AdministrationError(deep)
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise AdministrationError(
            f"line {number} has half a character (one of \\ud800 to \\udfff alone): write the whole character"
        ) from None
    return document


def _depth(document: Any) -> int:
    """How many lists and objects lie within each other."""
    depth, level = 0, [document]
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        level = [each for one in level for each in (one.values() if isinstance(one, dict) else one)]
    return depth


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Has errors begin with the file's name."""
    try:
        yield
    except AdministrationError as error:
        raise AdministrationError(f"{path.name}: {error}") from None


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


def _holds_several(cell: str, columns: int) -> bool:
    """Whether a line that is one cell has as many as there are columns under another delimiter. Of two
    columns it may as well be a text with a comma, and nothing behind it.
    """
    return columns > 2 and any(cell.count(sign) == columns - 1 for sign in DELIMITERS)  # noqa: PLR2004


def _name(cell: str) -> str:
    """A column's name in its one form: `Given name` and `given_name` are the same."""
    name = "_".join(cell.lower().replace("-", " ").split())
    return name.replace(":_", ":")
