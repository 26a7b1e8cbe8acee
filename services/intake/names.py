"""Names as they are looked for: however they were spelled, in either order, with a typing error. The only
module that knows anyascii and jellyfish.

What is stored of a name to be found by is a keyed digest of how its consonants sound. Vowels are left out,
as Arabic and Hebrew do, and since they differ most between the Latin spellings of one name (Muhammad,
Mohamed, Mohammed); consonants that are taken for each other count as one (b and p, d and t, g, k and q).
Metaphone and Soundex are made for English: to them the h of `mhmd` is silent, and they keep first vowels.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from anyascii import anyascii
from jellyfish import damerau_levenshtein_distance

from services.intake.domain.person import Details

Digest = Callable[[str], bytes]
"""How a word sounds → the keyed digest under which it is stored."""

MOST_WORDS = 8
"""Words of a name that are looked at."""
CLOSE = 0.68
"""How close a name must be to what was asked for, between 0 and 1, to be shown."""
DIGEST_BYTES = 8
"""Of the digest: among millions of words hardly two have the same, and more would only take room."""

_WORD = re.compile(r"[a-z]+")
_SAME = (("aa", "a"), ("ae", "a"), ("oe", "o"), ("ue", "u"))
"""Scandinavian and German letters as they are written without them: anyascii gives å as a and ø as o."""
_APOSTROPHES = "'`\u2018\u2019"
_WITHOUT = str.maketrans("", "", _APOSTROPHES)
_SOFT_C = re.compile(r"c(?=[eiy])")
_HARD_CH = re.compile(r"ch(?=[rl])")
_W_AS_V = re.compile(r"^w|(?<=[aeiou])w(?=[aeiou])")
_J_AS_I = re.compile(r"(?<=[bcfghklmnprstvz])j")
_SOUNDS = {
    **dict.fromkeys(("dzh", "dj", "j"), "j"),
    **dict.fromkeys(("tsch", "tch", "sch", "ch", "sh", "zh", "ts", "tz", "dz", "s", "z"), "s"),
    **dict.fromkeys(("gh", "ck", "c", "g", "k", "q"), "k"),
    **dict.fromkeys(("kh", "h"), "h"),
    **dict.fromkeys(("th", "dh", "t", "d"), "t"),
    **dict.fromkeys(("bh", "b", "p"), "p"),
    **dict.fromkeys(("ph", "f", "v"), "f"),
    **{letter: letter for letter in "lmnr"},
    "x": "ks",
    **dict.fromkeys("aeiouwy", "-"),
}
"""Letters by how they sound; the longest first. A vowel keeps apart what sounds the same on both sides."""
_SPLIT = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_VOWEL = re.compile("[aeiou]")
_REPEATED = re.compile(r"(.)\1+")
_CLASSES = "".join(sorted(set("".join(_SOUNDS.values())) - {"-"}))


def digest_of(secret: bytes) -> Digest:
    """HMAC-SHA-256 under a key made from the service's own secret, which other digests are made with too."""
    key = hmac.digest(secret, b"kobling names v1", "sha256")

    # Every settlement asks, and many people's names sound the same.
    @lru_cache(maxsize=16_384)
    def digest(heard: str) -> bytes:
        return hmac.digest(key, heard.encode(), "sha256")[:DIGEST_BYTES]

    return digest


def words(name: str) -> list[str]:
    """A name's words in small Latin letters, without accents: `Ågård-Øye` is `agard`, `oye`."""
    if name.isascii():
        plain = name.lower().translate(_WITHOUT)
    else:
        plain = unicodedata.normalize("NFKC", name).translate(_LATIN)
    for written, same in _SAME:
        plain = plain.replace(written, same)
    return _WORD.findall(plain)[:MOST_WORDS]


class _Latin(dict[int, str]):
    """What each sign is in small Latin letters, worked out when it first comes, as every settlement asks: at
    most as many as there are signs.
    """

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        if sign in _APOSTROPHES:
            latin = ""
        elif unicodedata.category(sign)[0] in "LM":
            latin = anyascii(sign).lower().translate(_WITHOUT)
        else:
            # Other signs, which anyascii would spell out, keep words apart.
            latin = " "
        self[code] = latin
        return latin


_LATIN = _Latin()


