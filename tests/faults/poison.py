"""The poison corpus: records that must die, each with its code, and odd ones that must live."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.fields import format_instant
from tests.faults.people import STRUCTURED, Headers, Sent

Document = dict[str, Any]
KIBIBYTE = 1024
LARGEST_INTEGER = 2**63


@dataclass(frozen=True, slots=True)
class Poison:
    """A record made of a sound settlement; `code` is what refuses it, and `apart` the state of the person
    that it brings about all the same.
    """

    name: str
    code: str
    value: Callable[[Document], bytes | None]
    key: Callable[[Document], bytes | None] = lambda document: str(document["subject"]).encode()
    headers: Headers = (STRUCTURED,)
    apart: str | None = None

    def __str__(self) -> str:
        return self.name

    def made_of(self, municipality: str, document: Document) -> Sent:
        """The record, saying what it should be refused with."""
        sent = Sent(municipality, self.key(document), self.value(document), self.headers)
        return sent.expecting(self.code, self.apart)


def _text(document: Document) -> str:
    return json.dumps(document)


def _bytes(document: Document) -> bytes:
    return _text(document).encode()


def _with(path: str, value: Any) -> Callable[[Document], bytes]:
    """The document with one place changed; `path` is dotted from the envelope's top."""

    def changed(document: Document) -> bytes:
        copy = json.loads(_text(document))
        *parents, last = path.split(".")
        place = copy
        for parent in parents:
            place = place[parent]
        place[last] = value
        return _bytes(copy)

    return changed


def _written(path: str, literal: str) -> Callable[[Document], bytes]:
    """The document with JSON text at one place that `json` itself would not write."""

    def changed(document: Document) -> bytes:
        return _with(path, "@@")(document).replace(b'"@@"', literal.encode())

    return changed


def _twice(document: Document) -> bytes:
    return _bytes(document)[:-1] + b', "subject": "twice"}'


def _padded(document: Document) -> bytes:
    return _with("data.occupation", "x" * 300 * KIBIBYTE)(document)


def _ahead(document: Document) -> bytes:
    return _with("time", format_instant(datetime.now(UTC) + timedelta(hours=1)))(document)


def _personal(document: Document) -> bytes:
    return _with("subject", PERSONAL_NUMBER)(document)


PERSONAL_NUMBER = "01010750160"
"""Made up; its check digits fit."""

MUST_DIE: tuple[Poison, ...] = (
    Poison("invalid UTF-8", "not_utf8", lambda document: _bytes(document)[:-1] + b"\xff}"),
    # What is cut off is whether they are a minor.
    Poison(
        "truncated JSON",
        "not_json",
        lambda document: _bytes(document)[:-20],
        apart="RefugeeReferred",
    ),
    Poison("NaN", "number_not_finite", _written("data.household.adults", "NaN")),
    Poison("Infinity", "number_not_finite", _written("data.household.adults", "Infinity")),
    Poison("1e999", "number_not_finite", _written("data.household.adults", "1e999")),
    Poison("duplicate keys", "duplicate_key", _twice),
    Poison("lone surrogate", "lone_surrogate", _written("data.occupation", '"\\ud800"')),
    Poison("NUL in a key", "nul_in_key", _with("data.a\0b", 1)),
    Poison("5,000 digits", "integer_too_large", _written("data.household.adults", "9" * 5000)),
    Poison("2^63", "integer_too_large", _with("data.household.adults", LARGEST_INTEGER)),
    Poison("nesting of 900", "too_deep", _written("data.occupation", "[" * 900 + "]" * 900)),
    Poison("300 KiB", "too_large", _padded),
    Poison("10,000 keys", "too_many_keys", _with("data.interests", {f"k{i}": 1 for i in range(10_000)})),
    Poison("UTF-16", "not_utf8", lambda document: _text(document).encode("utf-16")),
    Poison("empty value", "empty_value", lambda _: b""),
    Poison("null value", "null_value", lambda _: None),
    Poison("key is not the subject", "key_mismatch", _bytes, key=lambda _: b"ANOTHER-1"),
    Poison("unknown type", "unknown_type", _with("type", "no.kobling.PersonArrived.v1")),
    Poison("unknown version", "unknown_version", _with("type", "no.kobling.PersonSettled.v2")),
    Poison("unknown field", "unknown_field", _with("data.person.shoe_size", 38)),
    Poison("wrong subject", "key_mismatch", _with("subject", "ANOTHER-2")),
    Poison("another municipality", "municipality_mismatch", _with("source", "/municipalities/no-9999/x")),
    Poison("personal number", "personal_number", _personal, key=lambda _: PERSONAL_NUMBER.encode()),
    Poison("year 1", "date_out_of_range", _with("data.settled_on", "0001-01-01")),
    Poison("year 9999", "date_out_of_range", _with("data.settled_on", "9999-12-31")),
    Poison("30 February", "date_invalid", _with("data.settled_on", "2016-02-30")),
    Poison("no zone", "time_without_zone", _with("time", "2016-06-15T07:00:00")),
    Poison("event in the future", "time_in_future", _ahead),
)
"""An id that comes again with another payload is the load's `collision`."""


@dataclass(frozen=True, slots=True)
class Odd:
    """A record made of a sound settlement that must be applied all the same."""

    name: str
    change: Callable[[Document], Document]
    headers: Headers = ()

    def __str__(self) -> str:
        return self.name

    def made_of(self, municipality: str, document: Document) -> Sent:
        """The record."""
        changed = self.change(document)
        headers = (STRUCTURED, *self.headers)
        return Sent(municipality, str(changed["subject"]).encode(), _bytes(changed), headers)


def _same(document: Document) -> Document:
    return document


def _named(name: str) -> Callable[[Document], Document]:
    def changed(document: Document) -> Document:
        copy: Document = json.loads(_text(document))
        copy["data"]["person"]["given_name"] = f"{name} Kanarifugl"
        return copy

    return changed


def _expected(document: Document) -> Document:
    copy: Document = json.loads(_text(document))
    copy["data"]["expected_arrival_on"] = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
    del copy["data"]["settled_on"]
    return copy


MUST_LIVE: tuple[Odd, ...] = (
    Odd("reply_to", _same, (("reply_to", b"elsewhere"),)),
    Odd("binary header", _same, (("x-binary", b"\xff\xfe\x00"),)),
    Odd("null header", _same, (("x-null", None),)),
    Odd("HTML", _named("<script>alert(1)</script>")),
    Odd("formula", _named("=1+1")),
    Odd("full-width formula", _named("\uff1d1+1")),
    Odd("CR and LF", _named("a\r\nBcc: b")),
    Odd("bidi", _named("\u202egro")),
    Odd("planned date", _expected),
)
"""A null on a state topic, which means erased, is no settlement: the rounds' row sends one."""
