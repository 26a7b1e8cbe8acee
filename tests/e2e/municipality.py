"""A municipality's case system: it sends with librdkafka, the library under kcat."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cloudevents.core.bindings.kafka import KafkaMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from confluent_kafka import Producer

from deploy.demo.client import Client, Document, read_all
from shared.cluster import Cluster
from shared.contracts import topics
from shared.contracts.fields import format_instant
from tests.support.ids import foreign_id

TOPIC = "settlements.no-4601.v1"
Settlement = Callable[..., Document]
"""Makes a case's settlement of this moment."""
STRUCTURED = {"content-type": "application/cloudevents+json"}


def settlements(now: Callable[[], datetime]) -> Settlement:
    """What makes settlements of a made-up person."""

    def make(case: str, **data: Any) -> Document:
        moment = now()
        return {
            "specversion": "1.0",
            "id": foreign_id(),
            "source": "/no-4601/case-system",
            "type": "no.kobling.PersonSettled.v1",
            "subject": case,
            "time": format_instant(moment),
            "data": {
                "protection": "none",
                "settled_on": moment.date().isoformat(),
                "person": {
                    "given_name": "Kanari",
                    "family_name": "Eksempel-Kanarifugl",
                    "birth_date": "1990-02-03",
                    "gender": "female",
                    "phone": "+47 000 00 999",
                    "email": "kanari@example.org",
                    "address": "Eksempelgata 999",
                    "preferred_language": "ar",
                },
                "languages": [{"code": "ar", "level": "native"}],
                "household": {"adults": 1, "minors": 0},
                "unaccompanied_minor": False,
                **data,
            },
        }

    return make


def produce(kafka: str, key: str, value: bytes, headers: dict[str, str]) -> None:
    """Sends one record as a foreign system would: librdkafka with its own defaults."""
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(TOPIC, value, key, headers=list(headers.items()))
    assert producer.flush(20) == 0


def structured(kafka: str, document: Document) -> None:
    produce(kafka, document["subject"], json.dumps(document).encode(), STRUCTURED)


async def receipts(client: Client, case: str, count: int) -> list[Document]:
    """The first `count` receipts of a case, in order."""

    def mine() -> list[Document]:
        return [receipt for receipt in client.receipts if receipt["subject"] == case]

    await client.until(lambda: len(mine()) >= count, lambda: f"{len(mine())} receipts")
    return [receipt["data"] for receipt in mine()]


async def caused_by(kafka: Cluster, topic: topics.Topic, event_id: str) -> list[Any]:
    """The records of a topic that one event caused."""
    records = await read_all(kafka, topic.name, topic.partitions)
    return [record for record in records if event_id.encode() in (record.value or b"")]


def cloud_event(record: Any) -> Any:
    """A record as the official SDK reads it."""
    message = KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value)
    return from_structured(message, JSONFormat())
