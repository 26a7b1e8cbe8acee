"""Recognises Norwegian and Danish personal numbers: as case references, and in texts that would be public."""

import re
from collections.abc import Iterator

from stdnum.dk import cpr
from stdnum.no import fodselsnummer

from shared.contracts.commands import RecordCheck, RecordConsent, RecordInterview, RegisterVolunteer
from shared.contracts.fields import Contract
from shared.contracts.municipal import PersonSettled

NORWEGIAN_DIGITS, DANISH_DIGITS = 11, 10
_BETWEEN = re.compile(r"[^0-9A-Za-z]")
_LETTERS_AROUND = re.compile(r"^[A-Za-z]+|[A-Za-z]+$")
_NO_DIGIT = re.compile(r"[^0-9]+")
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


def holds_personal_number(text: str) -> bool:
    """Whether such a number stands anywhere in a text. Meant for words: long numbers may seem to hold one."""
    if len(text) < DANISH_DIGITS:
        return False
    runs = [run for run in _NO_DIGIT.split(_BETWEEN.sub("", text)) if len(run) >= DANISH_DIGITS]
    return any(
        reads_as_personal_number(run[start : start + length])
        for run in runs
        for length in (DANISH_DIGITS, NORWEGIAN_DIGITS)
        for start in range(len(run) - length + 1)
    )


def personal_number_in(said: Contract) -> str | None:
    """The field of a record's data that holds a personal number and would be published, if there is one."""
    return next((field for field, text in _published_texts(said) if holds_personal_number(text)), None)


def _published_texts(said: Contract) -> Iterator[tuple[str, str]]:
    """Field and text. Nothing of protected people and minors: to refuse their record would leave public
    what an earlier one said.
    """
    match said:
        case PersonSettled():
            if said.protection != "none" or said.unaccompanied_minor:
                return
            if said.placement is not None:
                yield "placement.district", said.placement.district
            yield from _of_profile(said)
        case RegisterVolunteer():
            yield from _of_profile(said)
        case RecordConsent():
            yield "purpose", said.purpose
            yield "text_version", said.text_version
        case RecordCheck():
            yield "kind", said.kind
            yield "role", said.role or ""
        case RecordInterview():
            yield from _numbered("interests", said.interests or [])
            yield from _numbered("expectations.activities", said.expectations.activities)
        case _:
            return


def _of_profile(said: PersonSettled | RegisterVolunteer) -> Iterator[tuple[str, str]]:
    yield "occupation", said.occupation or ""
    yield from _numbered("interests", said.interests)
    for number, language in enumerate(said.languages):
        yield f"languages.{number}.code", language.code


def _numbered(field: str, texts: list[str]) -> Iterator[tuple[str, str]]:
    return ((f"{field}.{number}", text) for number, text in enumerate(texts))


def _is_norwegian(number: str) -> bool:
    return (
        len(number) == NORWEGIAN_DIGITS
        and number[-2] == fodselsnummer.calc_check_digit1(number)
        and number[-1] == fodselsnummer.calc_check_digit2(number)
    )
