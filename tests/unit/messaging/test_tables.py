"""Packs on `programmes.v1`: refused, and said why, where they can't be read or the service finds fault."""

from typing import Any

import orjson
import pytest
from aiokafka import ConsumerRecord
from structlog.testing import capture_logs

from shared.contracts import topics
from shared.contracts.programmes import ProgrammePack
from shared.health import Health
from shared.logging import get_logger
from shared.messaging import tables
from shared.messaging.reading.parsing import Parser
from shared.messaging.tables import Operators, Programmes, TableReader
from shared.programmes import shipped_packs

KEY = "flyktningguide-bergen@1.0"
BERGEN = shipped_packs()[KEY]


@pytest.fixture(autouse=True)
def fresh_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger that is bound here: one that another test used first keeps that test's settings."""
    monkeypatch.setattr(tables, "log", get_logger("tables"))


def no_long_titles(pack: ProgrammePack) -> str | None:
    return "title: at most 30 characters" if len(pack.title) > 30 else None


def changed(title: str) -> ProgrammePack:
    return BERGEN.model_copy(update={"title": title})


def record(pack: dict[str, Any], version: int = 2) -> "ConsumerRecord[bytes, bytes]":
    """A record of `programmes.v1` that publishes this pack."""
    envelope = {
        "specversion": "1.0",
        "id": "pack-1",
        "source": "//example.org/administrator",
        "type": f"no.kobling.ProgrammePublished.v{version}",
        "subject": KEY,
        "time": "2016-06-01T08:00:00Z",
        "datacontenttype": "application/json",
        "data": pack,
    }
    headers = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
    return ConsumerRecord(
        "programmes.v1", 0, 7, 1464768000000, 0, KEY.encode(), orjson.dumps(envelope), None, 1, 1, headers
    )


def read(*records: "ConsumerRecord[bytes, bytes]") -> tuple[Programmes, list[Any], Health]:
    """Reads records in turn: the table, what was logged, and the service's health."""
    programmes, health = Programmes(), Health()
    reader = TableReader("localhost:9092", "", Operators(), programmes, health)
    with capture_logs() as logs:
        for item in records:
            reader.take(Parser(topics.PROGRAMMES), item)
    return programmes, logs, health


def plain() -> dict[str, Any]:
    return BERGEN.model_dump(mode="json", exclude_unset=True)


def test_a_pack_without_fault_is_taken_over_and_replaced_by_its_successor() -> None:
    programmes = Programmes((no_long_titles,))
    programmes.put(KEY, BERGEN)
    programmes.put(KEY, changed("Guide, Bergen"))
    assert programmes.pack("flyktningguide-bergen", "1.0") == changed("Guide, Bergen")


def test_a_refused_pack_leaves_the_one_before_it_and_is_logged_with_key_and_fault() -> None:
    programmes = Programmes((no_long_titles, lambda _: None))
    programmes.put(KEY, BERGEN)
    with capture_logs() as logs:
        programmes.put(KEY, changed("T" * 31))
    assert programmes.pack("flyktningguide-bergen", "1.0") == BERGEN
    assert logs == [
        {
            "event": "programme_refused",
            "log_level": "error",
            "pack": KEY,
            "faults": ["title: at most 30 characters"],
        }
    ]


def test_a_pack_with_an_unknown_code_is_ignored_naming_the_field_and_the_codes_that_exist() -> None:
    wrong = plain()
    wrong["pairing"]["rules"][3]["code"] = "ola_nordmann"
    programmes, logs, health = read(record(plain()), record(wrong))
    assert programmes.pack("flyktningguide-bergen", "1.0") == BERGEN
    (line,) = logs
    assert (line["event"], line["code"], line["offset"]) == ("table_record_ignored", "field_invalid", 7)
    (fault,) = line["faults"]
    assert fault.startswith("pairing.rules.3.code: unknown; those that exist: self, municipality, ")
    assert "ola_nordmann" not in str(line)
    assert health.causes == {}


def test_a_pack_of_an_earlier_format_is_ignored_as_an_unknown_version() -> None:
    programmes, logs, _ = read(record({"name": "flyktningguide-bergen"}, version=1))
    assert programmes.pack("flyktningguide-bergen", "1.0") is None
    assert [(line["event"], line["code"], line["faults"]) for line in logs] == [
        ("table_record_ignored", "unknown_version", ["type"])
    ]
