"""The time of what refused settlements say, and how long it takes to hear it."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.statements import Says, statements
from shared.messaging.reading.records import Headers
from tests.unit.intake.refused_settlements import LISTED, MUNICIPALITY, SETTLED, STRICTLY, record, with_data
from tests.unit.messaging.records import STRUCTURED

ENDLESS = 60


@contextmanager
def in_linear_time() -> Iterator[None]:
    """Ends, in seconds, what would take hours: a square of a record's million bytes."""

    def give_up(*_: Any) -> None:
        raise TimeoutError(f"not ended after {ENDLESS} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(ENDLESS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("time", "read"),
    [
        ("2016-06-15T09:00:00+02:00", datetime(2016, 6, 15, 7, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        (7, None),
    ],
)
def test_the_time_is_the_records_own_or_none(time: Any, read: datetime | None) -> None:
    (found,) = statements(record({**with_data(protection="confidential"), "time": time}), MUNICIPALITY)
    assert found.time == read


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"{" + b'"a":1,' * 170_000 + b'"b":1}', id="a name over and over"),
        pytest.param(b"confidential " + b'"subject":"1",' * 500_000, id="cases over and over"),
        pytest.param(b"[" * 500_000, id="deep"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="deep names"),
        pytest.param(json.dumps({"a": json.dumps({"a": json.dumps(["x"] * 100_000)})}).encode(), id="texts"),
    ],
)
def test_no_record_is_looked_into_for_long(value: bytes) -> None:
    with in_linear_time():
        found = statements(record(value), MUNICIPALITY)
    assert all(len(one.references) <= 51 for one in found)


EARLIER, LATER = datetime(2016, 6, 15, 6, tzinfo=UTC), datetime(2016, 6, 15, 7, tzinfo=UTC)
BINARY: Headers = tuple((f"ce_{name}", content.encode()) for name, content in SETTLED.items())


@pytest.mark.parametrize(
    ("headers", "value", "time"),
    [
        ((*BINARY, ("ce_time", b"2016-06-15T06:00:00Z")), STRICTLY, LATER),
        ((("ce_time", b"2016-06-15T06:00:00Z"),), with_data(**STRICTLY), LATER),
        ((("ce_time", b"2016-06-15T06:00:00Z"),), {**with_data(**STRICTLY), "time": None}, None),
        ((*BINARY, ("ce_time", b"in the morning")), STRICTLY, None),
        ((("ce_time", b'"2016-06-15T06:00:00Z"'), ("ce_type", b"x")), STRICTLY, EARLIER),
        (STRUCTURED, {"schema": {}, "payload": with_data(**STRICTLY)}, LATER),
    ],
)
def test_of_several_times_the_newest_counts_if_all_can_be_read(
    headers: Headers, value: Any, time: datetime | None
) -> None:
    (found,) = statements(record(value, headers=headers), MUNICIPALITY)
    assert (found.says, found.time) == (Says.PROTECTED, time)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(LISTED.encode() * 40, id="many lists"),
        pytest.param(b"[" + b'{"subject":"1","protection":1},' * 30_000 + b"]", id="many events"),
        pytest.param(b'{"a":[1,' * 400 + b'"x",' * 200_000, id="cut far down"),
        pytest.param(b"protect" * 150_000, id="protection over and over"),
        pytest.param(b'{"a":"' + b'\\"protection' * 80_000, id="an open text of quotes"),
        pytest.param(b"a" * 1_000_000, id="one word"),
        pytest.param(b"protection:none " * 60_000, id="none over and over"),
        pytest.param(b"subject=" * 130_000, id="subjects over and over"),
        pytest.param(b"subject" + b" " * 1_000_000, id="blanks"),
        pytest.param(b"\\" * 1_000_000, id="escapes"),
        pytest.param(b"a@" * 500_000, id="addresses"),
        pytest.param(b"[[0,[" * 400 + b'"x",' * 100_000 + b"0]]]" * 400, id="lists in lists"),
    ],
)
def test_time_grows_with_the_record_alone(value: bytes) -> None:
    with in_linear_time():
        statements(record(value), MUNICIPALITY)
