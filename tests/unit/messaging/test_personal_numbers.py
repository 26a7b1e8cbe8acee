import random
import unicodedata
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.topics import SETTLEMENTS
from shared.ids import SUBJECT_CHARACTERS, derived_subject
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Received
from shared.personal_numbers import (
    holds_personal_number,
    id_holds_personal_number,
    is_chosen_as_personal_number,
    reads_as_personal_number,
)

# Made up: the check digits were computed, nobody was looked up.
from tests.unit.messaging.records import raw, settlement


@pytest.mark.parametrize(
    "reference",
    [
        "01010750160",
        "010107-50160",
        "010107.50160",
        "41010750154",
        "01810750126",
        "0101804567",
        "010180-4567",
    ],
)
def test_what_passes_for_a_personal_number_is_recognised(reference: str) -> None:
    assert reads_as_personal_number(reference)


@pytest.mark.parametrize(
    "reference", ["BER-2016-0001", "01010750161", "9901804567", "12345", "2016:000123", "010107501600"]
)
def test_other_references_are_not(reference: str) -> None:
    assert not reads_as_personal_number(reference)


@pytest.mark.parametrize(
    "reference",
    [
        "010107_50160",
        "01010750160.",
        "-01010750160",
        "NO01010750160",
        "0_1_0_1_0_7_5_0_1_6_0",
        "NO-010180-4567-x",
        "01.01.07-50160-1",
        "1-01.01.07-50160",
        "010107x50160-1",
        "BER/7/010107 50160/12",
        "7-010180x4567-7",
    ],
)
def test_nothing_around_or_between_the_digits_hides_one(reference: str) -> None:
    assert reads_as_personal_number(reference)


@pytest.mark.parametrize(
    "reference",
    [
        "01011907-50160",
        "0101190750160",
        "01.01.1907-50160",
        "01.01.1907 501 60",
        "BER-7/01012007-50160/2",
        "1-0101200750160-2",
        "01011980-0567",
        "01012007-4567",
        "010120074567",
        "K2-01.01.1980-0567",
        "01012007x501x60",
        "K7-0101a0750160",
        "7-010107x50x160",
        "7-0x1x0x1x0x7x5x0x1x6x0",
        "K2-0101a804567",
        "No. 010107 - 50160 (2)",
        "BER2026-0 1 0 1 0 7 5 0 1 6 0",
        "K2-1-0-1-0-1-8-0-4-5-6-7",
    ],
)
def test_neither_a_whole_year_nor_letters_beside_other_digits_hide_one(reference: str) -> None:
    assert reads_as_personal_number(reference)
    assert is_chosen_as_personal_number(reference)


@pytest.mark.parametrize(
    "reference",
    ["01011880-50160", "01012126-4567", "32011907-50160", "01011907-50161", "12102026-0042", "121020260042"],
    ids=["1880", "2126", "32 January", "check digit", "a Dane of 1926", "a Dane of 1926, joined"],
)
def test_eight_digits_that_are_no_birthday_of_the_rest_are_none(reference: str) -> None:
    assert not reads_as_personal_number(reference)


@pytest.mark.parametrize(
    "reference",
    [
        "BER-2016-0001",
        "BER-0a1b2c3d4e5f",
        "CASE-0000123",
        "2016:000123",
        "2026-11-27/000123",
        "4-2026-0412-7",
    ],
)
def test_a_case_reference_does_not_read_as_one(reference: str) -> None:
    assert not reads_as_personal_number(reference)


@pytest.mark.parametrize(
    "text",
    [
        "01010750160",
        "Fana, Kari 010107 50160",
        "house 3, 01010750160 B2",
        "nurse_01010750160",
        "a01010750160",
        "Fana 010180-4567",
    ],
)
def test_one_is_found_anywhere_in_a_text(text: str) -> None:
    assert holds_personal_number(text)


@given(
    st.sampled_from(["01010750160", "0101804567"]).flatmap(
        lambda number: st.lists(
            st.text(st.characters(exclude_characters="0123456789", max_codepoint=0x2FFF), max_size=3).map(
                lambda between: "".join(sign for sign in between if not sign.isdigit())
            ),
            min_size=len(number) - 1,
            max_size=len(number) - 1,
        ).map(lambda between: "".join(map("".join, zip(number, [*between, ""], strict=True))))
    )
)
def test_neither_letters_nor_signs_between_its_digits_hide_one(spread: str) -> None:
    assert reads_as_personal_number(spread)
    assert holds_personal_number(f"house, {spread} x")


