"""Ways in which a record can be wrong, whatever it is about."""

import json
import random
from collections.abc import Callable
from typing import Any

from tests.equality.events import FAR, STRUCTURED, Document, Record, binary, encoded, structured

PERSONAL_NUMBER = "0101011234"
"""Ten digits that begin with a date, as Danish personal numbers do; nobody's."""

Spoil = Callable[[str, Document, random.Random], Record]
"""(topic, a sound document, chance) → a record that is refused."""


def spoiled(topic: str, document: Document, chance: random.Random, ways: tuple[Spoil, ...]) -> Record:
    """The record of a document that was spoiled in one of the ways."""
    return chance.choice(ways)(topic, document, chance)


def changed(document: Document, **attributes: Any) -> Document:
    """The document with other attributes; None takes one away."""
    return {name: value for name, value in {**document, **attributes}.items() if value is not None}


def with_value(make: Callable[[bytes], bytes | None]) -> Spoil:
    """Spoils the bytes of the value."""

    def spoil(topic: str, document: Document, _: random.Random) -> Record:
        return Record(topic, str(document["subject"]).encode(), make(encoded(document)))

    return spoil


def with_key(make: Callable[[bytes], bytes | None]) -> Spoil:
    """Spoils the key."""

    def spoil(topic: str, document: Document, _: random.Random) -> Record:
        return Record(topic, make(str(document["subject"]).encode()), encoded(document))

    return spoil


def with_attributes(**attributes: Any) -> Spoil:
    """Spoils the envelope; None takes an attribute away."""

    def spoil(topic: str, document: Document, _: random.Random) -> Record:
        key = str(document["subject"]).encode()
        return Record(topic, key, encoded(changed(document, **attributes)))

    return spoil


def with_data(*path: str, value: Any = None) -> Spoil:
    """Spoils a field of the data; None takes it away."""

    def spoil(topic: str, document: Document, _: random.Random) -> Record:
        copy: Document = json.loads(json.dumps(document))
        place = copy["data"]
        for name in path[:-1]:
            place = place.setdefault(name, {})
        if value is None:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = value
        return structured(topic, copy)

    return spoil


def with_headers(*headers: tuple[str, bytes | None]) -> Spoil:
    """Sends other headers than a structured event's."""

    def spoil(topic: str, document: Document, _: random.Random) -> Record:
        return Record(topic, str(document["subject"]).encode(), encoded(document), headers)

    return spoil


def in_binary_mode(*headers: tuple[str, bytes | None]) -> Spoil:
    """Sends binary mode with more headers."""

    def spoil(topic: str, document: Document, _: random.Random) -> Record:
        sound = binary(topic, document)
        return Record(topic, sound.key, sound.value, (*sound.headers, *headers))

    return spoil


def _twice(value: bytes) -> bytes:
    return value[:-1] + b',"id":"again"}'


ANY_EVENT: tuple[Spoil, ...] = (
    with_value(lambda _: None),
    with_value(lambda _: b""),
    with_value(lambda _: b"\xff\xfe{}"),
    with_value(lambda _: b"{"),
    with_value(lambda value: value + value),
    with_value(lambda _: b"[1, 2]"),
    with_value(_twice),
    with_value(lambda value: value[:-1] + b',"x":' + b"[" * 30 + b"]" * 30 + b"}"),
    with_value(lambda value: value[:-1] + b',"x":{' + b",".join(b'"k%d":1' % n for n in range(600)) + b"}}"),
    with_value(lambda value: value[:-1] + b',"revision":123456789012345678901234567890}'),
    with_value(lambda value: value[:-1] + b',"revision":NaN}'),
    with_value(lambda value: value[:-1] + b',"revision":1e999}'),
    with_value(lambda value: value[:-1] + rb',"tracestate":"\ud800"}'),
    with_value(lambda value: value[:-1] + rb',"a\u0000b":1}'),
    with_value(lambda value: value[:-1] + b',"tracestate":"' + b"x" * (300 * 1024) + b'"}'),
    with_key(lambda _: None),
    with_key(lambda _: b"\xff"),
    with_key(lambda key: key + b"-other"),
    with_attributes(specversion="0.3"),
    with_attributes(specversion=None),
    with_attributes(id=None),
    with_attributes(id=""),
    with_attributes(id=17),
    with_attributes(source=None),
    with_attributes(type=None),
    with_attributes(type="no.kobling.Unheard.v1"),
    with_attributes(type="PersonSettled"),
    with_attributes(time=None),
    with_attributes(time="2016-06-15"),
    with_attributes(time="2016-06-15T08:00:00"),
    with_attributes(time="2016-02-30T08:00:00Z"),
    with_attributes(time="0001-01-01T00:00:00Z"),
    with_attributes(time=f"{FAR}T00:00:00Z"),
    with_attributes(time=1465977600),
    with_attributes(datacontenttype="text/plain"),
    with_attributes(traceparent="00-zz"),
    with_attributes(unheard="x"),
    with_attributes(**{"Kari Eksempel": "x"}),
    with_attributes(expectedrevision=-1),
    with_attributes(dryrun="yes"),
    with_attributes(data=None),
    with_attributes(data=[]),
    with_attributes(data="text"),
    with_data("unheard", value=1),
    with_data("Kari Eksempel", value=1),
    with_headers(("content-type", b"application/cloudevents-batch+json")),
    with_headers(("content-type", b"application/cloudevents+xml")),
    with_headers(),
    in_binary_mode(("ce_id", b"again")),
    in_binary_mode(("ce_subject", b"\xff")),
    in_binary_mode(("ce_unheard", b"x")),
)
"""What is wrong with any event, on any topic from outside (two of them are only unusual)."""

STATES: tuple[Record, ...] = tuple(
    Record(topic, key, value, headers)
    for topic in ("refugees.v1", "volunteers.v1", "contact-cards.v1")
    for key, value, headers in (
        (b"refugee-aaaaaaaaaaaaaaaaaaaaaaaa", b"{", STRUCTURED),
        (b"volunteer-bbbbbbbbbbbbbbbbbbbbbbbb", b"[]", STRUCTURED),
        (b"pair-cccccccccccccccccccccccc", encoded({"specversion": "1.0"}), STRUCTURED),
        (b"pair-dddddddddddddddddddddddd", b"\xff", ()),
    )
)
"""What nobody but a relay should write: each reader refuses it for itself."""
