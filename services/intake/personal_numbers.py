"""Recognises Norwegian and Danish personal numbers where only a case reference may stand."""

import re

from stdnum.dk import cpr
from stdnum.no import fodselsnummer
from stdnum.util import isdigits

NORWEGIAN_DIGITS = 11
_BETWEEN = re.compile(r"[^0-9A-Za-z]")
_LETTERS_AROUND = re.compile(r"^[A-Za-z]+|[A-Za-z]+$")
_DIGITS = re.compile(r"[0-9]([.:-]*[0-9]){9,10}", re.ASCII)
"""Ten or eleven digits with separators between them: all others can't be such a number."""


def is_personal_number(reference: str) -> bool:
    """Whether a reference is, or could pass for, a personal number.

    Norwegian: any eleven digits whose two check digits fit, so D-numbers, H-numbers and the synthetic
    numbers of test registers are taken too. Danish: any ten digits that begin with a date, since check
    digits no longer decide there.
    """
    if not _DIGITS.fullmatch(reference):
        return False
    bare = reference.replace(".", "")
    return _is_norwegian(fodselsnummer.compact(bare)) or cpr.is_valid(bare)


def reads_as_personal_number(text: str) -> bool:
    """Whether a text, without what may stand between digits and letters around them, is such a number."""
    return is_personal_number(_LETTERS_AROUND.sub("", _BETWEEN.sub("", text)))


def _is_norwegian(number: str) -> bool:
    return (
        len(number) == NORWEGIAN_DIGITS
        and isdigits(number)
        and number[-2] == fodselsnummer.calc_check_digit1(number)
        and number[-1] == fodselsnummer.calc_check_digit2(number)
    )