@pytest.mark.parametrize("text", ["Fana", "Bydel 2, 5006 Bergen", "+47 000 00 042", "99999999999", "nurse"])
def test_a_text_without_one_holds_none(text: str) -> None:
    assert not holds_personal_number(text)


OF_2032 = {
    "a birthday": ("01010750179", "01010750187", "01010750195"),
    "D-number": ("41010750162", "41010750170", "41010750189"),
    "H-number": ("01410750151", "01410750240", "01410750178"),
    "synthetic, month + 80": ("01810750134", "01810750142", "01810750150"),
    "synthetic, month + 65": ("01660750289", "01660750106", "01660750114"),
    "synthetic D-number": ("41810750128", "41810750136", "41660750108"),
}
"""Made up: what their first check digit leaves is 1, 2 and 3."""


@pytest.mark.parametrize("number", [number for numbers in OF_2032.values() for number in numbers])
def test_numbers_by_the_rule_of_2032_are_recognised(number: str) -> None:
    assert reads_as_personal_number(number)
    assert holds_personal_number(f"Fana {number}")


@pytest.mark.parametrize(
    "number",
    ["01010750284", "41010750197", "31020750173", "01200750167", "89876550181"],
    ids=["leaves 4", "D-number, leaves 4", "31 February", "month 20", "help number, leaves 1"],
)
def test_eleven_digits_by_neither_rule_are_none(number: str) -> None:
    assert not reads_as_personal_number(number)


@pytest.mark.parametrize("number", ["01660750270", "41660750183", "89876550173", "01410750143"])
def test_synthetic_and_help_numbers_are_recognised(number: str) -> None:
    assert reads_as_personal_number(number)


@pytest.mark.parametrize("number", ["6101804567", "9112994567", "610180-4567"])
def test_danish_test_numbers_are_recognised(number: str) -> None:
    assert reads_as_personal_number(number)
    assert holds_personal_number(f"Fana {number}")


@pytest.mark.parametrize("reference", ["3201804567", "6001804567", "9201804567", "6113804567"])
def test_ten_digits_without_a_day_are_none(reference: str) -> None:
    assert not reads_as_personal_number(reference)


ZEROES = [chr(code) for code in range(0x110000) if unicodedata.digit(chr(code), None) == 0]


@pytest.mark.parametrize("zero", ZEROES, ids=lambda zero: unicodedata.name(zero).replace(" ", "_"))
def test_digits_of_every_script_are_digits(zero: str) -> None:
    def written(number: str) -> str:
        # Of superscripts and the like not all ten stand in a row.
        signs = {unicodedata.digit(chr(code), None): chr(code) for code in range(ord(zero), ord(zero) + 10)}
        return "".join(signs.get(int(digit)) or digit for digit in number)

    for number in ("01010750160", "0101804567"):
        assert reads_as_personal_number(written(number))
        assert holds_personal_number(f"Fana {written(number)}")


@pytest.mark.parametrize(
    "reference",
    [
        "BER-2026-01010750160",
        "2026-010107-50160",
        "010107-50160/2026",
        "a12 0101804567 b3",
        "NO2026.010180-4567",
    ],
)
def test_a_number_beside_other_digits_is_found_in_a_reference(reference: str) -> None:
    assert reads_as_personal_number(reference)


@pytest.mark.parametrize(
    "pattern",
    [
        "BER-20{:02}-{:04}",
        "20{:02}/{:06}",
        "20{:02}/{:04}-12",
        "20{:02}{:07}",
        "+47 9{:01} {:03} 00 42",
        "KOB{:09}",
        "20{:02}-10-12/{:06}",
        "20{:02}1012-{:05}",
        "4601-20{:02}-{:06}",
        "20{:02}0048217{:05}",
    ],
)
def test_no_ordinary_reference_or_norwegian_phone_passes_for_one(pattern: str) -> None:
    chance = random.Random(2016)  # noqa: S311 (repeatable, and guards nothing)
    for _ in range(2000):
        reference = pattern.format(chance.randrange(13, 41), chance.randrange(10**4))
        assert not reads_as_personal_number(reference), reference


UUID_WITH_NUMBER = ["01010750-1600-4000-8000-000000000000", "00000000-0000-4000-8000-001010750160"]
TRACE = "00-00000000000000000000001010750160-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "id_", [*UUID_WITH_NUMBER, TRACE, "case-0101804567", "abcdef01-0107-5016-0abc-00000000000a"]
)
def test_a_number_in_an_id_is_found(id_: str) -> None:
    assert id_holds_personal_number(id_)


@pytest.mark.parametrize("id_", [*UUID_WITH_NUMBER, "01010750160", "event 010107-50160", "0101804567-1"])
def test_an_id_that_was_made_of_one_is_known(id_: str) -> None:
    assert is_chosen_as_personal_number(id_)


