"""Settlements by the thousand, of people who do not exist, over several municipalities."""

import time
from collections.abc import Iterator, Sequence

import orjson
from confluent_kafka import KafkaError, KafkaException, Producer

from kobling.setup.handing_over import librdkafka
from shared.cluster import Cluster
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.topics import SETTLEMENTS
from tests.support.ids import foreign_id

MUNICIPALITIES = tuple(f"no-{number}" for number in range(4601, 4609))
_HEADERS: list[tuple[str, str | bytes | None]] = [("content-type", CONTENT_TYPE.encode())]
_QUEUE = 1_000_000

Settlement = tuple[str, str, str, bytes]
"""A municipality, a case, an event id and the record's value."""


def settlements(
    count: int, first: int = 0, municipalities: Sequence[str] = MUNICIPALITIES
) -> Iterator[Settlement]:
    """`count` settlements of different cases from number `first` on, by municipality in turn."""
    for number in range(first, first + count):
        municipality = municipalities[number % len(municipalities)]
        case, event = f"CASE-{number:07}", foreign_id()
        yield municipality, case, event, orjson.dumps(_record(municipality, case, event, number))


def _record(municipality: str, case: str, event: str, number: int) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": event,
        "source": f"/{municipality}/settlement",
        "type": "no.kobling.PersonSettled.v1",
        "subject": case,
        "time": "2026-06-15T07:00:00Z",
        "data": {
            "protection": "none",
            "settled_on": "2026-05-01",
            "placement": {"kind": "permanent", "placed_on": "2026-05-01", "district": "sentrum"},
            "person": {
                "given_name": f"Eksempel{number}",
                "family_name": "Prøveperson",
                "birth_date": f"19{60 + number % 40}-02-03",
                "gender": "female" if number % 2 else "male",
                "phone": "+47 000 00 000",
                "email": f"person{number}@example.org",
                "address": "Eksempelgata 1",
                "preferred_language": "ti",
            },
            "languages": [{"code": "ti", "level": "native"}, {"code": "en", "level": "basic"}],
            "household": {"adults": 1 + number % 2, "minors": number % 3},
            "unaccompanied_minor": False,
            "occupation": "baker",
            "education": "secondary",
            "interests": ["football", "music", "cooking"],
        },
    }


def _producer(kafka: Cluster, linger_ms: int) -> Producer:
    """A municipality's producer: librdkafka, acknowledged by all, idempotent."""
    return Producer(
        {
            **librdkafka(kafka),
            "enable.idempotence": True,
            "linger.ms": linger_ms,
            "queue.buffering.max.messages": _QUEUE,
            "queue.buffering.max.kbytes": 1024 * 1024,
        }
    )


def _raise_failure(error: KafkaError | None, _: object) -> None:
    if error is not None:
        raise KafkaException(error)


def send_all(
    kafka: Cluster,
    prefix: str,
    count: int,
    first: int = 0,
    municipalities: Sequence[str] = MUNICIPALITIES,
) -> None:
    """Produces settlements as fast as the broker takes them; returns when it has all of them."""
    sender = _producer(kafka, 5)
    for municipality, case, _, value in settlements(count, first, municipalities):
        sender.produce(
            prefix + SETTLEMENTS.named(municipality),
            key=case.encode(),
            value=value,
            headers=_HEADERS,
            on_delivery=_raise_failure,
        )
        sender.poll(0)
    left = sender.flush(60)
    if left:
        raise RuntimeError(f"the broker did not take {left} settlements")


def send_paced(kafka: Cluster, prefix: str, count: int, rate: float, first: int = 0) -> dict[str, float]:
    """Produces settlements at `rate` a second; returns when each was handed over, by event id (seconds).

    The first of each municipality is sent before and left out: with it the producer finds its way.
    """
    sender = _producer(kafka, 0)

    def produce(municipality: str, case: str, value: bytes) -> None:
        topic = prefix + SETTLEMENTS.named(municipality)
        sender.produce(topic, key=case.encode(), value=value, headers=_HEADERS)
        sender.flush(10)

    sent: dict[str, float] = {}
    begun = 0.0
    for number, (municipality, case, event, value) in enumerate(settlements(count, first)):
        if number == len(MUNICIPALITIES):
            begun = time.perf_counter() - number / rate
        wait = begun + number / rate - time.perf_counter()
        if wait > 0:
            # Keeps the pace; this runs in a thread of its own.
            time.sleep(wait)
        if number >= len(MUNICIPALITIES):
            sent[event] = time.perf_counter()
        produce(municipality, case, value)
    return sent
