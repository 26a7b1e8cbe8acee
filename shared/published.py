"""Refuses what must not go out: personal numbers, and signs that can't be printed, in texts to be published.

Which texts those are stands at the fields of the contracts' models. Each way in asks here before it decides:
intake of each settlement, and the dispatch of commands, for all services, of each command.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from shared.contracts.fields import Contract
from shared.contracts.published import ITEM, PUBLISHED, texts
from shared.personal_numbers import has_ten_digits, holds_personal_number

Path = tuple[str, ...]
Gather = Callable[[list[str], Any], object]
"""(texts so far, value): adds the value's published texts."""

JOINERS = frozenset("\u200c\u200d")
"""Persian and several scripts of India spell words with these two; nothing else invisible is needed."""


class Refused(NamedTuple):
    """Why a record can't be taken: a code, what would help, and the first field that holds such a text."""

    code: str
    message: str
    field: str


def refusal(data: Contract) -> Refused | None:
    """Why a record's data may not be published; None where it may, or where nothing of it will be."""
    found: list[str] = []
    _gatherer(type(data))(found, data)
    # All at once: hardly any record has such signs, or ten digits in all.
    together = "".join(found)
    if (together.isprintable() and not has_ten_digits(together)) or not data.goes_out():
        return None
    return next(refusals(data), None)


def refusals(data: Contract) -> Iterator[Refused]:
    """Every reason why a record's data may not be published: personal numbers first."""
    named = [text for path in published_paths(type(data)) for text in _named(data, path)]
    for field, text in named:
        if holds_personal_number(text):
            yield Refused("personal_number", "No field that is published may hold a personal number.", field)
    for field, text in named:
        if holds_unprintable(text):
            yield Refused(
                "unprintable_character",
                "No field that is published may hold line breaks or other signs that can't be printed.",
                field,
            )


def holds_unprintable(text: str) -> bool:
    """Whether a text holds control or format characters, line breaks, or code points without a character.

    Unicode's categories Cc, Cf, Cs, Co, Cn, Zl and Zp; of Cf the joiners are allowed after letters and marks.
    """
    if text.isprintable():
        return False
    return any(
        not (
            sign.isprintable()
            or unicodedata.category(sign) == "Zs"
            or (sign in JOINERS and unicodedata.category(before)[0] in "LM")
        )
        for before, sign in zip(" " + text, text, strict=False)
    )


@cache
def published_paths(model: type[Contract]) -> tuple[Path, ...]:
    """Where a model's published texts lie, in the order of its fields."""
    return tuple(text.path for text in texts(model) if text.mark == PUBLISHED)


def _named(value: Any, path: Path, field: str = "") -> Iterator[tuple[str, str]]:
    """Each text at a path with its field's name as refusals give it, such as `languages.0.code`."""
    if value is None:
        return
    if not path:
        yield field, value
    elif path[0] == ITEM:
        for number, item in enumerate(value):
            yield from _named(item, path[1:], f"{field}.{number}")
    else:
        yield from _named(getattr(value, path[0]), path[1:], f"{field}.{path[0]}".removeprefix("."))


@cache
def _gatherer(model: type[Contract]) -> Gather:
    """What gathers a model's published texts: compiled once, since each settlement passes here."""
    return _gather(published_paths(model))


def _gather(paths: tuple[Path, ...]) -> Gather:
    """What gathers all texts at these paths from one value."""
    if paths == ((),):
        return list.append
    if paths == ((ITEM,),):
        return list.extend
    heads = tuple(dict.fromkeys(path[0] for path in paths))
    inner = [_gather(tuple(path[1:] for path in paths if path[0] == head)) for head in heads]
    if heads == (ITEM,):
        return _each(paths, inner[0])
    return _of_fields(heads, inner)


def _each(paths: tuple[Path, ...], gather: Gather) -> Gather:
    if [path[1:] for path in paths] == [(paths[0][-1],)] and paths[0][-1] != ITEM:
        get = attrgetter(paths[0][-1])

        def one_of_each(found: list[str], values: Iterable[Any]) -> None:
            found += filter(None, map(get, values))

        return one_of_each

    def each(found: list[str], values: Iterable[Any]) -> None:
        for value in values:
            gather(found, value)

    return each


def _of_fields(names: tuple[str, ...], inner: list[Gather]) -> Gather:
    if len(names) == 1:
        get, gather = attrgetter(names[0]), inner[0]

        def of_field(found: list[str], value: Any) -> None:
            if (held := get(value)) is not None:
                gather(found, held)

        return of_field
    get_all = attrgetter(*names) if names else lambda _: ()

    def of_fields(found: list[str], value: Any) -> None:
        # Saying `strict` takes a tenth of the whole check's time.
        for held, gather in zip(get_all(value), inner):  # noqa: B905
            if held:
                gather(found, held)

    return of_fields
