"""An installation in which something of everything has happened; a test stops its services at will."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.accounts import cluster_of
from deploy.demo.client import Client, read_all
from deploy.demo.story import MAILS_OF_A_PROPOSAL, PROGRAMME, TEXT, Outcome, Story
from deploy.examples import BERGEN
from deploy.installation import GRACE, Installation, addresses_file
from deploy.local.kafka_tools import KafkaTools
from deploy.local.process import ServerProcess
from deploy.local.supervision import supervisor_lock
from kobling.state import STATES
from shared.contracts import topics
from shared.contracts.topics import SERVICES, Service
from shared.messaging.places.progress import Progress
from shared.messaging.state_hash import lines, state_hash
from shared.mongo import Database
from tests.support.cluster import wait_until

PATIENCE = 240.0
"""Seconds for services to start and read everything, on a machine that does much else."""
AS_OF = datetime(2016, 6, 15, 8, tzinfo=UTC)
Groups = Mapping[str, list[TopicPartition]]


class UnevenStory(Story):
    """The demonstration's story, with proposals at every point of their life, and one pair that ends."""

    async def _match(self, outcome: Outcome) -> None:
        (reply,) = await self.ask(self._pool_command("RunRound", self.operator))
        outcome.round = reply["data"]["result"]
        declined, halfway, accepted, _, *others = [one["pair"] for one in outcome.round["proposals"]]
        # Who has answered is told of the pair alone.
        await self._mails(MAILS_OF_A_PROPOSAL * len(outcome.round["proposals"]))
        await self.ask(
            self.answer(declined, "giving", accept=False),
            self.answer(halfway, "receiving"),
            *(self.answer(pair, side) for pair in (accepted, *others) for side in ("receiving", "giving")),
        )
        replies = await self.ask(*(one for pair in others for one in self.signatures(pair)))
        outcome.created = [
            {**reply["data"]["result"], "pair": reply["data"]["about"]}
            for reply in replies
            if reply["data"]["result"]["status"] == "active"
        ]

    @property
    def operator(self) -> str:
        """The coordinator who gives all of matching's commands."""
        return self._coordinators[0]

    @property
    def client(self) -> Client:
        """Who sends."""
        return self._client

    async def ask(self, *commands: dict[str, Any]) -> list[dict[str, Any]]:
        """Final replies of matching to commands of the coordinator, none of them a rejection."""
        replies = await self._client.ask("matching", self.operator, list(commands))
        assert not [one["data"] for one in replies if "Rejected" in one["type"]]
        return replies

    def answer(self, pair: str, side: str, *, accept: bool = True) -> dict[str, Any]:
        """A side's answer to a proposal."""
        return self.client.command(
            "AnswerProposal",
            self.operator,
            pair,
            side=side,
            accept=accept,
            answered_on=AS_OF.date().isoformat(),
        )

    def signatures(self, pair: str) -> list[dict[str, Any]]:
        """All signatures of an agreement."""
        return [
            self.client.command(
                "SignAgreement",
                self.operator,
                pair,
                signatory=signatory,
                text_version=TEXT,
                signed_on=AS_OF.date().isoformat(),
            )
            for signatory in ("refugee", "guide", "red_cross_bergen")
        ]

    def round(self) -> dict[str, Any]:
        """The question for another round."""
        return self._pool_command("RunRound", self.operator)

    async def withdraw(self, subject: str) -> None:
        """The municipality takes a refugee's settlement back."""
        (case,) = [case for case, known in self._cases.items() if known == subject]
        reference = case.rpartition("/")[2]
        record = {
            "specversion": "1.0",
            "id": f"withdrawn-{reference}",
            "source": f"/municipalities/{self._municipality}",
            "type": "no.kobling.SettlementWithdrawn.v1",
            "subject": reference,
            "time": self.client.now().isoformat(),
            "data": {"reason": "entered_in_error"},
        }
        await self.client.send(topics.SETTLEMENTS.named(self._municipality), [record])

    _cases: dict[str, str]

    async def play(self) -> Outcome:
        """Everything, then a departure from a pair, and a second round that proposes again."""
        outcome = await super().play()
        self._cases = outcome.cases
        leaving = outcome.created[0]
        await self.withdraw(leaving["receiving"])

        async def ended() -> bool:
            states = await read_all(cluster_of(self._addresses), "pairs.v1", topics.PAIRS.partitions)
            types = (json.loads(one.value)["type"] for one in states if one.value is not None)
            return "no.kobling.PairEnded.v1" in types

        await wait_until(ended, "the pair of somebody who left ends")
        await self.ask(self.round())
        return outcome


