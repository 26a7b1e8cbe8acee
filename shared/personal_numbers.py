"""Recognises Norwegian and Danish personal numbers: as references, and within texts."""

import re

from stdnum.dk import cpr
from stdnum.no import fodselsnummer

NORWEGIAN_DIGITS, DANISH_DIGITS = 11, 10
_BETWEEN = re.compile(r"[^0-9A-Za-z]")
_LETTERS_AROUND = re.compile(r"^[A-Za-z]+|[A-Za-z]+$")
_NO_DIGIT = re.compile(r"[^0-9]+")
_DIGITS = re.compile(r"[0-9]{10,11}", re.ASCII)
"""All others can't be such a number."""
TEN_DIGITS = re.compile(r"[0-9](?:[^0-9A-Za-z]*[0-9]){9}", re.ASCII)
"""Ten digits without a letter between them: a text without them, as nearly all are, holds no number."""


def reads_as_personal_number(text: str) -> bool:
    """Whether a text is, or could pass for, a personal number, whatever stands between or around its digits.

    Norwegian: any eleven digits whose two check digits fit, so D-numbers, H-numbers and the synthetic
    numbers of test registers are taken too. Danish: any ten digits that begin with a date, since check
    digits no longer decide there.
    """
    if TEN_DIGITS.search(text) is None:
        return False
    bare = _LETTERS_AROUND.sub("", _BETWEEN.sub("", text))
    return _DIGITS.fullmatch(bare) is not None and (_is_norwegian(bare) or cpr.is_valid(bare))


def holds_personal_number(text: str) -> bool:
    """Whether such a number stands anywhere in a text. Meant for words: long numbers may seem to hold one."""
    if TEN_DIGITS.search(text) is None:
        return False
    runs = [run for run in _NO_DIGIT.split(_BETWEEN.sub("", text)) if len(run) >= DANISH_DIGITS]
    return any(
        reads_as_personal_number(run[start : start + length])
        for run in runs
        for length in (DANISH_DIGITS, NORWEGIAN_DIGITS)
        for start in range(len(run) - length + 1)
    )


def _is_norwegian(number: str) -> bool:
    return (
        len(number) == NORWEGIAN_DIGITS
        and number[-2] == fodselsnummer.calc_check_digit1(number)
        and number[-1] == fodselsnummer.calc_check_digit2(number)
    )
