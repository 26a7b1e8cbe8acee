"""Notifications in this process, between a real broker, a real database and a real mail server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import SecretStr

from services.notifications.app import create_app
from services.notifications.settings import Settings
from shared.contracts import topics
from shared.contracts.envelope import Envelope
from shared.contracts.intake.cards import CardDetails, ContactCard
from shared.contracts.matching.states import PairState, PairStatus, ScoreReceipt
from shared.contracts.topics import Topic
from shared.ids import new_subject
from shared.messaging.places import positions
from shared.messaging.runtime import App
from shared.messaging.wiring import Resources
from shared.mongo import Database, Document
from shared.sealing import Sealer, new_key_pair
from tests.support.cluster import Corner, Record, event, wait_until
from tests.support.mail import MailSink

KEY_ID = "notifications-1"
NEVER_CREATED = {"proposed", "accepted", "declined", "expired"}


@dataclass
class World:
    """One installation of notifications: its own topics, database and mail server."""

    corner: Corner
    sink: MailSink
    app: App | None = None
    traceparent: str | None = None
    """Of all that is published, if there is one."""
    _keys: tuple[str, str] = field(default_factory=new_key_pair)
    _published: int = 0
    _cards_on_their_way: bool = False

    async def open(self) -> None:
        """Creates topics and starts the mail server; the service starts later."""
        await self.corner.create_topics(service="notifications")
        await self.sink.start()

    async def close(self) -> None:
        """Stops everything."""
        await self.stop()
        await self.sink.stop()
        self.database.close()

    async def start(self, **settings: Any) -> App:
        """Starts the service; a missing contact card is waited for 24 h unless told otherwise."""
        app = self.make(**settings)
        await app.start()
        return app

    def make(self, **settings: Any) -> App:
        """Wires the service; `stop` ends what is started of it."""
        quick: dict[str, Any] = {
            "due_poll": timedelta(milliseconds=100),
            "relay_poll": timedelta(milliseconds=50),
            "retry_first": timedelta(milliseconds=200),
            "retry_ceiling": timedelta(seconds=1),
            "drain": timedelta(seconds=5),
            "smtp_starttls": False,
        }
        given = Settings(
            card_private_key=SecretStr(self._keys[0]),
            card_key_id=KEY_ID,
            smtp_host="127.0.0.1",
            smtp_port=self.sink.port,
            link_base="https://kobling.example/pairs/",
            **{**self.corner.settings, **quick, **settings},
        )
        self.app = App(create_app(given, Resources.of("notifications", given)), given)
        return self.app

    async def stop(self) -> None:
        """Stops the service."""
        if self.app is not None:
            app, self.app = self.app, None
            await app.stop()

    @cached_property
    def database(self) -> Database:
        """The service's database, by a client of the test's own."""
        return self.corner.database()

    async def card(self, subject: str, revision: int | None, details: Mapping[str, Any]) -> None:
        """Publishes a contact card, sealed to this installation."""
        self._cards_on_their_way = True
        plain = CardDetails.model_validate(details).model_dump_json(exclude_none=True).encode()
        sealed = Sealer(KEY_ID, self._keys[1]).seal(plain, subject)
        data = ContactCard(municipality="no-4601", card=sealed)
        await self.publish("ContactCardSealed", subject, revision, data.model_dump(mode="json"))

    async def pair(
        self,
        subject: str,
        revision: int,
        receiving: str,
        giving: str,
        *,
        status: PairStatus = "active",
        name: str = "PairCreated",
        created_on: date | None = None,
        **more: Any,
    ) -> None:
        """Publishes a pair's state; it has been created unless that is still to come, or never came."""
        if self.app is not None and self._cards_on_their_way:
            # They come on a topic of their own, in no order with pairs.
            await self.handled()
            self._cards_on_their_way = False
        today = datetime.now(UTC).date()
        receipt = ScoreReceipt(
            score=1, parts={}, waiting_bonus=0, rank=1, candidates=1, pack_version="1.0", round="round-1"
        )
        state = PairState(
            municipality="no-4601",
            programme="refugee-guide",
            pack_version="1.0",
            receiving=receiving,
            giving=giving,
            status=status,
            receipt=receipt,
            proposed_on=today,
            created_on=created_on or (None if status in NEVER_CREATED else today),
        )
        data = state.model_copy(update=more).model_dump(mode="json", by_alias=True, exclude_none=True)
        await self.publish(name, subject, revision, data)

    async def publish(self, name: str, subject: str, revision: int | None, data: dict[str, Any]) -> None:
        """Publishes a state as its owner does; its event's id names the chain."""
        id_ = f"chain-of-{subject}-{revision}"
        topic, key, value = event(name, subject, data, datetime.now(UTC), revision=revision, event_id=id_)
        if self.traceparent is not None:
            value = orjson.dumps({**orjson.loads(value or b""), "traceparent": self.traceparent})
        await self._send((topic, key, value))

    async def erase(self, topic: Topic, subject: str) -> None:
        """Publishes a null value."""
        await self._send((topic, subject, None))

    async def _send(self, record: Record) -> None:
        await self.corner.produce([record])
        self._published += 1

    async def publish_again(self, topic: Topic) -> None:
        """Appends every record of a topic to it once more."""
        for record in await self.corner.read(topic.name):
            await self._send((topic, (record.key or b"").decode(), record.value))

    async def events(self) -> list[Envelope]:
        """What the service has published."""
        records = await self.corner.read(topics.NOTIFICATIONS.name)
        return [Envelope.model_validate(orjson.loads(record.value or b"")) for record in records]

    async def events_until(self, count: int) -> list[Envelope]:
        """What the service has published, once it is so many events or more."""
        published: list[Envelope] = []

        async def enough() -> bool:
            published[:] = await self.events()
            return len(published) >= count

        await wait_until(enough, f"{count} events")
        return published

    async def handled(self) -> dict[str, int]:
        """Outcomes so far, once every record that was published has one."""
        total: dict[str, int] = {}

        async def all_counted() -> bool:
            total.clear()
            for document in (await positions.counts(self.database)).values():
                for name in ("applied", "duplicate", "stale", "dead"):
                    total[name] = total.get(name, 0) + document[name]
            return sum(total.values()) >= self._published

        await wait_until(all_counted, "every record has an outcome")
        return total

    async def ended(self) -> None:
        """Returns when every record is handled, nothing is due and the outbox is empty."""
        await self.handled()

        async def quiet() -> bool:
            rows = await self.database["due"].count_documents({"kind": "send_message"})
            return rows + await self.database["outbox"].count_documents({}) == 0

        await wait_until(quiet, "no row is due and the outbox is empty")

    async def tried(self, times: int) -> None:
        """Returns when both messages of a pair have been tried so often, and are due again."""

        async def so_often() -> bool:
            rows = await self.documents("due")
            return len(rows) == 2 and all(row["data"]["tries"] >= times for row in rows)

        await wait_until(so_often, f"{times} attempts each")

    async def documents(self, collection: str) -> list[Document]:
        """All documents of a collection."""
        return await self.database[collection].find({}).to_list(None)

    async def read_from_the_beginning(self, topic: Topic) -> None:
        """Sets the stopped service's group back, as Kafka's own reset-offsets does."""
        group = f"{self.corner.prefix}notifications.{topic.name.partition('.')[0]}"
        consumer = AIOKafkaConsumer(
            **self.corner.addresses.cluster.options, group_id=group, enable_auto_commit=False
        )
        await consumer.start()
        try:
            partitions = [
                TopicPartition(self.corner.prefix + topic.name, number) for number in range(topic.partitions)
            ]
            consumer.assign(partitions)
            await consumer.commit(dict.fromkeys(partitions, 0))
        finally:
            await consumer.stop()


def subjects() -> tuple[str, str, str]:
    """A new pair, its refugee and its guide."""
    return new_subject("pair"), new_subject("refugee"), new_subject("volunteer")