def test_hardly_a_random_uuid_seems_to_hold_one() -> None:
    chance = random.Random(2016)  # noqa: S311 (repeatable, and guards nothing)
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(20_000)]
    assert sum(map(id_holds_personal_number, ids)) < len(ids) / 50


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MADE: dict[str, Callable[[random.Random], str]] = {
    "UUID": lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)),
    "UUID in capitals": lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)).upper(),
    "UUID in braces": lambda chance: f"{{{uuid.UUID(int=chance.getrandbits(128), version=4)}}}",
    "urn:uuid": lambda chance: uuid.UUID(int=chance.getrandbits(128), version=4).urn,
    "UUID without hyphens": lambda chance: uuid.UUID(int=chance.getrandbits(128), version=4).hex,
    "SHA-256": lambda chance: f"{chance.getrandbits(256):064x}",
    "ULID": lambda chance: "01" + "".join(chance.choices(CROCKFORD, k=24)),
    "snowflake": lambda chance: str(chance.randrange(2**60, 2**63)),
    "milliseconds since 1970": lambda chance: str(chance.randrange(978_307_200_000, 4_133_980_800_000)),
    "microseconds since 1970": lambda chance: str(chance.randrange(10**15, 4 * 10**15)),
    "time and counter": lambda chance: f"2026-{chance.randrange(10**4):04}-{chance.randrange(10**7):07}",
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE.keys())
def test_hardly_an_id_that_a_machine_made_is_taken_for_one(made: Callable[[random.Random], str]) -> None:
    chance = random.Random(2016)  # noqa: S311 (repeatable, and guards nothing)
    ids = [made(chance) for _ in range(20_000)]
    assert sum(map(is_chosen_as_personal_number, ids)) < len(ids) / 1000


@pytest.mark.parametrize(
    "id_",
    [
        "{01010750-1600-4000-8000-000000000000}",
        "urn:uuid:00000000-0000-4000-8000-001010750160",
        "00000000-0000-4000-8000-00101075016A",
        "00000000000040008000001010750160",
        "0000000000000001010750160A",
    ],
)
def test_an_id_of_a_machines_form_that_was_made_of_one_is_known(id_: str) -> None:
    assert is_chosen_as_personal_number(id_)


@pytest.mark.parametrize(
    "reference",
    ["volunteer-477b37j77dw34lfydzx2k2ju", "pair-5472l2s4xlymxgacub256s37"],
)
def test_a_reference_of_our_own_is_none_whatever_its_digits_are(reference: str) -> None:
    assert not is_chosen_as_personal_number(reference)
    assert not holds_personal_number(reference)


def test_no_reference_that_we_make_is_taken_for_one() -> None:
    digits = random.Random(1)  # noqa: S311 (the same every time)
    for _ in range(20_000):
        made = derived_subject("pair", bytes(digits.choice(_WITH_DIGITS) for _ in range(SUBJECT_CHARACTERS)))
        assert not is_chosen_as_personal_number(made)
        assert not holds_personal_number(made)


_WITH_DIGITS = [*range(26, 32)] * 4 + [*range(26)]
"""Bytes of which every other becomes a digit of a reference."""


def test_what_is_passed_on_of_a_records_id_and_trace_holds_no_number() -> None:
    document = {
        **settlement(),
        "id": UUID_WITH_NUMBER[0],
        "correlationid": UUID_WITH_NUMBER[1],
        "traceparent": TRACE,
    }
    record = Parser(SETTLEMENTS).parse(raw(document))
    assert isinstance(record, Received)
    assert record.cause.traceparent is None
    for told in (record.cause.id, record.cause.correlation, record.inbox_id):
        assert not set(UUID_WITH_NUMBER) & set(told.split())
    sound = {**document, "traceparent": TRACE.replace("01010750160", "0000000abcd")}
    again = Parser(SETTLEMENTS).parse(raw(sound))
    assert isinstance(again, Received)
    assert again.cause.traceparent == sound["traceparent"]


@pytest.mark.parametrize(
    "batch", ["8ca59966-66ce-4b36-8512-bd1311072231", "00aa4578-b19a-4188-9d43-50878f596754"]
)
def test_a_batch_s_command_is_judged_by_the_batch_s_id(batch: str) -> None:
    assert reads_as_personal_number(f"{batch}.4"), "by chance"
    assert not is_chosen_as_personal_number(f"{batch}.4")
    # No machine made these.
    assert is_chosen_as_personal_number("01010750160.1")
    assert is_chosen_as_personal_number(f"{batch}.01010750160")
