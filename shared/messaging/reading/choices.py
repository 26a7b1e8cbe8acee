"""Which values there are, for whoever sent another: the closest of them, and all as a sentence lists them."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

LONGEST = 60
"""Longest text that is compared with what there is."""
MOST_ALLOWED = 50
"""How many values a fault lists."""
NAMED = 200
"""Characters that a sentence spends on naming what there is."""
_BETWEEN = re.compile(r"[\W_]+")
_CUTOFF = 0.6


# Bounded: senders write them. Most repeat a few.
@lru_cache(maxsize=1024)
def closest(sent: str, known: tuple[str, ...]) -> str | None:
    """The one of those known that was probably meant: in whatever case, and with its words in whatever order.
    None where none is close.
    """
    if len(sent) > LONGEST:
        return None
    for form in (str.casefold, _in_order):
        forms = {form(one): one for one in known}
        found = get_close_matches(form(sent), list(forms), 1, _CUTOFF)
        if found:
            return forms[found[0]]
    return None


def _in_order(text: str) -> str:
    return " ".join(sorted(_BETWEEN.split(text.casefold())))


def there_are(known: Sequence[str]) -> str:
    """`a, b and 12 more`: as many of them as there is room for, each whole."""
    named, length = 0, 0
    for one in known:
        length += len(one) + len(", ")
        if length > NAMED:
            break
        named += 1
    rest = len(known) - named
    listed = ", ".join(known[:named])
    return f"{listed} and {rest} more" if rest else listed


def choices(model: type[BaseModel], path: Iterable[str]) -> tuple[str, ...]:
    """The values that the field at a path may have, where it may have no others."""
    annotations: list[Any] = [model]
    for part in path:
        if part.isdigit():
            continue
        models = [one for annotation in annotations for one in _parts(annotation) if _is_model(one)]
        annotations = [
            field.annotation
            for one in models
            for name, field in one.model_fields.items()
            if part in {name, field.alias}
        ]
    literals = [one for annotation in annotations for one in _parts(annotation) if get_origin(one) is Literal]
    values: Collection[Any] = [value for one in literals for value in get_args(one)]
    return tuple(value for value in values if isinstance(value, str))


def _parts(annotation: Any) -> Iterator[Any]:
    """A type and what it holds, but not what a `Literal` lists."""
    yield annotation
    if get_origin(annotation) is not Literal:
        for inner in get_args(annotation):
            yield from _parts(inner)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
