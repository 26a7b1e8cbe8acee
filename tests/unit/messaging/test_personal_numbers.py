import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.personal_numbers import holds_personal_number, reads_as_personal_number

# Made up: the check digits were computed, nobody was looked up.


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
    ],
)
def test_nothing_around_or_between_the_digits_hides_one(reference: str) -> None:
    assert reads_as_personal_number(reference)


@pytest.mark.parametrize("reference", ["BER-2016-0001", "BER-0a1b2c3d4e5f", "CASE-0000123", "2016:000123"])
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
                lambda between: "".join(sign for sign in between if not (sign.isascii() and sign.isalpha()))
            ),
            min_size=len(number) - 1,
            max_size=len(number) - 1,
        ).map(lambda between: "".join(map("".join, zip(number, [*between, ""], strict=True))))
    )
)
def test_no_signs_between_its_digits_hide_one(spread: str) -> None:
    assert reads_as_personal_number(spread)
    assert holds_personal_number(f"house, {spread} x")


@pytest.mark.parametrize("text", ["Fana", "Bydel 2, 5006 Bergen", "+47 000 00 042", "99999999999", "nurse"])
def test_a_text_without_one_holds_none(text: str) -> None:
    assert not holds_personal_number(text)
