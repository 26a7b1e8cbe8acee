"""Recognises Norwegian and Danish personal numbers: as case references, and in texts that would be public."""

import re
from collections.abc import Sequence

from stdnum.dk import cpr
from stdnum.no import fodselsnummer

from shared.contracts.fields import Contract
from shared.contracts.intake.commands import RecordCheck, RecordConsent, RecordInterview, RegisterVolunteer
from shared.contracts.municipal import PersonSettled

NORWEGIAN_DIGITS, DANISH_DIGITS = 11, 10
_BETWEEN = re.compile(r"[^0-9A-Za-z]")
_LETTERS_AROUND = re.compile(r"^[A-Za-z]+|[A-Za-z]+$")
_NO_DIGIT = re.compile(r"[^0-9]+")
_DIGITS = re.compile(r"[0-9]{10,11}", re.ASCII)
"""All others can't be such a number."""
_TEN_DIGITS = re.compile(r"[0-9](?:[^0-9A-Za-z]*[0-9]){9}", re.ASCII)
"""Ten digits without a letter between them: a text without them, as nearly all are, holds no number."""


def reads_as_personal_number(text: str) -> bool:
    """Whether a text is, or could pass for, a personal number, whatever stands between or around its digits.

    Norwegian: any eleven digits whose two check digits fit, so D-numbers, H-numbers and the synthetic
    numbers of test registers are taken too. Danish: any ten digits that begin with a date, since check
    digits no longer decide there.
    """
    if _TEN_DIGITS.search(text) is None:
        return False
    bare = _LETTERS_AROUND.sub("", _BETWEEN.sub("", text))
    return _DIGITS.fullmatch(bare) is not None and (_is_norwegian(bare) or cpr.is_valid(bare))


def holds_personal_number(text: str) -> bool:
    """Whether such a number stands anywhere in a text. Meant for words: long numbers may seem to hold one."""
    if _TEN_DIGITS.search(text) is None:
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
    published = _published_texts(said)
    # All at once, a letter between each two: a record's texts hardly ever have ten digits together.
    if _TEN_DIGITS.search("x".join([text for texts in published.values() for text in texts])) is None:
        return None
    for field, texts in published.items():
        for number, text in enumerate(texts):
            if holds_personal_number(text):
                return field.format(number)
    return None


def _published_texts(said: Contract) -> dict[str, Sequence[str]]:
    """Texts by their field, where `{}` stands for their number in a list. Nothing of protected people and
    minors: to refuse their record would leave public what an earlier one said.
    """
    match said:
        case PersonSettled(protection="none", unaccompanied_minor=False):
            district = said.placement.district if said.placement is not None else ""
            return {"placement.district": (district,), **_of_profile(said)}
        case RegisterVolunteer():
            return _of_profile(said)
        case RecordConsent():
            return {"purpose": (said.purpose,), "text_version": (said.text_version,)}
        case RecordCheck():
            return {"kind": (said.kind,), "role": (said.role or "",)}
        case RecordInterview():
            activities = said.expectations.activities
            return {"interests.{}": said.interests or (), "expectations.activities.{}": activities}
        case _:
            return {}


def _of_profile(said: PersonSettled | RegisterVolunteer) -> dict[str, Sequence[str]]:
    return {
        "occupation": (said.occupation or "",),
        "interests.{}": said.interests,
        "languages.{}.code": [language.code for language in said.languages],
    }


def _is_norwegian(number: str) -> bool:
    return (
        len(number) == NORWEGIAN_DIGITS
        and number[-2] == fodselsnummer.calc_check_digit1(number)
        and number[-1] == fodselsnummer.calc_check_digit2(number)
    )
