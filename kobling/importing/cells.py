"""What stands in a cell, as contracts have it: Nordic days and decimals, yes and no, lists."""

import re
from collections.abc import Callable
from typing import Any

Read = Callable[[str], Any]
"""A cell's text → the value; a text that can't be read is left as it is, for the contract to refuse."""

_NORDIC_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", re.ASCII)
_ANSWERS = {"yes": True, "ja": True, "true": True, "1": True, "no": False, "nei": False, "nej": False}
_ANSWERS |= {"false": False, "0": False}
_LEVELS = {"native": "native", "fluent": "fluent", "basic": "basic"}


def text(cell: str) -> str:
    """As it stands there."""
    return cell


def day(cell: str) -> str:
    """`9.3.1994`, `09/03/1994` and `09-03-1994` as `1994-03-09`; other texts stay."""
    written = _NORDIC_DAY.fullmatch(cell)
    return cell if written is None else f"{written[3]}-{int(written[2]):02}-{int(written[1]):02}"


def whole(cell: str) -> Any:
    """A whole number."""
    return int(cell) if re.fullmatch(r"\d{1,9}", cell, re.ASCII) else cell


def decimal(cell: str) -> Any:
    """A number, with a comma or a point: `2,5` is 2.5."""
    return float(cell.replace(",", ".")) if re.fullmatch(r"\d{1,9}([.,]\d{1,9})?", cell, re.ASCII) else cell


def answer(cell: str) -> Any:
    """Yes or no, in English, Norwegian or Danish."""
    return _ANSWERS.get(cell.lower(), cell)


def codes(cell: str) -> list[str]:
    """Codes between commas or semicolons: `cooking, long walks` are `cooking` and `long_walks`."""
    parts = [part.strip() for part in re.split(r"[,;]", cell)]
    return ["_".join(part.lower().split()) for part in parts if part]


def languages(cell: str) -> list[dict[str, str]]:
    """Languages with how well each is spoken: `ti native, nb basic`; without a level `fluent`."""
    spoken = []
    for part in re.split(r"[,;]", cell):
        code, _, level = part.strip().replace(":", " ").partition(" ")
        if code:
            spoken.append({"code": code, "level": level.strip().lower() or "fluent"})
    return spoken
