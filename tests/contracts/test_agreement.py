"""Schema and service agree on every field of what outside systems send, in both directions.

Records are made from the examples: values are put in, taken out and added where the schema knows names and
where it does not. Two things only the service can judge, and they are left out here: whether the time is
past, and whether `source` names the topic's municipality. One is asked by the schema alone: that `person` be
left out of a protected person's case, which the service drops unread.
"""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from shared.contracts import topics
from shared.contracts.catalogue import BY_NAME, MESSAGES
from shared.contracts.example import MUNICIPALITY, OPERATOR
from shared.contracts.example_record import record
from shared.contracts.fields import CASE_PATTERN
from shared.contracts.json_schema import schema
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Raw, Received
from tests.unit.messaging.records import STRUCTURED

INBOUND = sorted({message.name for message in MESSAGES if message.inbound})
FAR_AHEAD = int(datetime(2201, 1, 2, tzinfo=UTC).timestamp() * 1000)
Path = tuple[str | int, ...]


def pattern(_: Any, wanted: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """ECMA's `$` is the very end; Python's may stand before a line break."""
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", wanted), value):
        yield ValidationError("does not match")


Validator = extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]
SCHEMAS = {name: schema(BY_NAME[name]) for name in INBOUND}
VALIDATORS = {name: Validator(schema) for name, schema in SCHEMAS.items()}
EXAMPLES = {name: record(BY_NAME[name]) for name in INBOUND}
PARSERS = {name: Parser(BY_NAME[name].topic) for name in INBOUND}

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 60),
    st.integers(-2, 60).map(float),
    st.floats(0, 60, allow_nan=False),
    st.sampled_from([2**63 - 1, 2**53, 2.0**62, 1e300, [], {}, [None], {"a": 1}, ["a"], "a" * 61, "a" * 201]),
    st.sampled_from(
        ["2026-02-29", "2024-02-29", "1900-02-29", "1899-12-31", "2200-12-31", "2201-01-01", "20261122"]
    ),
    st.sampled_from(
        [
            "2026-11-22T09:00Z",
            "2026-11-22T09:00:00+01:00",
            "2026-11-22T09:00:60Z",
            "2026-11-22T24:00Z",
            "2026-11-22t09:00:00.123456789z",
            "2026-11-22T09:00:00+24:00",
            "2026-11-22T09:00",
            "2023-02-29T09:00:00Z",
            "2026-11-22T09:00:00+0200",
            "2026-11-22T09:00:00-02",
            "2026-11-22T09:00:00+2400",
        ]
    ),
    st.sampled_from(
        [
            "2026/4821",
            "none",
            "confidential",
            "nb",
            "ar-SY",
            "nb_NO",
            "nb__NO",
            "Application/JSON ; x=1",
            "1.0",
            "1.0\n",
        ]
    ),
    st.sampled_from(["", "\n"]),
    st.text(max_size=6),
)
FOREIGN = [
    "invented",
    "traceid",
    "knativearrivaltime",
    "dryrn",
    "dry",
    "runs",
    "dynatrace",
    "prerun",
    "expctedrevision",
    "gitrevision",
    "data_base64",
    "Test Eksempel",
    "ab_c",
]


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a document, the document itself first."""
    yield path
    pairs: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, inner in pairs:
        yield from paths(inner, (*path, name))


def at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def known_names(schema: Any) -> set[str]:
    """The names of all fields of a schema, wherever they stand."""
    found: set[str] = set()
    for path in paths(schema):
        if path and path[-1] == "properties" and isinstance(place := at(schema, path), dict):
            found |= place.keys()
    return found


NAMES = {name: sorted(known_names(SCHEMAS[name])) + FOREIGN for name in INBOUND}


def change(document: dict[str, Any], name: str, draw: st.DrawFn) -> None:
    """Puts in, takes out or adds one thing."""
    places = list(paths(document))
    if draw(st.booleans()):
        *parent, last = draw(st.sampled_from(places[1:]))
        if draw(st.integers(0, 3)) == 0:
            del at(document, tuple(parent))[last]
        else:
            at(document, tuple(parent))[last] = deepcopy(draw(VALUES))
    else:
        objects = [path for path in places if isinstance(at(document, path), dict)]
        at(document, draw(st.sampled_from(objects)))[draw(st.sampled_from(NAMES[name]))] = deepcopy(
            draw(VALUES)
        )


@st.composite
def documents(draw: st.DrawFn, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(EXAMPLES[name]))
    for _ in range(draw(st.integers(1, 3))):
        change(document, name, draw)
    return document


def service_takes(name: str, document: dict[str, Any]) -> bool:
    message = BY_NAME[name]
    owner = MUNICIPALITY if "<municipality>" in message.topic.name else OPERATOR
    topic = message.topic.named(owner) if message.topic.is_family else message.topic.name
    subject = document.get("subject")
    key = subject if isinstance(subject, str) else "x"
    raw = Raw(topic, 0, 0, FAR_AHEAD, key.encode(), json.dumps(document).encode(), STRUCTURED)
    taken = isinstance(PARSERS[name].parse(raw), Received)
    if message.topic == topics.SETTLEMENTS:
        return taken and re.fullmatch(CASE_PATTERN.strip("^$"), key) is not None
    return taken


@pytest.mark.parametrize("name", INBOUND)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_what_the_schema_takes_the_service_takes_and_the_reverse(name: str, data: st.DataObject) -> None:
    document = data.draw(documents(name))
    inner = document.get("data")
    if name == "PersonSettled" and isinstance(inner, dict) and inner.get("protection") != "none":
        assume(inner.get("person") is None)
    # A type of another name is another message, of another schema.
    assume(document.get("type") == BY_NAME[name].type or not isinstance(document.get("type"), str))
    taken = service_takes(name, document)
    assert VALIDATORS[name].is_valid(document) is taken, document


@pytest.mark.parametrize("name", INBOUND)
def test_the_examples_that_are_changed_are_taken_by_both(name: str) -> None:
    assert VALIDATORS[name].is_valid(EXAMPLES[name])
    assert service_takes(name, EXAMPLES[name])


ANYTHING: list[Any] = ["?", 1, [], {"a": None}]


@pytest.mark.parametrize("name", ["PersonSettled", "RegisterVolunteer"])
@pytest.mark.parametrize(
    ("person", "is_taken"),
    [
        ({"given_name": "Test"}, True),
        ({"family_name": "Eksempel", "given_name": None}, True),
        ({"given_name": None}, False),
        ({}, False),
        *(
            ({"given_name": "Test", "birth_date": told}, is_date)
            for told, is_date in [
                ("1994", True),
                ("1994-03", True),
                ("1994-03-09", True),
                (None, True),
                ("1994-13", False),
                ("1994-3", False),
                ("94", False),
                ("1899", False),
                ("2201-01", False),
                (1994, False),
            ]
        ),
        *(({"given_name": "Test", "phone": what, "email": what}, True) for what in ANYTHING),
    ],
)
def test_people_as_they_are_are_taken_by_both(name: str, person: dict[str, Any], is_taken: bool) -> None:
    document = deepcopy(EXAMPLES[name])
    document["data"]["person"] = {"preferred_language": "ti", **person}
    assert VALIDATORS[name].is_valid(document) is service_takes(name, document) is is_taken


@pytest.mark.parametrize(
    ("municipality", "is_taken"),
    [
        *((name, True) for name in ("no-4601", "NO-0301", "dk-751", "Dk-0751", "4601", "0751", "751")),
        *(
            (name, False)
            for name in (
                *("bergen", "no-0461x", "no-460", "dk-4601", "se-0180", "no-46011", "no-4601\n", " no-4601"),
                *("46", "46011", "no-\u0664\u0666\u0660\u0661", "", None, 4601, ["no-4601"]),
            )
        ),
    ],
)
def test_where_somebody_came_from_is_a_municipality_to_both(municipality: Any, *, is_taken: bool) -> None:
    document = deepcopy(EXAMPLES["PersonSettled"])
    document["data"]["from"] = {"municipality": municipality, "case": "A1"}
    assert VALIDATORS["PersonSettled"].is_valid(document) is is_taken
    assert service_takes("PersonSettled", document) is is_taken
