"""Telephone, e-mail and address as they can be used, made out of what was written. The only module that knows
phonenumbers.
"""

import re
from collections.abc import Iterator
from unicodedata import digit

from phonenumbers import (
    SUPPORTED_REGIONS,
    NumberParseException,
    PhoneNumberFormat,
    format_number,
    is_possible_number,
    parse,
)

from services.intake.domain.person import Details
from shared.contracts.municipal import Person
from shared.mail_addresses import Unaddressable, wire_form
from shared.messaging.reading.outcome import Fault

LONGEST_ADDRESS = 200
"""Characters of a postal address."""
LONGEST_PHONE = 100
"""Characters of what a telephone number is looked for in."""
_COUNTRIES = {"no": "+47", "dk": "+45"}
_ORDINARY = re.compile(r"(?:(\+4[57])[ \u00a0.-]*|(?=[2-9]))([0-9](?:[ \u00a0.-]*[0-9]){7})")
"""Eight digits, as all numbers of subscribers have in both countries, which know no trunk prefix: to ask the
library of them too costs a tenth of a millisecond, about as much as all else that becomes of a settlement.
"""
_BETWEEN = dict.fromkeys(map(ord, " \u00a0.-"))
"""What may stand between the digits of such a number, for `str.translate` to leave out."""
_BARE_CODE = re.compile(r"4[57][2-9][0-9]{7}")
"""Such a number with its country's code and no plus: no other number has ten digits in either country."""
_MEANS_SOMETHING = "+#*,;"
"""Signs of a number that can't be taken for a space: an extension, a pause, another number."""


def phone(written: object, municipality: str) -> str | None:
    """The number as E.164 has it, such as `+4790000042`; None where it can't be told which number is meant.

    A number without a country's code is one of the municipality's country. What holds letters, two numbers or
    an extension is none; whether a number is in use is not looked at.
    """
    if not isinstance(written, str) or len(written) > LONGEST_PHONE:
        return None
    country, _, _ = municipality.partition("-")
    ordinary = _ORDINARY.fullmatch(written)
    if ordinary is not None and country in _COUNTRIES:
        return (ordinary[1] or _COUNTRIES[country]) + ordinary[2].translate(_BETWEEN)
    return _looked_up(written, country.upper())


def _looked_up(written: str, country: str) -> str | None:
    text = written.strip().lower()
    if not text.startswith("tel:"):
        if any(sign.isalpha() for sign in text):
            return None
        text = "".join(sign if sign.isdigit() or sign in _MEANS_SOMETHING else " " for sign in text)
    if country.lower() in _COUNTRIES and _BARE_CODE.fullmatch(bare := _plain(text)):
        return f"+{bare}"
    try:
        number = parse(text, country if country in SUPPORTED_REGIONS else None)
    except NumberParseException:
        return None
    if number.extension or not is_possible_number(number):
        return None
    return format_number(number, PhoneNumberFormat.E164)


def _plain(text: str) -> str:
    """The text without its spaces, and digits of every script as 0 to 9."""
    return "".join(str(digit(sign)) if sign.isdigit() else sign for sign in text if not sign.isspace())


def email(written: object) -> str | None:
    """The address that mail can be sent to; None where there is none."""
    try:
        return wire_form(written) if isinstance(written, str) else None
    except Unaddressable:
        return None


def address(written: object) -> str | None:
    """The postal address; None where it is no text, or longer than one."""
    if not isinstance(written, str) or not 0 < len(text := written.strip()) <= LONGEST_ADDRESS:
        return None
    return text


def left_out(who: Person, kept: Details) -> Iterator[Fault]:
    """What was written to reach somebody by and could not be used. A blank text says nothing."""
    if kept.phone is None and _is_written(who.phone):
        yield Fault("phone_invalid", "person.phone", "data")
    if kept.email is None and _is_written(who.email):
        yield Fault("email_invalid", "person.email", "data")
    if kept.address is None and _is_written(who.address):
        yield Fault("address_invalid", "person.address", "data")


def _is_written(value: object) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())
