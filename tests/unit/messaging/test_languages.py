"""Language tags in one form, and which of them two people share."""

import json
import subprocess
import sys
from itertools import product
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langcodes import Language
from langcodes.data_dicts import (
    ALL_SCRIPTS,
    LANGUAGE_REPLACEMENTS,
    LIKELY_SUBTAGS,
    MACROLANGUAGES,
    NORMALIZED_MACROLANGUAGES,
    TERRITORY_REPLACEMENTS,
)

from shared.languages import APART, SHARED, nearest_tag, normal_or_same, normal_tag, spoken_language

CODES = ["".join(letters) for length in (2, 3) for letters in product(ascii_lowercase, repeat=length)]
"""Every code that a language could have: those that are registered are among them."""
TABLES = sorted(
    {*LANGUAGE_REPLACEMENTS, *LANGUAGE_REPLACEMENTS.values(), *LIKELY_SUBTAGS, *LIKELY_SUBTAGS.values()}
    | {*MACROLANGUAGES, *MACROLANGUAGES.values(), *CODES}
)
REGISTERED = [tag for tag in TABLES if normal_tag(tag) is not None]


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
        ("arb", "ar"),
        ("apc", "ar"),
        ("ar-apc", "ar"),
        ("ajp", "ar"),
        ("AR-sy", "ar-SY"),
        ("apc-SY", "ar-SY"),
        ("prs", "fa-AF"),
        ("fa-AF", "fa-AF"),
        ("pes", "fa"),
        ("per", "fa"),
        ("kmr", "ku"),
        ("ckb", "ckb"),
        ("swc", "sw-CD"),
        ("zh-Hant", "zh-TW"),
        ("sr-Cyrl", "sr"),
        ("tl", "fil"),
        ("uk-UA", "uk"),
        ("ti-ER", "ti-ER"),
    ],
)
def test_a_language_has_one_form(tag: str, normal: str) -> None:
    assert normal_tag(tag) == normal


@pytest.mark.parametrize(
    "tag",
    ["xx", "zzz", "und", "und-NO", "zxx", "mul", "mis", "qaa", "x-name", "nb-" + "abcde-" * 9 + "ab", ""],
)
def test_what_names_no_language_has_no_form_and_is_read_as_it_is(tag: str) -> None:
    assert normal_tag(tag) is None
    assert normal_or_same(tag) == tag


def test_the_form_of_every_registered_tag_is_its_own_form() -> None:
    assert len(REGISTERED) > len(CODES) // 3
    assert [tag for tag in REGISTERED if normal_or_same(normal_or_same(tag)) != normal_or_same(tag)] == []
    assert [tag for tag in REGISTERED if spoken_language(normal_or_same(tag)) != spoken_language(tag)] == []


@given(
    st.sampled_from(REGISTERED),
    st.sampled_from(["", *sorted(ALL_SCRIPTS)]),
    st.sampled_from(["", *sorted(TERRITORY_REPLACEMENTS), "NO", "SY", "AF", "TW", "419", "ZZ"]),
)
def test_with_script_and_region_too(language: str, script: str, region: str) -> None:
    tag = "-".join(filter(None, [language.partition("-")[0], script.title(), region.upper()]))
    normal = normal_tag(tag)
    if normal is not None:
        assert normal_tag(normal) == normal
        assert spoken_language(normal) == spoken_language(tag) == spoken_language(language.partition("-")[0])


def test_the_form_does_not_depend_on_what_was_asked_before() -> None:
    asked = (
        "import json, sys; from shared.languages import normal_tag;"
        "tags = json.load(sys.stdin); json.dump({tag: normal_tag(tag) for tag in tags}, sys.stdout)"
    )
    other = subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-c", asked],
        input=json.dumps(REGISTERED[::-1]),
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(other.stdout) == {tag: normal_tag(tag) for tag in REGISTERED}


def test_members_of_a_macrolanguage_are_one_where_their_speakers_share_it_and_apart_elsewhere() -> None:
    for member, whole in MACROLANGUAGES.items():
        if whole in SHARED and member not in APART:
            assert spoken_language(member) == whole
        elif member not in NORMALIZED_MACROLANGUAGES and member not in {"nb", "nn", "bs", "hr", "sr", "cnr"}:
            assert spoken_language(member) != spoken_language(whole), member


@pytest.mark.parametrize(
    "tags",
    [
        ("apc", "ar", "ara", "ar-SY", "arb", "arz", "ar-Arab"),
        ("prs", "fa-AF", "fa", "pes", "fas"),
        ("nb", "nn", "no", "nor", "nno-NO"),
        ("bs", "hr", "sr-Latn", "sh", "cnr"),
        ("aln", "als", "sq"),
        ("kmr", "ku", "kur"),
    ],
)
def test_who_speaks_either_shares_a_language(tags: tuple[str, ...]) -> None:
    assert len({spoken_language(tag) for tag in tags}) == 1


@pytest.mark.parametrize(
    "tags",
    [("ckb", "ku"), ("ckb", "kmr"), ("yue", "zh"), ("ti", "am"), ("ur", "hi"), ("pga", "ar"), ("da", "nb")],
)
def test_who_speaks_one_does_not_share_the_other(tags: tuple[str, str]) -> None:
    assert spoken_language(tags[0]) != spoken_language(tags[1])


@pytest.mark.parametrize(
    ("tag", "nearest"),
    [("dk", "da"), ("ua", "uk"), ("er", "ti"), ("sy", "ar"), ("nb-XYZ", "nb"), ("somx", "so"), ("xx", None)],
)
def test_the_nearest_language_is_the_one_that_was_meant(tag: str, nearest: str | None) -> None:
    assert normal_tag(tag) is None
    assert nearest_tag(tag) == nearest


def test_what_is_kept_of_tags_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.languages.MOST_PARSED", 50)
    for number in range(500):
        assert normal_tag(f"nb-x-{number:08}") == "nb"
    assert len(Language._PARSE_CACHE) < 100
    assert len(Language._INSTANCES) < 100
    assert normal_tag("nob-NO") == "nb"
