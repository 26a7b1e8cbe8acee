"""Texts put into the places of published fields, and what these are called."""

from typing import Any

from shared.contracts.published import ITEM

NUMBER = "01010750160"
"""Made up: the check digits were computed, nobody was looked up."""


def shown_field(path: tuple[str, ...]) -> str:
    return ".".join("0" if step == ITEM else step for step in path)


def with_text(value: Any, path: tuple[str, ...], text: str) -> Any:
    """A model, or a list, with another text in a place. Unvalidated: a looser type would take anything."""
    if not path:
        return text
    if path[0] == ITEM:
        return [with_text(value[0], path[1:], text), *value[1:]]
    return value.model_copy(update={path[0]: with_text(getattr(value, path[0]), path[1:], text)})
