"""Why a pack, or another record of administrators, is refused, in words for whoever writes them."""

import re
from typing import Any

from pydantic import ValidationError

from shared.contracts.fields import Contract
from shared.contracts.programmes import ProgrammePack

_SAFE_NAME = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
"""Only what looks like a field's name is repeated: anything may have been typed in its place."""

_TOLD_BY_PYDANTIC = re.compile(
    r"(string|list|dict|bool|int|float|model)_type|string_(too_short|too_long|pattern_mismatch)"
    r"|too_(short|long)|(greater|less)_than(_equal)?|(int|float)_parsing|finite_number|json_invalid"
)
"""Faults whose message in pydantic says what would be right and repeats nothing of the input."""

_QUOTED = re.compile(r"'(\w+)'")
"""A code in pydantic's list of those that exist: `'hard' or 'soft'`."""


def why_refused(content: bytes | dict[str, Any], model: type[Contract] = ProgrammePack) -> list[str]:
    """What is wrong with a pack, or what else `model` is, by its contract; nothing where it may pass. Each is
    `field: fault`.

    `pairing.rules.3.code: unknown; those that exist: self, municipality`, for one. Values are never repeated,
    and of names of fields only those that look like one.
    """
    try:
        if isinstance(content, bytes):
            model.model_validate_json(content)
        else:
            model.model_validate(content)
    except ValidationError as error:
        return [
            f"{_place(fault['loc'], context)}: {_what(fault['type'], fault['msg'], context)}"
            for fault in error.errors(include_url=False, include_input=False)
            for context in [fault.get("ctx", {})]
        ]
    return []


def _what(kind: str, message: str, context: dict[str, Any]) -> str:
    match kind:
        case "union_tag_invalid":
            return _unknown(context["expected_tags"])
        case "literal_error":
            return _unknown(context["expected"])
        case "missing" | "union_tag_not_found":
            return "missing"
        case "extra_forbidden":
            return "there is no such field"
        case _:
            safe = _TOLD_BY_PYDANTIC.fullmatch(kind)
            return message if safe else "not in the form that its schema gives"


def _unknown(known: str) -> str:
    return f"unknown; those that exist: {', '.join(_QUOTED.findall(known))}"


def _place(path: tuple[int | str, ...], context: dict[str, Any]) -> str:
    """The path in the pack. After an index pydantic names the class that it took by its code: no field."""
    shown: list[str] = []
    for before, part in zip((None, *path), path, strict=False):
        if isinstance(part, int):
            shown.append(str(part))
        elif not isinstance(before, int):
            shown.append(part if _SAFE_NAME.fullmatch(part) else "?")
    if "discriminator" in context:
        shown.append(str(context["discriminator"]).strip("'"))
    return ".".join(shown) or "the pack"
