"""Ways to reach somebody: what is made out of what was written, and what is left out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from services.intake import contact
from services.intake.domain.person import Details
from services.intake.wire import card
from shared import mail_addresses
from shared.contracts.municipal import Person
from shared.mail_addresses import Unaddressable, wire_form
from tests.unit.intake.people import DETAILS

NUMBER = "+4790000042"


@pytest.mark.parametrize(
    "written",
    [
        "+4790000042",
        "+47 900 00 042",
        "90000042",
        "900 00 042",
        "900.00.042",
        "900/00/042",
        "900-00-042",
        "(+47) 900 00 042",
        "+47(900)00042",
        "0047 900 00 042",
        "tel:+47-900-00-042",
        "TEL:+4790000042",
        "tel:90000042;phone-context=+47",
        "900\u00a000\u202f042",
        "\u202a+47 900 00 042\u202c",
        "+47\u201190000042",
        "'+47 900•00•042'",
        "+47\u200b90000042 \n",
        "٩٠٠٠٠٠٤٢",
        "\uff0b\uff14\uff1790000042",
        "4790000042",
        "47 90000042",
        "47-900-00-042",
        "(47) 900 00 042",
        "٤٧٩٠٠٠٠٠٤٢",
    ],
)
def test_a_number_is_kept_as_it_is_dialled_from_anywhere(written: str) -> None:
    assert contact.phone(written, "no-4601") == NUMBER
    assert contact.phone(NUMBER, "dk-751") == NUMBER


@pytest.mark.parametrize(
    ("written", "municipality", "number"),
    [
        ("20 12 34 56", "dk-751", "+4520123456"),
        ("+46 (0)70-123 45 67", "no-4601", "+46701234567"),
        ("00 964 770 123 4567", "no-4601", "+9647701234567"),
        ("+47 900 00 042", "xx-1", NUMBER),
        ("47 900 00 042", "dk-751", NUMBER),
        ("4520123456", "no-4601", "+4520123456"),
        ("45123456", "no-4601", "+4745123456"),
        ("47123456", "dk-751", "+4547123456"),
    ],
)
def test_a_number_without_a_country_is_one_of_the_municipalitys(
    written: str, municipality: str, number: str
) -> None:
    assert contact.phone(written, municipality) == number


@pytest.mark.parametrize(
    "written",
    [
        "none",
        "900 00 042 (Test)",
        "90000042 / 90000043",
        "+4790000042, +4790000043",
        "+4790000042+4790000043",
        "90000042 ext 5",
        "90000042#5",
        "2012345#6",
        "+47 (0)900 00 042",
        "4690000042",
        "47900000421",
        "90000042 47",
        "1",
        "+999 1234",
        "+",
        "9" * 200,
        4790000042,
        ["+4790000042"],
        {},
        True,
    ],
)
def test_what_number_is_meant_is_not_guessed(written: Any) -> None:
    assert contact.phone(written, "no-4601") is None


def test_without_a_known_country_a_number_needs_its_code() -> None:
    assert contact.phone("90000042", "xx-1") is None


def person(**reached: Any) -> Person:
    return Person.model_validate({"given_name": "Test", "preferred_language": "ti", **reached})


def codes(**reached: Any) -> list[tuple[str, str | None]]:
    who = person(**reached)
    kept = contact_details(who)
    return [(fault.code, fault.field) for fault in contact.left_out(who, kept)]


def contact_details(who: Person) -> Details:
    return replace(
        DETAILS,
        phone=contact.phone(who.phone, "no-4601"),
        email=contact.email(who.email),
        address=contact.address(who.address),
    )


def test_what_is_left_out_is_said_and_a_blank_text_says_nothing() -> None:
    assert codes(phone="?", email="nobody", address=["x"]) == [
        ("phone_invalid", "person.phone"),
        ("email_invalid", "person.email"),
        ("address_invalid", "person.address"),
    ]
    assert codes(phone=0, email=False, address="x" * 201) == codes(phone="?", email="nobody", address=["x"])
    assert codes(phone="", email=" ", address="\u00a0") == codes() == []
    assert codes(phone="90000042", email="test@faß.example", address=" Eksempelgata 1 ") == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


@given(phone=JSON, email=JSON | st.emails(), address=JSON)
def test_whatever_stands_in_these_fields_costs_no_settlement(
    phone: JsonValue, email: JsonValue, address: JsonValue
) -> None:
    who = person(phone=phone, email=email, address=address)
    kept = contact_details(who)
    said = {fault.field for fault in contact.left_out(who, kept)}
    for field in ("phone", "email", "address"):
        written = getattr(who, field)
        is_blank = written is None or (isinstance(written, str) and not written.strip())
        assert (f"person.{field}" in said) is (getattr(kept, field) is None and not is_blank)


@given(st.emails() | st.from_regex(r"\A[a-zå-ö.]{1,12}@[a-zß-ö]{1,9}\.(example|no)\Z"))
def test_what_is_taken_is_what_is_sent_to(written: str) -> None:
    kept = contact.email(written)
    if kept is not None:
        assert wire_form(kept) == kept
        assert kept.partition("@")[2].isascii()


def test_who_has_one_name_is_greeted_by_it() -> None:
    assert b'"given_name":"Eksempel"' in card(replace(DETAILS, given_name=None))
    assert b'"given_name":"Test"' in card(replace(DETAILS, family_name=None))


@given(st.from_regex(contact._ORDINARY, fullmatch=True), st.sampled_from(["no-4601", "dk-751"]))
def test_an_ordinary_number_is_what_the_library_makes_of_it(written: str, municipality: str) -> None:
    assert contact.phone(written, municipality) == contact._looked_up(written, municipality[:2].upper())


PLAIN = st.from_regex(mail_addresses._PLAIN, fullmatch=True)


@given(
    PLAIN | st.builds("{}@{}".format, PLAIN.map(lambda one: one.partition("@")[0]), st.just("example.org"))
)
def test_a_plain_address_is_what_the_library_makes_of_it(written: str) -> None:
    def form(check: Callable[[str], str]) -> str | None:
        try:
            return check(written)
        except Unaddressable:
            return None

    assert form(wire_form) == form(mail_addresses._checked)
