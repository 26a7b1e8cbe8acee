"""Immutable values, how every domain writes them, and months. Imports the standard library alone, as domains
do.
"""

import calendar
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def value(cls: type[T], /) -> type[T]: ...


@overload
def value(*, kw_only: bool) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: Any = None, /, *, kw_only: bool = False) -> Any:
    """A data class with slots that is frozen to the type checker, and hashed as if it were.

    A data class that is frozen at run time too sets each field by a function: deciding on settlements with
    such took 16.7 µs each in place of 9.2.
    """
    make = dataclass(slots=True, unsafe_hash=True, kw_only=kw_only)
    return make if cls is None else make(cls)


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last day if it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def fields_of(item: Any) -> dict[str, Any]:
    """A value's fields by name, as they are: not looked into, as `dataclasses.asdict` would."""
    return {name: getattr(item, name) for name in item.__dataclass_fields__}
