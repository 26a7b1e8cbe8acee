"""Language tags (BCP 47) in one form, and which language two people share. The only module that knows
langcodes.

Which codes name one language is CLDR's: `tir` and `ti`, `nob` and `nb`, `prs` and `fa-AF`, and of a
macrolanguage its main member (`arb` is `ar`, `cmn` is `zh`, `kmr` is `ku`). Other members of a macrolanguage
are languages of their own, such as Sorani (`ckb`) beside Kurmanji, but for those of `SHARED`.
"""

import re
from difflib import get_close_matches
from functools import cache, lru_cache

from langcodes import Language, tag_is_valid
from langcodes.data_dicts import (
    LANGUAGE_REPLACEMENTS,
    LIKELY_SUBTAGS,
    MACROLANGUAGES,
    NORMALIZED_MACROLANGUAGES,
)

LONGEST_TAG = 35
"""RFC 5646, section 4.4.1: no tag that says something about a language is longer."""

MOST_PARSED = 10_000
"""Tags that langcodes keeps parsed, about a kilobyte each."""

SHARED = frozenset({"ar", "az", "fa", "ps", "sq", "sw", "uz"})
"""Macrolanguages whose members' speakers understand each other, at least in what they learnt at school."""
APART = frozenset({"aae", "aat", "acy", "pga"})
"""Members of these that are not understood: Albanian of Italy and Greece, Cypriot and Juba Arabic."""

_TAG_WRITTEN = re.compile(r"([A-Za-z]{2,3})[_. ]([A-Za-z]{2}|[A-Za-z]{4})", re.ASCII)
"""A language and a region or script, with another sign between them than a tag has."""
_SPOKEN = {"nb": "no", "nn": "no", "bs": "sh", "hr": "sh", "sr": "sh"}
"""Written forms of one spoken language, which letters keep apart."""
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis"})
"""ISO 639-2's codes for undetermined, none, several and uncoded."""
_PRIVATE = ("qaa", "qtz")
"""ISO 639-2's first and last code for private use."""


# Bounded: senders choose the tags. Most repeat a few.
@lru_cache(maxsize=4096)
def normal_tag(tag: str) -> str | None:
    """The one form of a tag: the language's shortest code, and script and region only where the language
    alone does not say them (`nb-NO` → `nb`, by CLDR's likely subtags). None where it names no registered
    language.
    """
    if len(tag) > LONGEST_TAG or not tag_is_valid(tag):
        return None
    _forget_parsed()
    given = Language.get(tag)
    primary = given.language
    if given.extlangs:
        # `ar-apc` says what `apc` says; `nb-apc` says nothing.
        primary = given.extlangs[0] if MACROLANGUAGES.get(given.extlangs[0]) == primary else None
    if primary is None or primary in _NO_LANGUAGE or _is_private(primary):
        return None
    return _shortest(
        Language.make(_in_macrolanguage(primary), script=given.script, territory=given.territory)
    )


def normal_or_same(tag: str) -> str:
    """The one form of a tag, or the tag itself: what was kept before tags were checked is still read."""
    return normal_tag(tag) or tag


@lru_cache(maxsize=4096)
def spoken_language(tag: str) -> str:
    """What of a tag decides whether two people share a language: neither script nor region, nor in which of
    a language's written forms they read.
    """
    primary = normal_or_same(tag).partition("-")[0].lower()
    return _SPOKEN.get(primary, primary)


def nearest_tag(tag: str) -> str | None:
    """The tag that was probably meant by one that names no language; None where none is close.

    Where only script or region is wrong it is the language, and for a country's code what is spoken there.
    """
    primary = tag.partition("-")[0].lower()
    if (known := normal_tag(primary)) is not None:
        return known
    spoken = (
        Language.make(territory=primary.upper()).maximize().language if len(primary) == len("no") else None
    )
    if spoken and f"und-{primary.upper()}" in LIKELY_SUBTAGS:
        return normal_tag(spoken)
    close = get_close_matches(primary, _common_codes(), 1)
    return normal_tag(close[0]) if close else None


def tag_meant(written: object) -> str | None:
    """The one form of what would be a tag, were the signs between its parts others: `nb_NO` means `nb`. Names
    of languages are not looked up.
    """
    if not isinstance(written, str) or len(written) > LONGEST_TAG:
        return None
    parts = _TAG_WRITTEN.fullmatch(written.strip())
    return normal_tag("-".join(parts.groups())) if parts is not None else None


def _forget_parsed() -> None:
    """Bounds what langcodes keeps for good of each tag, in two tables that it gives no other way to empty."""
    if len(Language._PARSE_CACHE) > MOST_PARSED:  # noqa: SLF001
        Language._PARSE_CACHE.clear()  # noqa: SLF001
        Language._INSTANCES.clear()  # noqa: SLF001


@cache
def _common_codes() -> list[str]:
    """The codes that typing errors are compared with: those of two letters, and what is written for them."""
    longer = [code for code, short in LANGUAGE_REPLACEMENTS.items() if len(code) > len(short) == len("no")]
    return sorted({short for short in LIKELY_SUBTAGS if len(short) == len("no")}) + sorted(longer)


def _is_private(primary: str) -> bool:
    first, last = _PRIVATE
    return primary.startswith("x-") or (len(primary) == len(first) and first <= primary <= last)


def _in_macrolanguage(primary: str) -> str:
    """The macrolanguage where a code is its main member or one whose speakers share it; else the code."""
    macrolanguage = MACROLANGUAGES.get(primary)
    if macrolanguage in SHARED and primary not in APART:
        return macrolanguage
    return NORMALIZED_MACROLANGUAGES.get(primary, primary) if primary != "no" else "nb"


def _shortest(language: Language) -> str:
    """The shortest tag that CLDR's likely subtags complete to the same language, script and region."""
    whole = language.maximize()
    code = whole.language
    tried = (
        Language.make(code),
        Language.make(code, territory=whole.territory),
        Language.make(code, script=whole.script),
    )
    return next((one for one in tried if one.maximize() == whole), whole).to_tag()
