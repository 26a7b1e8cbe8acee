"""Field types and base classes that all contracts share.

Everything is validated strictly: no number is read from a string, no date from a number. Dates are
`YYYY-MM-DD`, instants RFC 3339 with a zone; both must lie between 1900 and 2200, so that a year 0001 or
9999 (a placeholder of many case systems) is refused and not stored.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from shared.contracts import example
from shared.contracts.published import PRIVATE, PUBLISHED, REGISTERED

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAY_LENGTH = len("2026-11-22")
_PART_OF_A_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2}))?", re.ASCII)
_FINER = re.compile(r"(\.\d{6})\d+", re.ASCII)
_MICROSECONDS = len("2026-11-22T09:00:00.000000Z")
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt](?:[01]\d|2[0-3]):\d{2}(:\d{2}(\.\d{1,9})?)?"
    r"([Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)",
    re.ASCII,
)

_DAYS = (
    # Leap years of 1900 to 2200; 1900, 2100 and 2200 are none.
    r"(?:(?:(?:19|21)(?:0[48]|[2468][048]|[13579][26])|20(?:[02468][048]|[13579][26]))-02-29"
    r"|(?:19[0-9]{2}|2[01][0-9]{2}|2200)-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8])))"
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_OFFSET = r"[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?"
DAY_PATTERN = f"^{_DAYS}$"
"""What `parse_day` takes, for schemas."""
BIRTH_PATTERN = rf"^(?:(?:19[0-9]{{2}}|2[01][0-9]{{2}}|2200)(?:-(?:0[1-9]|1[0-2]))?|{_DAYS})$"
"""What `parse_birth` takes, for schemas."""
INSTANT_PATTERN = rf"^{_DAYS}[Tt]{_CLOCK}(?::[0-5][0-9](?:\.[0-9]{{1,9}})?)?(?:[Zz]|{_OFFSET})$"
"""What `parse_instant` takes, for schemas: JSON Schema's `date-time` asks for seconds."""


def parse_day(value: Any) -> date:
    """A calendar day from `YYYY-MM-DD`; raises `date_invalid` or `date_out_of_range`."""
    return _day(value) if isinstance(value, str) else _in_range(value)


# Bounded: senders write them. Most days stand in many records.
@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise PydanticCustomError("date_invalid", "must be a date such as 2026-11-22")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("date_invalid", "must be a day that exists") from None
    return _in_range(day)


