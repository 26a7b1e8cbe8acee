"""Which column of a table is which field of which record, and what of a table's kind one row asks for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple

from kobling.importing import cells
from kobling.importing.cells import Read
from kobling.importing.files import Row

Kind = Literal["volunteers", "settlements", "meetings"]


class Field(NamedTuple):
    """Where a column's value goes in a record's data, as a path with dots, and how its cell is read."""

    path: str
    read: Read = cells.text


@dataclass(frozen=True, slots=True)
class Step:
    """A record that a row may ask for: its name, and its columns. It is asked for where its column `begins`
    is filled in, or always where there is none.
    """

    name: str
    fields: Mapping[str, Field]
    begins: str | None = None
    reason: str | None = "imported"
    constants: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A record that a row asks for: its name and data, and the column of each field of it."""

    name: str
    data: dict[str, Any]
    columns: Mapping[str, str]


_PERSON = {
    "given_name": Field("person.given_name"),
    "family_name": Field("person.family_name"),
    "birth_date": Field("person.birth_date", cells.day),
    "gender": Field("person.gender"),
    "phone": Field("person.phone"),
    "email": Field("person.email"),
    "address": Field("person.address"),
    "preferred_language": Field("person.preferred_language"),
    "languages": Field("languages", cells.languages),
    "interests": Field("interests", cells.codes),
    "occupation": Field("occupation"),
    "education": Field("education"),
}
_VOLUNTEER = {
    **_PERSON,
    "municipality": Field("municipality"),
    "adults": Field("adults", cells.whole),
    "minors": Field("minors", cells.whole),
    "capacity": Field("capacity", cells.whole),
    "travel_km": Field("travel_km", cells.whole),
    "registered_on": Field("registered_on", cells.day),
}
_SETTLEMENT = {
    **_PERSON,
    "protection": Field("protection"),
    "expected_arrival_on": Field("expected_arrival_on", cells.day),
    "arrived_on": Field("arrived_on", cells.day),
    "settled_on": Field("settled_on", cells.day),
    "placement": Field("placement.kind"),
    "placed_on": Field("placement.placed_on", cells.day),
    "district": Field("placement.district"),
    "household": Field("household.reference"),
    "adults": Field("household.adults", cells.whole),
    "minors": Field("household.minors", cells.whole),
    "unaccompanied_minor": Field("unaccompanied_minor", cells.answer),
    "from_municipality": Field("from.municipality"),
    "from_case": Field("from.case"),
}
_INTERVIEW = {
    "programme": Field("programme"),
    "interviewed_on": Field("held_on", cells.day),
    "weekly_hours": Field("expectations.weekly_hours", cells.decimal),
    "activities": Field("expectations.activities", cells.codes),
    "contact": Field("expectations.contact"),
    "weekday_morning": Field("availability.weekday_morning", cells.decimal),
    "weekday_afternoon": Field("availability.weekday_afternoon", cells.decimal),
    "weekday_evening": Field("availability.weekday_evening", cells.decimal),
    "weekend": Field("availability.weekend", cells.decimal),
    "wished_gender": Field("wishes.guide_gender"),
    "interpreter_ok": Field("wishes.interpreter_ok", cells.answer),
}
_WITHOUT_WISHES: Mapping[str, Any] = {"wishes": {}, "availability": {}, "expectations": {"activities": []}}

