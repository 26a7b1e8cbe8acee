"""Rows of one file that come to the same: to one record, or to one volunteer whom they may not all mean."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kobling.importing.reading import Fault, Item
from shared.ids import new_subject


def once(items: Sequence[Item]) -> tuple[list[Item], list[Fault]]:
    """Of rows that are the same the first, and of which row each of the others is the same."""
    firsts: dict[Any, Item] = {}
    repeated = [
        Fault(item.row, None, f"the same as row {first.row}, and left out")
        for item in items
        if (first := firsts.setdefault((item.sent.id, item.idle), item)) is not item
    ]
    return list(firsts.values()), repeated


def mistaken(items: Sequence[Item]) -> Iterator[Fault]:
    """A fault for each row that comes to the same volunteer as another and says something else of them.

    Rows that all say whom they are about may add to one another, as where somebody joins two programmes.
    """
    alike: dict[str, list[Item]] = {}
    for item in items:
        if item.says_whom is not None:
            alike.setdefault(item.sent.subject, []).append(item)
    for rows in alike.values():
        yield from _at_odds(rows)


def _at_odds(items: Sequence[Item]) -> Iterator[Fault]:
    said = all(item.says_whom for item in items)
    claims = [_of_each_part(item) if said else _of_the_whole(item) for item in items]
    firsts: dict[Any, tuple[int, Any]] = {}
    others: dict[Any, int] = {}
    for item, claimed in zip(items, claims, strict=True):
        for about, content in claimed.items():
            if firsts.setdefault(about, (item.row, content))[1] != content:
                others.setdefault(about, item.row)
    for item, claimed in zip(items, claims, strict=True):
        for about in (about for about in claimed if about in others):
            first, content = firsts[about]
            row = others[about] if claimed[about] == content else first
            yield Fault(item.row, "volunteer", _of_one_person(row, about) if said else _of_two_people(row))
            break


def _of_each_part(item: Item) -> Mapping[Any, Any]:
    return {part.about: part.data for part in item.parts}


def _of_the_whole(item: Item) -> Mapping[Any, Any]:
    return {(): [(part.about, part.data) for part in item.parts]}


def _of_one_person(row: int, about: Sequence[str | None]) -> str:
    return f"row {row} has this reference too and another {about[0]}: give each person their own reference"


def _of_two_people(row: int) -> str:
    return (
        f"row {row} has the same name and date of birth and says something else: say in the column volunteer "
        f"of both rows which volunteer it is, each person by a reference such as {new_subject('volunteer')}"
    )