@dataclass(slots=True)
class Played:
    """The installation after the story."""

    installation: Installation
    addresses: dict[str, Any]

    @classmethod
    @asynccontextmanager
    async def play(cls, directory: Path) -> AsyncIterator["Played"]:
        """Starts an installation, plays the story in it, and stops it in the end."""
        installation = Installation(directory, AS_OF)
        patient = patch("deploy.installation.READY_WITHIN", timedelta(seconds=PATIENCE))
        with supervisor_lock(directory), patient:
            try:
                await installation.start()
                addresses = json.loads(addresses_file(directory).read_text())
                played = cls(installation, addresses)
                async with played.client() as client:
                    await played.story(client).play()
                yield played
            finally:
                await installation.stop()

    def story(self, client: Client) -> UnevenStory:
        """What a client can say."""
        return UnevenStory(BERGEN, client, self.addresses, AS_OF.date(), lambda _: None)

    def client(self) -> Client:
        """Sends as Bergen's municipality and operators."""
        offset = AS_OF - datetime.now(UTC)
        return Client(
            cluster_of(self.addresses),
            BERGEN.municipalities,
            BERGEN.operators,
            lambda: datetime.now(UTC) + offset,
        )

    def database(self, service: Service) -> Database:
        """A service's database; close it."""
        return Database(self.addresses["mongodb"], service)

    async def stop(self, *services: Service) -> None:
        """Stops services for good."""
        for service in services:
            self._watcher(service).cancel()
            await self.installation._processes[service].stop(GRACE)

    async def start(self, *services: Service) -> None:
        """Starts services again."""
        for service in services:
            process = self.installation._processes[service]
            await process.start()
            place = self._place(service)
            self.installation._watching[place] = asyncio.create_task(self.installation._keep(process))

    async def killed_at(self, service: Service, step: int) -> None:
        """Runs a stopped service until kill -9 in the given step of its rebuild, before it is committed."""
        process = self.installation._processes[service]
        command = [sys.executable, "-m", "tests.replay.killed", service, str(step)]
        log = self.installation.directory / "logs" / f"{service}.log"
        killed = ServerProcess(service, command, log, process._environment)
        await killed.start()
        assert await asyncio.wait_for(killed.wait(), PATIENCE) == -signal.SIGKILL

    def _watcher(self, service: Service) -> "asyncio.Task[None]":
        return self.installation._watching[self._place(service)]

    def _place(self, service: Service) -> int:
        return list(self.installation._processes).index(service)

    async def groups(self) -> dict[str, list[TopicPartition]]:
        """All groups and the partitions of which they have committed offsets."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.addresses["kafka"])
        await admin.start()
        try:
            names = [name for name, _ in await admin.list_consumer_groups()]
            return {name: list(await admin.list_consumer_group_offsets(name)) for name in names}
        finally:
            await admin.close()

    async def tool(self, *arguments: str) -> str:
        """Runs `kafka-consumer-groups.sh`."""
        return await asyncio.to_thread(KafkaTools(cluster_of(self.addresses)).consumer_groups, *arguments)

    async def at_rest(self, groups: Groups) -> None:
        """Returns when these groups have read everything, and nothing waits to be sent, by anybody."""
        progress = Progress(
            cluster_of(self.addresses), {name: list(partitions) for name, partitions in groups.items()}
        )
        await wait_until(progress.caught_up, "all is read", PATIENCE)
        await wait_until(self._nothing_to_send, "all is sent", PATIENCE)
        # What was sent last may have been read since, and sent more.
        await wait_until(progress.caught_up, "all is read", PATIENCE)

    async def _nothing_to_send(self) -> bool:
        left = 0
        for service in SERVICES:
            database = self.database(service)
            left += await database["outbox"].count_documents({})
            left += await database["due"].count_documents({"kind": {"$in": ["send_message", "run_round"]}})
            database.close()
        return left == 0

    async def hashes(self) -> dict[Service, str]:
        """Each service's state hash."""
        found: dict[Service, str] = {}
        for service in SERVICES:
            database = self.database(service)
            found[service] = await state_hash(database, STATES[service])
            database.close()
        return found

    async def revisions(self, topic: topics.Topic) -> list[tuple[bytes, int]]:
        """Keys and revisions of a topic's records, in order; a null has no revision."""
        records = await read_all(cluster_of(self.addresses), topic.name, topic.partitions)
        return [(one.key, json.loads(one.value)["revision"]) for one in records if one.value is not None]

    async def erased(self, topic: topics.Topic) -> int:
        """How many nulls a topic holds."""
        records = await read_all(cluster_of(self.addresses), topic.name, topic.partitions)
        return sum(one.value is None for one in records)

    async def state(self, service: Service) -> list[bytes]:
        """What a service's hash is made of, for a difference to be seen."""
        database = self.database(service)
        found = [line async for line in lines(database, STATES[service])]
        database.close()
        return found

    async def count(self, topic: topics.Topic) -> int:
        """How many records a topic holds."""
        return len(await read_all(cluster_of(self.addresses), topic.name, topic.partitions))

    def mails(self) -> int:
        """How many e-mails have been delivered."""
        return len(list((Path(self.addresses["mail_directory"]) / "new").iterdir()))

    def environment(self) -> dict[str, str]:
        """What a shell needs to run `kobling` on this installation."""
        return {**os.environ, "KOBLING_RUN": str(self.installation.directory)}


__all__ = ["AS_OF", "PROGRAMME", "Groups", "Played"]
