"""Language tags in one form."""

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts.fields import KnownLanguageCode, LanguageCode
from shared.contracts.languages import normal_tag


@pytest.mark.parametrize(
    ("tag", "normal"),
    [
        ("tir", "ti"),
        ("nob", "nb"),
        ("nor", "nb"),
        ("no", "nb"),
        ("nb-NO", "nb"),
        ("nn", "nn"),
        ("ara", "ar"),
        ("apc", "ar"),
        ("AR-sy", "ar-SY"),
        ("prs", "fa-AF"),
        ("fa-AF", "fa-AF"),
        ("pes", "fa"),
        ("per", "fa"),
        ("kmr", "ku"),
        ("uk-UA", "uk"),
        ("ti-ER", "ti-ER"),
    ],
)
def test_a_language_has_one_form(tag: str, normal: str) -> None:
    assert normal_tag(tag) == normal
    assert normal_tag(normal) == normal


@pytest.mark.parametrize(
    "tag", ["xx", "zzz", "und", "zxx", "mul", "mis", "qaa", "nb-" + "abcde-" * 9 + "ab"]
)
def test_what_names_no_language_is_refused_coming_in_and_read_where_published(tag: str) -> None:
    assert TypeAdapter(LanguageCode).validate_python(tag) == tag
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(KnownLanguageCode).validate_python(tag)
    assert refused.value.errors()[0]["type"] == "language_unknown"
