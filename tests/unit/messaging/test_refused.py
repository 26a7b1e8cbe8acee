import pytest
import structlog
from structlog.testing import capture_logs

from shared.messaging import refused
from shared.messaging.refused import Refusal, spans, tell_refused


@pytest.mark.parametrize(
    ("offsets", "words"), [([7], "7"), ([7, 8, 9, 12], "7-9,12"), ([1, 3, 4], "1,3-4"), ([5, 6], "5-6")]
)
def test_offsets_are_told_as_spans(offsets: list[int], words: str) -> None:
    assert spans(offsets) == words


def test_a_flood_is_a_line_for_each_partition_and_code(monkeypatch: pytest.MonkeyPatch) -> None:
    # One that was used before keeps the settings of then.
    monkeypatch.setattr(refused, "log", structlog.get_logger())
    flood = [Refusal("t", 0, offset, "not_json") for offset in range(1000)]
    with capture_logs() as lines:
        tell_refused(
            "records_refused", [*flood, Refusal("t", 0, 7000, "too_deep"), Refusal("t", 1, 3, "not_json")]
        )
    assert [(line["partition"], line["code"], line["offsets"], line["count"]) for line in lines] == [
        (0, "not_json", "0-999", 1000),
        (0, "too_deep", "7000", 1),
        (1, "not_json", "3", 1),
    ]
    assert {name for line in lines for name in line} == {
        "event", "log_level", "topic", "partition", "code", "offsets", "count"
    }  # fmt: skip
