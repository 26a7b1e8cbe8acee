"""What replies say that they are about."""

import pytest

from shared.messaging.commands.answers import WITHHELD, shown_subject


@pytest.mark.parametrize(
    "subject",
    [
        "refugee-mfzwizltoq2gk3tnnz2gs5dt",
        "volunteer-aaaaaaaaaaaaaaaa",
        "pair-example2example3example4",
        "6b0f2f7e-5d0e-5a53-9a0c-3f1f7e0c0001",
        "no-4601/flyktningguide-bergen",
        "dk-751/guide-2016",
    ],
)
def test_a_reference_is_repeated(subject: str) -> None:
    assert shown_subject(subject) == subject


@pytest.mark.parametrize(
    "subject",
    [
        "Kari Eksempel",
        "kari-eksempelnordmannhansen",
        "volunteer-Kari",
        "volunteer-kari",
        "BER-2026-0042",
        "01010750160",
        "no-4601/01010750160",
        "no-4601/guide/Kari",
        "kari/nordmann",
        "no-4601",
        "6B0F2F7E-5D0E-5A53-9A0C-3F1F7E0C0001",
        "pair-example2example3example4\n",
        "",
    ],
)
def test_whatever_else_an_operator_typed_is_not(subject: str) -> None:
    assert shown_subject(subject) == WITHHELD
