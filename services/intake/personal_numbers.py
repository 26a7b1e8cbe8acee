"""Recognises Norwegian and Danish personal numbers where only a case reference may stand."""

import re

from stdnum.dk import cpr
from stdnum.no import fodselsnummer

NORWEGIAN_DIGITS = 11
_BETWEEN = re.compile(r"[^0-9A-Za-z]")
_LETTERS_AROUND = re.compile(r"^[A-Za-z]+|[A-Za-z]+$")
_DIGITS = re.compile(r"[0-9]{10,11}", re.ASCII)
"""All others can't be such a number."""


def reads_as_personal_number(text: str) -> bool:
    """Whether a text is, or could pass for, a personal number, whatever stands between or around its digits.

    Norwegian: any eleven digits whose two check digits fit, so D-numbers, H-numbers and the synthetic
    numbers of test registers are taken too. Danish: any ten digits that begin with a date, since check
    digits no longer decide there.
    """
    bare = _LETTERS_AROUND.sub("", _BETWEEN.sub("", text))
    return _DIGITS.fullmatch(bare) is not None and (_is_norwegian(bare) or cpr.is_valid(bare))


def _is_norwegian(number: str) -> bool:
    return (
        len(number) == NORWEGIAN_DIGITS
        and number[-2] == fodselsnummer.calc_check_digit1(number)
        and number[-1] == fodselsnummer.calc_check_digit2(number)
    )
