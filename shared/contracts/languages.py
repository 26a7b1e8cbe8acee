"""Language tags (BCP 47) in one form, so that services that compare them see the same. The only module that
knows langcodes.
"""

import re
from functools import lru_cache

from langcodes import Language, standardize_tag, tag_is_valid
from langcodes.tag_parser import LanguageTagError

LONGEST_TAG = 35
"""RFC 5646, section 4.4.1: no tag that says something about a language is longer."""

_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis"})
"""ISO 639-2's codes for undetermined, none, several and uncoded."""

_PRIVATE = re.compile("q[a-t][a-z]")
"""ISO 639-2's codes for private use."""


# Bounded: senders choose the tags. A settlement repeats a few.
@lru_cache(maxsize=1024)
def normal_tag(tag: str) -> str | None:
    """The one form of a tag; None of one that names no language that is registered.

    The shortest registered code (`tir` → `ti`), the macrolanguage that CLDR prefers (`arb` → `ar`, `prs` →
    `fa-AF`), Norwegian without a written form as Bokmål (`no` → `nb`), and no region that the language
    alone says already (`nb-NO` → `nb`, by CLDR's likely subtags).
    """
    if len(tag) > LONGEST_TAG or not tag_is_valid(tag):
        return None
    try:
        language = Language.get(standardize_tag(tag, macro=True))
        primary = language.language
        if primary is None or primary in _NO_LANGUAGE or _PRIVATE.fullmatch(primary):
            return None
        if language.territory == Language.get(primary).maximize().territory:
            language = language.update_dict({"territory": None})
    except LanguageTagError:
        return None
    normal = language.to_tag()
    return f"nb{normal[2:]}" if primary == "no" else normal


def normal_or_same(tag: str) -> str:
    """The one form of a tag, or the tag itself: what was published before tags were checked is still read."""
    return normal_tag(tag) or tag
