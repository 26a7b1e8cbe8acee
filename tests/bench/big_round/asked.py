"""Asks for a round as a coordinator does, and waits for the answer."""

import time
from datetime import UTC, datetime
from typing import Any

import orjson
from confluent_kafka import Consumer, TopicPartition

from deploy.examples import BERGEN
from kobling.administration import publish
from shared.contracts.fields import format_instant
from shared.contracts.topics import COMMANDS, REPLIES
from tests.bench.big_round.crowd import CITY, PROGRAMME
from tests.bench.pipeline.fleet import Fleet
from tests.support.ids import foreign_id

OPERATOR = "bergen-redcross-1"
PATIENCE_SECONDS = 600.0
_FINAL = ("CommandAccepted", "CommandRejected")


async def administer(fleet: Fleet) -> None:
    """Publishes the example's operators and programmes."""
    records = ((fleet.prefix + topic, key, value) for topic, key, value in BERGEN.administration())
    await publish(fleet.stack.cluster, records)


async def ask_round(fleet: Fleet) -> str:
    """Asks for a round of the city's pool; returns the command's id."""
    command, pool = foreign_id(), f"{CITY}/{PROGRAMME}"
    envelope = {
        "specversion": "1.0",
        "id": command,
        "source": f"/operators/{OPERATOR}",
        "type": "no.kobling.command.RunRound.v1",
        "subject": pool,
        "time": format_instant(datetime.now(UTC)),
        "data": {"reason": "weekly_meeting", "municipality": CITY, "programme": PROGRAMME},
    }
    topic = fleet.prefix + COMMANDS["matching"].named(OPERATOR)
    await publish(fleet.stack.cluster, [(topic, pool, orjson.dumps(envelope))])
    return command


def answer(fleet: Fleet, command: str) -> dict[str, Any]:
    """What the round's final reply says; raises RuntimeError where it is refused, or there is none."""
    topic = fleet.prefix + REPLIES.named(OPERATOR)
    reader = Consumer(
        {
            "bootstrap.servers": fleet.stack.kafka,
            "group.id": f"{fleet.prefix}bench.replies",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 100,
        }
    )
    reader.assign([TopicPartition(topic, number, 0) for number in range(REPLIES.partitions)])
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < deadline:
            record = reader.poll(0.1)
            if record is None or record.error() or record.key() != command.encode():
                continue
            reply: dict[str, Any] = orjson.loads(record.value() or b"")
            if any(f".{final}." in reply["type"] for final in _FINAL):
                if "CommandAccepted" not in reply["type"]:
                    raise RuntimeError(f"the round was refused: {reply['data'].get('code')}")
                found: dict[str, Any] = reply["data"]["result"]
                return found
    finally:
        reader.close()
    raise RuntimeError("the round was not answered")
