"""The comparison finds what differs, and the stream is the same every time."""

import json
from pathlib import Path
from typing import Any

from tests.equality.bergen import Bergen
from tests.equality.compare import Allowed, compare
from tests.equality.stream import Stream

TREE = Path(__file__).parents[2]


def line(key: str, revision: int, **data: Any) -> dict[str, Any]:
    """A recorded state."""
    return {"topic": "refugees.v1", "key": key, "revision": revision, "value": {"data": data}}


def recorded(path: Path, *lines: dict[str, Any]) -> Path:
    """A recording of these lines."""
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def test_equal_recordings_do_not_differ(tmp_path: Path) -> None:
    lines = line("a", 1, status="settled"), line("b", 1, status="settled")
    before, after = recorded(tmp_path / "before", *lines), recorded(tmp_path / "after", *reversed(lines))
    assert compare(before, after) == 0


def test_a_changed_field_a_new_order_of_fields_and_a_missing_record_differ(tmp_path: Path) -> None:
    before = recorded(
        tmp_path / "before", line("a", 1, status="settled"), line("b", 1, x=1, y=2), line("c", 1, x=1)
    )
    after = recorded(tmp_path / "after", line("a", 1, status="ready"), line("b", 1, y=2, x=1))
    assert compare(before, after) == 3


def test_what_a_decision_names_may_differ_and_nothing_else(tmp_path: Path) -> None:
    parts = [{"status": "ready", "ready_since": "2016-01-01"}]
    later = [{"status": "ready", "ready_since": "2016-06-01"}]
    before = recorded(tmp_path / "before", line("a", 1, parts=parts), line("b", 1, parts=parts))
    after = recorded(tmp_path / "after", line("a", 1, parts=later), line("b", 1, parts=later, more=1))
    allowed = Allowed("refugees.*", "value.data.parts.*.ready_since", "a decision")
    assert compare(before, after, [allowed]) == 1
    assert compare(before, after, [allowed._replace(key="b")]) == 2


def test_the_same_seed_gives_the_same_bytes_and_another_one_others() -> None:
    first, again, other = (Stream(Bergen(TREE), 1_200, seed) for seed in (1, 1, 2))
    settlements = list(first.settlements())
    assert settlements == list(again.settlements())
    assert settlements != list(other.settlements())
    assert list(first.commands()) == list(again.commands())


def test_a_stream_is_as_long_as_it_is_asked_to_be() -> None:
    stream = Stream(Bergen(TREE), 20_000, 1)
    bergen = 32 + 295 + 309 + 55
    sent = sum(1 for part in (stream.settlements(), stream.commands(), stream.approvals()) for _ in part)
    assert sent - bergen > 18_000
