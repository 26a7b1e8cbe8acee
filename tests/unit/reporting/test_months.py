"""In which month what occurred is counted."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from services.reporting import wire
from services.reporting.domain.figures import ALL
from services.reporting.domain.occurrences import Occurrence, counted
from services.reporting.readers import PairRead, RefugeeRead
from shared.contracts import topics
from shared.contracts.topics import Topic
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Received
from tests.unit.messaging.records import STRUCTURED, raw

EXAMPLES = Path("shared/contracts/examples")
BERGEN, GUIDE = ("no-4601", ALL), ("no-4601", "flyktningguide-bergen")


def received(name: str, topic: Topic, reader: Any, time: str, **data: Any) -> Received:
    """The contract's example at another time, its data changed."""
    event = json.loads((EXAMPLES / f"{name}.v1.json").read_text(encoding="utf-8"))
    event["time"] = time
    event["data"] |= data
    record = raw(event, key=event["subject"].encode(), topic=topic.name, headers=STRUCTURED)
    parsed = Parser(topic, reader=reader).parse(record)
    assert isinstance(parsed, Received)
    return parsed


def months(occurrences: list[Occurrence], figure: str) -> list[str]:
    return [occurrence.month for occurrence in occurrences if occurrence.figure == figure]


@pytest.mark.parametrize("municipality", ["no-4601", "dk-751"])
@pytest.mark.parametrize(
    ("time", "day"), [("2016-06-30T23:30:00Z", "2016-07-01"), ("2016-12-31T23:30:00Z", "2017-01-01")]
)
def test_what_happened_in_the_same_minute_counts_in_the_same_month(
    municipality: str, time: str, day: str
) -> None:
    place: dict[str, Any] = {"municipality": municipality}
    dates = {"proposed_on": day, "spells": [{"status": "proposed", "from": day}]}
    _, paired = wire.projected(received("PairProposed", topics.PAIRS, PairRead, time, **place, **dates))
    _, settled = wire.projected(received("RefugeeSettled", topics.REFUGEES, RefugeeRead, time, **place))
    _, referred = wire.projected(received("RefugeeReferred", topics.REFUGEES, RefugeeRead, time, **place))
    round_run = wire.round_run(received("RoundCompleted", topics.ROUNDS, None, time, **place))
    assert months(paired, "pairs_proposed") == [day[:7]]
    assert months(settled, "settlements_registered") == [day[:7]]
    assert months(referred, "refugees_referred") == [day[:7]]
    assert round_run is not None
    assert round_run.month == day[:7]


@pytest.mark.parametrize(
    ("after", "declined"), [([], ["2026-10"]), (["proposed"], []), (["proposed", "declined"], ["2026-11"])]
)
def test_a_proposal_is_declined_once_and_not_where_the_answer_was_taken_back(
    after: list[str], declined: list[str]
) -> None:
    statuses = ["proposed", "declined", *after]
    days = ["2026-10-18", "2026-10-19", "2026-11-02", "2026-11-03"]
    spells = [{"status": status, "from": day} for status, day in zip(statuses, days, strict=False)]
    state = {"status": statuses[-1], "spells": spells}
    record = received("ProposalDeclined", topics.PAIRS, PairRead, "2026-11-03T09:00:00Z", **state)
    assert months(wire.projected(record)[1], "proposals_declined") == declined


def test_what_comes_after_its_months_close_counts_in_the_first_open_one_and_there_as_late() -> None:
    occurrences = Counter(
        {
            (BERGEN, "settlements_registered", "2016-04"): 2,
            (BERGEN, "refugees_referred", "2016-05"): 1,
            (BERGEN, "settlements_registered", "2016-06"): 7,
            (GUIDE, "pairs_proposed", "2016-05"): 3,
            (GUIDE, "pairs_created", "2016-05"): 1,
            (GUIDE, "pairs_created", "2016-07"): 4,
        }
    )
    assert counted(occurrences, "2016-06") == {
        (BERGEN, "settlements_registered", "2016-06"): 9,
        (BERGEN, "refugees_referred", "2016-06"): 1,
        (BERGEN, "settlements_registered_late", "2016-06"): 2,
        (BERGEN, "refugees_referred_late", "2016-06"): 1,
        (GUIDE, "pairs_proposed", "2016-06"): 3,
        (GUIDE, "pairs_created", "2016-06"): 1,
        (GUIDE, "pairs_proposed_late", "2016-06"): 3,
        (GUIDE, "pairs_created_late", "2016-06"): 1,
        (GUIDE, "pairs_created", "2016-07"): 4,
    }