STEPS: Mapping[Kind, Sequence[Step]] = {
    "volunteers": (
        Step("RegisterVolunteer", _VOLUNTEER),
        Step(
            "JoinProgramme",
            {"programme": Field("programme"), "joined_on": Field("joined_on", cells.day)},
            begins="joined_on",
        ),
        Step("RecordInterview", _INTERVIEW, begins="interviewed_on", constants=_WITHOUT_WISHES),
        Step(
            "ApproveVolunteer",
            {"programme": Field("programme"), "approved_on": Field("decided_on", cells.day)},
            begins="approved_on",
        ),
    ),
    "settlements": (Step("PersonSettled", _SETTLEMENT, reason=None),),
    "meetings": (
        Step(
            "LogMeeting",
            {"held_on": Field("held_on", cells.day), "hours": Field("hours", cells.decimal)},
        ),
    ),
}
KEYS: Mapping[Kind, tuple[str, ...]] = {
    "volunteers": ("volunteer",),
    "settlements": ("case", "municipality"),
    "meetings": ("pair",),
}
"""Columns that say whom a row is about, beside the fields of its records."""
NEEDED: Mapping[Kind, tuple[str, ...]] = {
    "volunteers": (),
    "settlements": KEYS["settlements"],
    "meetings": KEYS["meetings"],
}
"""Of these those that each row fills in. A volunteer without a reference gets one."""

_CONSENT, _CHECK, _TEXT = "consent:", "check:", "text_version"


def unknown(kind: Kind, columns: Sequence[str]) -> Iterator[str]:
    """A line for each column that a table of this kind doesn't have, with the nearest that it has."""
    known = [*KEYS[kind], *(column for step in STEPS[kind] for column in step.fields)]
    more = [f"{_CONSENT}<purpose>", f"{_CHECK}<kind>", _TEXT] if kind == "volunteers" else []
    for column in columns:
        if column in known or (kind == "volunteers" and _is_more(column)):
            continue
        close = get_close_matches(column, known, n=1)
        meant = f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted({*known, *more}))}"
        yield f"column {column} is unknown: {meant}"


def asked(kind: Kind, row: Row) -> Iterator[Asked]:
    """The records that a row asks for, in the order in which they are to be sent."""
    steps = STEPS[kind]
    for step in steps:
        # What a volunteer consented to and showed stands before what is decided by it.
        if step.name == "ApproveVolunteer":
            yield from _consents_and_checks(row)
        if _begun(step, row):
            yield _of_step(step, row)


def idle(kind: Kind, row: Row) -> Iterator[tuple[str, str]]:
    """Columns that are filled in though nothing that the row asks for takes them, with what to do."""
    steps = STEPS[kind]
    taken = {column for step in steps if _begun(step, row) for column in step.fields}
    for column in row.cells:
        begins = [step.begins for step in steps if step.begins and column in step.fields]
        if column == _TEXT and not any(one.startswith(_CONSENT) for one in row.cells):
            begins = [f"{_CONSENT}<purpose>"]
        if begins and column not in taken:
            yield (
                column,
                f"is taken only with {' or '.join(begins)}: fill in that day too, or empty this cell",
            )


def _begun(step: Step, row: Row) -> bool:
    return step.begins is None or step.begins in row.cells


def _of_step(step: Step, row: Row) -> Asked:
    data: dict[str, Any] = {} if step.reason is None else {"reason": step.reason}
    for path, constant in step.constants.items():
        _put(data, path, dict(constant))
    columns = {}
    for column, place in step.fields.items():
        columns[place.path] = column
        if column in row.cells:
            _put(data, place.path, place.read(row.cells[column]))
    return Asked(step.name, data, columns)


def _consents_and_checks(row: Row) -> Iterator[Asked]:
    for column, cell in row.cells.items():
        if column.startswith(_CONSENT):
            data = {"purpose": column.removeprefix(_CONSENT), "given_on": cells.day(cell)}
            version = {"text_version": row.cells[_TEXT]} if _TEXT in row.cells else {}
            columns = {"purpose": column, "given_on": column, "text_version": _TEXT}
            yield Asked("RecordConsent", {"reason": "imported", **data, **version}, columns)
    for column, cell in row.cells.items():
        if column.startswith(_CHECK):
            data = {"kind": column.removeprefix(_CHECK), "seen_on": cells.day(cell)}
            yield Asked("RecordCheck", {"reason": "imported", **data}, {"kind": column, "seen_on": column})


def _is_more(column: str) -> bool:
    return column.startswith((_CONSENT, _CHECK)) or column == _TEXT


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    *within, name = path.split(".")
    for part in within:
        data = data.setdefault(part, {})
    data[name] = value
