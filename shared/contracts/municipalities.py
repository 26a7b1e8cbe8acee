"""Municipalities by what senders call them: as in topics' names, or by their official number alone."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.contracts import example

TOLD_PATTERN = r"^(?:[Nn][Oo]-[0-9]{4}|[Dd][Kk]-0?[0-9]{3}|[0-9]{3,4})$"
"""What senders may call one, for schemas: `no-4601`, `NO-4601`, `4601`, `dk-751`, `751`, `0751`."""

_TOLD = re.compile(TOLD_PATTERN.strip("^$"), re.ASCII)
_PARTS = re.compile(r"(?:(no|dk)-)?([0-9]{3,4})", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"(?<![0-9])[0-9]{3,4}(?![0-9])", re.ASCII)
_LONGEST = 100
"""Characters of a refused record's text in which a municipality is looked for."""


def _told(value: Any) -> str:
    if isinstance(value, str) and _TOLD.fullmatch(value):
        return value
    raise PydanticCustomError("municipality_invalid", "must be a country and an official number")


MunicipalityTold = Annotated[
    str,
    BeforeValidator(_told),
    WithJsonSchema({"type": "string", "pattern": TOLD_PATTERN}),
    Field(examples=[example.MUNICIPALITY]),
]
"""A municipality as another one's case system calls it; `municipality_named` gives its name."""


def municipality_named(told: str, sender: str) -> str | None:
    """Its name as topics have it; None where there is none. Without a country it is one of the sender's."""
    found = _PARTS.fullmatch(told)
    return None if found is None else _name((found[1] or sender[:2]).lower(), found[2])


def municipalities_heard(told: Any, sender: str) -> Iterator[str]:
    """All names that may be meant by what a refused record calls a municipality; any that is whole alone."""
    for one in told if isinstance(told, list) else [told]:
        text = str(one)[:_LONGEST].strip() if isinstance(one, str | int) else ""
        if (name := municipality_named(text, sender)) is not None:
            yield name
            continue
        for number in _NUMBER.findall(text):
            yield from filter(None, (_name(country, number) for country in ("no", "dk")))


def _name(country: str, number: str) -> str | None:
    """Norway's numbers have four digits, Denmark's three, or four with a zero in front."""
    if country == "no" and len(number) == len("4601"):
        return f"no-{number}"
    if country == "dk" and (len(number) == len("751") or number.startswith("0")):
        return f"dk-{number[-3:]}"
    return None
