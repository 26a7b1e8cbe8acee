"""Recognises Norwegian and Danish personal numbers: as references, within texts, and within ids.

Sources: Skatteetaten's documentation of Folkeregisteret's API for the Norwegian numbers, those of 2032 and
the synthetic ones of Tenor among them; HIS 1001 for help numbers; CPR-kontoret for the Danish ones.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product

from stdnum.dk import cpr
from stdnum.no import fodselsnummer

NORWEGIAN_DIGITS, DANISH_DIGITS = 11, 10
_LEFT = range(4)
"""What the first Norwegian check digit may leave: 0 today, 0 to 3 from 2032 on; the second leaves 0."""
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _days(on_days: tuple[int, ...], on_months: tuple[int, ...]) -> frozenset[str]:
    """The days of a year as four digits, with what a kind of number adds to day or month."""
    return frozenset(
        f"{day + on_day:02}{month + on_month:02}"
        for month, longest in enumerate(_LONGEST_MONTHS, 1)
        for day in range(1, longest + 1)
        for on_day in on_days
        for on_month in on_months
    )


_NORWEGIAN_DAYS = _days((0, 40), (0, 40, 65, 80))
"""D-numbers have 40 on the day; H-numbers 40 on the month, Tenor's synthetic ones 65 or 80."""
_DANISH_DAYS, _DANISH_TEST_DAYS = _days((0,), (0,)), _days((60,), (0,))
_HELP = ("8", "9")
"""How common help numbers (FH) begin, which hold no date; their check digits are today's."""

_TEN_ASCII = re.compile(rf"[0-9](?:[^0-9]*+[0-9]){{{DANISH_DIGITS - 1}}}")
_LONG_RUN = re.compile(rf"[0-9]{{{DANISH_DIGITS},}}")
_SIGNS = re.compile(r"[\W_]+")
_RUN = re.compile(r"[0-9]+")
_SHAPES = tuple(birthday + rest for birthday in ((6,), (2, 2, 2)) for rest in ((4,), (5,), (3, 2)))
"""How many digits stand together where people write a birthday and the rest of a number."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_FEW_LETTERS = 3
"""Of the 32 signs of a random UUID 12 are letters; one in 2,000 has as few as this."""


def has_ten_digits(text: str) -> bool:
    """Whether a text has ten digits, of whatever script: one without, as nearly all are, holds no number."""
    if text.isascii():
        return _TEN_ASCII.search(text) is not None
    return sum(map(str.isdigit, text)) >= DANISH_DIGITS


def reads_as_personal_number(text: str) -> bool:
    """Whether a reference is, or holds as a part of its own, what could pass for a personal number.

    All its digits together count, of whatever script and with letters or signs between or around them, each
    group of its own, and groups beside each other as people write a birthday and the rest. Long numbers are
    not searched, as a case's reference may hold one by chance.

    Norwegian: eleven digits with a day and both check digits, by today's rule or that of 2032; D-numbers,
    H-numbers and the synthetic numbers of test registers too. Danish: ten digits that begin with a day, or
    with a day + 60 as test numbers do, since check digits no longer decide there.
    """
    if not has_ten_digits(text):
        return False
    return any(map(_is_number, _as_written(_RUN.findall(_with_plain_digits(text)))))


def holds_personal_number(text: str) -> bool:
    """Whether such a number stands anywhere in a text, letters and signs between its digits or not. Meant for
    words: long numbers may seem to hold one.
    """
    return has_ten_digits(text) and _is_within((_digits(_with_plain_digits(text)),))


# A record's own id is asked about three times: as it is stored, passed on, and told its sender.
@lru_cache(maxsize=8192)
def id_holds_personal_number(text: str) -> bool:
    """Whether such a number stands anywhere in an id, signs between its digits or not, but no letters: of hex
    digits many are letters. One random UUID in 75 seems to hold one, one `traceparent` in 40, so this is for
    what can be replaced or left out.
    """
    bare = _with_plain_digits(text).replace("-", "")
    # Every settlement's id passes here, and hardly one holds other signs.
    return _is_within(_LONG_RUN.findall(bare if bare.isalnum() else _SIGNS.sub("", bare)))


def is_chosen_as_personal_number(text: str) -> bool:
    """Whether somebody put such a number into an id, so that the record is refused: an id may be a UUID, and
    a random one is no reason (one in 2,000 seems to hold one).
    """
    if _UUID.fullmatch(text) is None:
        return reads_as_personal_number(text) or id_holds_personal_number(text)
    return id_holds_personal_number(text) and sum(map(str.isalpha, text)) <= _FEW_LETTERS


def _with_plain_digits(text: str) -> str:
    """The text with digits of every script as 0 to 9, and nothing else changed."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in text)


def _as_written(groups: Sequence[str]) -> Iterator[str]:
    """All groups together, each of its own, and those that follow each other as a birthday and the rest."""
    yield "".join(groups)
    yield from groups
    for start, shape in product(range(len(groups)), _SHAPES):
        part = groups[start : start + len(shape)]
        if tuple(map(len, part)) == shape:
            yield "".join(part)


def _digits(plain: str) -> str:
    return "".join(_RUN.findall(plain))


def _is_within(runs: Iterable[str]) -> bool:
    for run in runs:
        for start in range(len(run) - DANISH_DIGITS + 1):
            part = run[start : start + NORWEGIAN_DIGITS]
            if _is_danish(part[:DANISH_DIGITS]) or _is_number(part):
                return True
    return False


def _is_number(digits: str) -> bool:
    if len(digits) == NORWEGIAN_DIGITS:
        return _is_norwegian(digits)
    return len(digits) == DANISH_DIGITS and _is_danish(digits)


def _is_norwegian(number: str) -> bool:
    is_help = number.startswith(_HELP)
    if not is_help and number[:4] not in _NORWEGIAN_DAYS:
        return False
    left = (int(number[-2]) - int(fodselsnummer.calc_check_digit1(number))) % 11
    return left in _LEFT[: 1 if is_help else None] and number[-1] == fodselsnummer.calc_check_digit2(number)


def _is_danish(number: str) -> bool:
    if number[:4] in _DANISH_TEST_DAYS:
        number = f"{int(number[:2]) - 60:02}{number[2:]}"
    return number[:4] in _DANISH_DAYS and bool(cpr.is_valid(number))
