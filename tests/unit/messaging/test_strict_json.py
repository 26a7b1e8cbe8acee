import json

import pytest

from shared.messaging.reading.strict_json import MAX_BYTES, JsonRefused, loads


def squeezed(raw: bytes) -> bytes:
    """Without the spaces that writers put after commas and colons: it is read in another way."""
    return raw.replace(b": ", b":").replace(b", ", b",")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty_value"),
        (b'{"a": 1', "not_json"),
        (b'{"a": 1} x', "not_json"),
        (b"\xff\xfe{\x00}\x00", "not_utf8"),
        ('{"a": 1}'.encode("utf-16"), "not_utf8"),
        (b'{"a": NaN}', "number_not_finite"),
        (b'{"a": -Infinity}', "number_not_finite"),
        (b'{"a": 1e999}', "number_not_finite"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "duplicate_key"),
        (b'{"a" :1,"a":2}', "duplicate_key"),
        (b'{"a"\t:1,"a":2}', "duplicate_key"),
        (b'{"a" \r\n:1,"a":2}', "duplicate_key"),
        (b'{"a": "\\ud800"}', "lone_surrogate"),
        (b'{"\\udfff": 1}', "lone_surrogate"),
        (b'{"a\\u0000b": 1}', "nul_in_key"),
        (b'{"a": 9223372036854775808}', "integer_too_large"),
        (b'{"a": -9223372036854775809}', "integer_too_large"),
        (b'{"a": ' + b"1" * 5000 + b"}", "integer_too_large"),
        (b"[" * 900 + b"]" * 900, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (b"[" * 22 + b"]" * 22, "too_deep"),
        (b'{"a": ' * 21 + b"1" + b"}" * 21, "too_deep"),
        (json.dumps({str(number): 0 for number in range(501)}).encode(), "too_many_keys"),
        (b'"' + b"x" * MAX_BYTES + b'"', "too_large"),
    ],
)
@pytest.mark.parametrize("compact", [False, True])
def test_refuses_what_later_readers_could_not_hold(raw: bytes, code: str, *, compact: bool) -> None:
    with pytest.raises(JsonRefused) as refused:
        loads(squeezed(raw) if compact else raw)
    assert refused.value.code == code
    assert len(str(refused.value)) < 40


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": [1, 2.5, null, true, "x"]}',
        b'{"a": 9223372036854775807, "b": -9223372036854775808}',
        '{"navn": "Ærlig \u202e \\ud83d\\ude00 <b>=1+1</b>"}'.encode(),
        b"[" * 20 + b"]" * 20,
        b'[{"a": [1]}, ' + b'{"a": ' * 19 + b"1" + b"}" * 19 + b"]",
        b"[" + b", ".join([b'{"a": []}'] * 200) + b"]",
        json.dumps({str(number): 0 for number in range(500)}).encode(),
    ],
)
@pytest.mark.parametrize("compact", [False, True])
def test_takes_everything_else_as_the_standard_library_reads_it(raw: bytes, *, compact: bool) -> None:
    assert loads(squeezed(raw) if compact else raw) == json.loads(raw)
