"""Recognises Norwegian and Danish personal numbers: as references, within texts, and within ids.

Sources: Skatteetaten's documentation of Folkeregisteret's API for the Norwegian numbers, those of 2032 and
the synthetic ones of Tenor among them; HIS 1001 for help numbers; CPR-kontoret for the Danish ones.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

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
_SHAPES = {
    birthdays[0][0]: tuple(birthday + rest for birthday in birthdays for rest in ((4,), (5,), (3, 2)))
    for birthdays in ([(6,)], [(8,)], [(2, 2, 2), (2, 2, 4)])
} | {1: ((1,) * DANISH_DIGITS, (1,) * NORWEGIAN_DIGITS)}
"""How many digits stand together where people write a birthday and the rest of a number, or each digit by
itself, by how many come first.
"""
_CENTURY = slice(4, 6)
_CENTURIES = ("19", "20")
"""What stands at `_CENTURY` where the year is written whole."""
_AMONG_LETTERS = re.compile(r"[0-9][^\W\d_]+[0-9]")
_MADE = re.compile(
    # A UUID in any of its spellings, 128 bits or more in hexadecimal digits, a ULID.
    r"(?:urn:uuid:|\{)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?|[0-9a-f]{32,}"
    r"|[0-7][0-9a-hjkmnp-tv-z]{25}",
    re.ASCII | re.IGNORECASE,
)
_REFERENCE = re.compile(r"[a-z]+-[a-z2-7]{24}", re.ASCII)
"""A subject as Kobling makes it. No birthday stands among its digits: a month begins with 0 or 1. What seems
one is a register's synthetic number, in one reference of 60,000.
"""
_PART = re.compile(r"[0-9]{1,3}", re.ASCII)
"""Which command of a batch it is, behind the batch's id: it says nothing more of a person than that does."""
_URN = "urn:uuid:"
_FEW_LETTERS = 3
"""Of the 32 signs of a UUID 12 are letters, of a ULID's 26 two thirds. One UUID in 2,000 has so few."""


def has_ten_digits(text: str) -> bool:
    """Whether a text has ten digits, of whatever script: one without, as nearly all are, holds no number."""
    if text.isascii():
        return _TEN_ASCII.search(text) is not None
    return sum(map(str.isdigit, text)) >= DANISH_DIGITS


def reads_as_personal_number(text: str) -> bool:
    """Whether a reference is, or holds as a part of its own, what could pass for a personal number.

    All its digits together count, of whatever script and with letters or signs between or around them; each
    group of its own; groups beside each other as people write a birthday and the rest; and what stands
    between two signs, letters within left out. The year may be written whole. Long numbers are not searched,
    as a case's reference may hold one by chance; ADR 24 says how often one is refused by chance.

    Norwegian: eleven digits with a day and both check digits, by today's rule or that of 2032; D-numbers,
    H-numbers and the synthetic numbers of test registers too. Danish: ten digits that begin with a day, or
    with a day + 60 as test numbers do, since check digits no longer decide there; a year that is written
    whole must be the one that the seventh digit says.
    """
    if not has_ten_digits(text):
        return False
    return any(map(_is_number, _as_written(_with_plain_digits(text))))


def holds_personal_number(text: str) -> bool:
    """Whether such a number stands anywhere in a text, letters and signs between its digits or not. Meant for
    words: long numbers may seem to hold one, references that Kobling makes do not.
    """
    if not has_ten_digits(text) or _REFERENCE.fullmatch(text):
        return False
    return _is_within((_digits(_with_plain_digits(text)),))


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
    """Whether somebody put such a number into an id, so that the record is refused. What machines make holds
    one by chance and is taken: a reference of Kobling's own, a UUID, a hexadecimal number of its length and a
    ULID unless nearly all of it is digits, and every number that is too long to be one.

    Refused by chance, of 100,000 each: 0.02 % of UUIDs in any spelling; 0.03 % of milliseconds since 1970,
    which have the 13 digits of a birthday with its whole year, all of them in the few spans of three hours
    that begin like one; no ULID, SHA-256 or number of 14 digits and more. Of ten random digits it is 6.2 %,
    of eleven 1.1 %.
    """
    if _REFERENCE.fullmatch(text):
        return False
    whole, _, part = text.rpartition(".")
    if _MADE.fullmatch(whole) and _PART.fullmatch(part):
        text = whole
    if _MADE.fullmatch(text) is None:
        return reads_as_personal_number(text)
    digits = text.lower().removeprefix(_URN)
    return id_holds_personal_number(digits) and sum(map(str.isalpha, digits)) <= _FEW_LETTERS


def _with_plain_digits(text: str) -> str:
    """The text with digits of every script as 0 to 9, and nothing else changed."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in text)


def _as_written(plain: str) -> Iterator[str]:
    """All digits together, each group of its own, those that follow each other as a birthday and the rest,
    and those that letters alone divide.
    """
    groups = _RUN.findall(plain)
    yield "".join(groups)
    yield from groups
    for start, group in enumerate(groups):
        for shape in _SHAPES.get(len(group), ()):
            part = groups[start : start + len(shape)]
            if tuple(map(len, part)) == shape:
                yield "".join(part)
    if _AMONG_LETTERS.search(plain) and not _MADE.fullmatch(plain):
        yield from _among_letters(plain)


def _among_letters(plain: str) -> Iterator[str]:
    """The digits of each part between signs. Ten with several groups of letters are left out: with no check
    digit to tell them apart, many of a hexadecimal number's would pass.
    """
    for part in _SIGNS.split(plain):
        groups = _RUN.findall(part)
        digits = "".join(groups)
        if len(groups) == 2 or len(digits) in {NORWEGIAN_DIGITS, NORWEGIAN_DIGITS + 2}:  # noqa: PLR2004
            yield digits


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
    match len(digits):
        case 10:
            return _is_danish(digits)
        case 11:
            return _is_norwegian(digits)
        case 12 | 13 if digits[_CENTURY] in _CENTURIES:
            return _is_with_century(digits)
        case _:
            return False


def _is_with_century(digits: str) -> bool:
    """Whether it is one with its year written whole."""
    number, year = digits[: _CENTURY.start] + digits[_CENTURY.stop :], digits[_CENTURY.start :][:4]
    if len(number) == NORWEGIAN_DIGITS:
        return _is_norwegian(number)
    return _is_danish(number) and str(cpr.get_birth_date(_without_sixty(number)).year) == year


def _is_norwegian(number: str) -> bool:
    is_help = number.startswith(_HELP)
    if not is_help and number[:4] not in _NORWEGIAN_DAYS:
        return False
    left = (int(number[-2]) - int(fodselsnummer.calc_check_digit1(number))) % 11
    return left in _LEFT[: 1 if is_help else None] and number[-1] == fodselsnummer.calc_check_digit2(number)


def _is_danish(number: str) -> bool:
    number = _without_sixty(number)
    return number[:4] in _DANISH_DAYS and bool(cpr.is_valid(number))


def _without_sixty(number: str) -> str:
    """A Danish number without what test numbers add to the day."""
    return f"{int(number[:2]) - 60:02}{number[2:]}" if number[:4] in _DANISH_TEST_DAYS else number
