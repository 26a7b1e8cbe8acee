"""What becomes of an inbound record's texts, said at each field.

Every text of an inbound model has one of three marks, in its type or its alias's, such as
`Annotated[Code, PUBLISHED]`. The outermost one holds, also for what lies within a model or a list. A text
without one stops the import. Numbers, days and words of a fixed list need none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Published:
    """Passed on as it came, to topics that others read. Wherever a record comes in, it is refused if such a
    text holds a personal number or what can't be printed.
    """


@dataclass(frozen=True, slots=True)
class Registered:
    """Written by administrators, or passed on only where it equals what they wrote."""


@dataclass(frozen=True, slots=True)
class Private:
    """Goes no further than the service that it was sent to, but sealed to one reader."""


Mark = Published | Registered | Private
PUBLISHED, REGISTERED, PRIVATE = Published(), Registered(), Private()

ITEM = "*"
"""What stands in a path for each of a list's items."""

_NO_TEXT = (bool, int, float, date, datetime, NoneType)
_LISTS = (list, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a model, or several in a list: the attributes that lead to it, and its mark."""

    path: tuple[str, ...]
    mark: Mark


def texts(model: type[BaseModel]) -> tuple[Text, ...]:
    """All texts of an inbound model, in the order of its fields.

    Raises TypeError for a text without a mark, and for a published one that is not a field's or a list's.
    """
    try:
        return tuple(_of_model(model, None, ()))
    except TypeError as error:
        raise TypeError(f"{model.__name__}.{error}") from None


def _of_model(model: type[BaseModel], mark: Mark | None, path: tuple[str, ...]) -> Iterator[Text]:
    for name, described in model.model_fields.items():
        yield from _of_type(described.annotation, mark or _mark(described.metadata), (*path, name))


def _of_type(annotation: Any, mark: Mark | None, path: tuple[str, ...]) -> Iterator[Text]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _of_type(arguments[0], mark or _mark(arguments[1:]), path)
    elif origin in {Union, UnionType}:
        for one in arguments:
            yield from _of_type(one, mark, path)
    elif origin in _LISTS:
        yield from _of_type(arguments[0], mark, (*path, ITEM))
    elif origin is Literal or annotation in _NO_TEXT:
        return
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _of_model(annotation, mark, path)
    else:
        where = ".".join(path)
        if mark is None:
            raise TypeError(f"{where}: say in its type whether it is PUBLISHED, REGISTERED or PRIVATE")
        if mark == PUBLISHED and annotation is not str:
            raise TypeError(f"{where}: only texts can be PUBLISHED, alone or in a list")
        yield Text(path, mark)


def _mark(metadata: Any) -> Mark | None:
    return next((one for one in reversed(metadata) if isinstance(one, Mark)), None)