# Bounded: senders write them.
@lru_cache(maxsize=4096)
def sound(word: str) -> str:
    """How a word's consonants sound, such as `tkl` of Tekle; the word itself where it has vowels alone."""
    # Russian and Egyptian J, Ewa and Eva, and a last h that is heard in no spelling.
    heard = word.rstrip("h")
    if heard.startswith("y"):
        heard = f"j{heard[1:]}"
    if "w" in heard:
        heard = _W_AS_V.sub("v", heard)
    if "c" in heard:
        heard = _SOFT_C.sub("s", _HARD_CH.sub("k", heard))
    if "j" in heard:
        heard = _J_AS_I.sub("i", heard)
    sounds = "".join([_SOUNDS[part] for part in _SPLIT.findall(heard)])
    return _REPEATED.sub(r"\1", sounds).replace("-", "") or word


def stored(details: Details | None, digest: Digest) -> list[bytes]:
    """The digests under which somebody is found by name."""
    if details is None:
        return []
    found: set[bytes] = set()
    for part in (details.given_name, details.family_name):
        if part:
            found.update(map(digest, _sounds(part)))
    return sorted(found)


# Households settle together, and many people have the same given name.
@lru_cache(maxsize=4096)
def _sounds(part: str) -> tuple[str, ...]:
    """How the words of a given or of a family name sound."""
    return tuple(map(sound, _with_joined(words(part))))


def wanted(name: str, digest: Digest) -> tuple[list[bytes], list[bytes]]:
    """The digests of those who may be meant by a name: as it sounds, and with a typing error in a word."""
    asked = words(name)
    exact = {sound(word) for word in _with_joined(asked)}
    near = {other for word in asked for other in _mistyped(sound(word))} - exact
    return [digest(one) for one in sorted(exact)], [digest(one) for one in sorted(near)]


def closeness(asked: str, details: Details) -> float:
    """How close somebody's name is to the one asked for: 1 where it is the same, in whichever order.

    A word that only one of the two has counts for nothing: many people are known by one name here and by
    another there.
    """
    full = [words(part) for part in (details.given_name, details.family_name) if part]
    known = [word for part in full for word in part]
    known_in_any = [known, *(_joined_at(known, place) for place in range(len(known) - 1))]
    sought = words(asked)
    sought_in_any = [sought, *(_joined_at(sought, place) for place in range(len(sought) - 1))]
    if not sought or not known:
        return 0.0
    return max(_alike(one, other) for one in sought_in_any for other in known_in_any)


def _with_joined(of_name: Sequence[str]) -> list[str]:
    """The words, and each with the next as one: Tekle Haimanot is also written Teklehaimanot."""
    return [*of_name, *(first + second for first, second in pairwise(of_name))]


def _joined_at(of_name: Sequence[str], place: int) -> list[str]:
    return [*of_name[:place], of_name[place] + of_name[place + 1], *of_name[place + 2 :]]


def _mistyped(heard: str) -> Iterator[str]:
    """What is one consonant away: left out, put in, another, or two in the other order."""
    if len(heard) < 2:  # noqa: PLR2004 (of one consonant nothing would be left to go by)
        return
    for place in range(len(heard) + 1):
        before, after = heard[:place], heard[place:]
        yield from (before + letter + after for letter in _CLASSES)
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in _CLASSES)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]


def _alike(sought: Sequence[str], known: Sequence[str]) -> float:
    """The mean of the words that fit each other best, each once."""
    ranked = sorted(
        ((_same(one, other), i, j) for i, one in enumerate(sought) for j, other in enumerate(known)),
        reverse=True,
    )
    taken: list[float] = []
    used_sought: set[int] = set()
    used_known: set[int] = set()
    for score, i, j in ranked:
        if i not in used_sought and j not in used_known:
            taken.append(score)
            used_sought.add(i)
            used_known.add(j)
    return sum(taken) / len(taken)


# Each word of a name is held against several of the other, and so for every candidate.
@lru_cache(maxsize=4096)
def _same(one: str, other: str) -> float:
    """As heard and as written in equal parts; as heard alone where one was written without vowels, and nearly
    as written in short names, where a consonant is much.
    """
    if one == other:
        return 1.0
    heard = _likeness(sound(one), sound(other))
    if not (_VOWEL.search(one) and _VOWEL.search(other)):
        return heard
    written = _likeness(one, other)
    return max((heard + written) / 2, 0.9 * written)


def _likeness(one: str, other: str) -> float:
    """1 less the part of the letters that are left out, put in, changed, or in the other order."""
    return 1 - damerau_levenshtein_distance(one, other) / max(len(one), len(other))