def _in_range(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise PydanticCustomError("date_invalid", "must be a date such as 2026-11-22")
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise PydanticCustomError("date_out_of_range", "must lie between the years 1900 and 2200")
    return value


_ENOUGH = {"beside": "a year or a month is enough, such as 1994 or 1994-03"}


def parse_birth(value: Any) -> str:
    """A date of birth as far as it is known: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`. Raises as `parse_day`."""
    if isinstance(value, str) and len(value) < _DAY_LENGTH and (part := _PART_OF_A_DATE.fullmatch(value)):
        parse_day(f"{part['year']}-{part['month'] or '01'}-01")
        return value
    try:
        return parse_day(value).isoformat()
    except PydanticCustomError as error:
        raise PydanticCustomError(error.type, error.message_template, _ENOUGH) from None


def parse_instant(value: Any) -> datetime:
    """A moment in UTC from RFC 3339, seconds or not, the offset as `+02:00`, `+0200` or `+02`; raises
    `time_invalid`, `time_without_zone` or `date_out_of_range`.
    """
    if isinstance(value, str):
        if not _INSTANT.fullmatch(value):
            code = "time_without_zone" if _INSTANT.fullmatch(value + "Z") else "time_invalid"
            raise PydanticCustomError(code, "must be a moment with a zone, such as 2026-11-22T09:00:00Z")
        # Digits beyond the microsecond are cut: datetime holds no more.
        cut = _FINER.sub(r"\1", value.upper()) if len(value) > _MICROSECONDS else value.upper()
        try:
            value = datetime.fromisoformat(cut)
        except ValueError:
            raise PydanticCustomError("time_invalid", "must be a moment that exists") from None
    if not isinstance(value, datetime):
        raise PydanticCustomError(
            "time_invalid", "must be a moment with a zone, such as 2026-11-22T09:00:00Z"
        )
    if value.tzinfo is None:
        raise PydanticCustomError("time_without_zone", "must name its zone, such as 2026-11-22T09:00:00Z")
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise PydanticCustomError("date_out_of_range", "must lie between the years 1900 and 2200")
    return value.astimezone(UTC)


def format_instant(value: datetime) -> str:
    """RFC 3339 in UTC with `Z`; microseconds only where there are any."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Day = Annotated[date, BeforeValidator(parse_day), WithJsonSchema({"type": "string", "format": "date"})]
BirthDate = Annotated[
    str, BeforeValidator(parse_birth), WithJsonSchema({"type": "string", "pattern": BIRTH_PATTERN})
]
"""A date of birth as far as it is known: a day, a month or a year."""

Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

Municipality = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9-]{2,40}$"), Field(examples=[example.MUNICIPALITY]), REGISTERED
]
"""A municipality as it stands in topic names: country and code, such as `no-4601` or `dk-751`."""

OperatorId = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9-]{2,40}$"), Field(examples=[example.OPERATOR]), REGISTERED
]
"""An operator's account as it stands in topic names; never a person's name."""

CASE_PATTERN = r"^[A-Za-z0-9._:/-]{1,64}$"
CaseReference = Annotated[
    str, StringConstraints(pattern=CASE_PATTERN), Field(examples=[example.CASE]), PRIVATE
]
"""A municipality's own reference of a case, such as `2026/4821`; never a personal number."""

CODE_PATTERN = r"^[a-z][a-z0-9_]{0,59}$"
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
"""A machine-readable word: reasons, rejection codes, kinds of check, areas of interest."""

ProgrammeName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9-]{2,60}$"), Field(examples=[example.PROGRAMME]), REGISTERED
]
PackVersion = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,4}\.[0-9]{1,4}$"),
    Field(examples=[example.PACK_VERSION]),
    REGISTERED,
]
TextVersion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$"), PUBLISHED]
LANGUAGE_PATTERN = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
LOCALE_PATTERN = LANGUAGE_PATTERN.replace("(-", "([-_]")
"""What is read as a language tag: Java writes `nb_NO`."""
LanguageCode = Annotated[str, StringConstraints(pattern=LANGUAGE_PATTERN), PUBLISHED]
"""A BCP 47 language tag, such as `nb`, `ti` or `ar-SY`: in its one form in what Kobling publishes."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""One line of human text: a name, a street, an occupation."""


PRINTABLE_PATTERN = (
    r"^[^\u0000-\u001f\u007f-\u00a0\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u1680\u180e"
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\uf8ff\ufeff\ufff9-\ufffb]*$"
)
"""None of Unicode's control, format, private and separating characters but the space, of 16 bits. Written
out, as Unicode's tables differ between versions of Python and validators of schemas.
"""
_PRINTABLE = re.compile(PRINTABLE_PATTERN)


def _printable(text: str) -> str:
    if not _PRINTABLE.fullmatch(text):
        raise PydanticCustomError(
            "unprintable_character", "must hold no line breaks or other invisible signs"
        )
    return text


PrintableLine = Annotated[
    Line, AfterValidator(_printable), Field(json_schema_extra={"pattern": PRINTABLE_PATTERN})
]
"""A line that administrators write and that is published."""

Subject = Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z0-9]{16,40}$")]
"""A random reference: a prefix and at least 80 random bits in base 32, never derived from a person."""

PageSize = Annotated[int, Field(ge=1, le=200)]
"""How many a page of a list has at most."""

Count = Annotated[int, Field(ge=0, le=2**31)]
Offset = Annotated[int, Field(ge=0, lt=2**63)]
Gender = Literal["female", "male", "other"]
Side = Literal["receiving", "giving"]
Hours = Annotated[float, Field(ge=0, le=168, allow_inf_nan=False)]
"""Hours a week; whole or with decimals."""


class Contract(BaseModel):
    """Base of every message's data.

    An unknown field is an error where outside systems write, since dropping it would lose data. Readers of
    what Kobling publishes validate with `extra="ignore"`, so that a newer writer does not stop them.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    def goes_out(self) -> bool:
        """Whether the fields marked as published are, of this very record."""
        return True
