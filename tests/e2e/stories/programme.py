"""A municipality's programme, and what its people do in it: the municipality settles, coordinators register,
run rounds, record answers and signatures, log meetings. Everything goes through topics.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from deploy.demo.client import Document, Unanswered, event_name
from shared.contracts import topics
from shared.contracts.programmes import ApprovalAsked
from shared.contracts.topics import Service
from tests.e2e.stories import people
from tests.e2e.stories.people import Somebody, Sort
from tests.e2e.stories.published import SIDES, Published
from tests.e2e.stories.world import operator_of, organisations

ANYBODY = Sort()
TEXT = "agreement-1"
_UNREAD = {"revision": 0}


@dataclass(slots=True)
class Programme(Published):
    """What `municipality` runs under `pack`. Steps are today's by the story's clock, and are waited for."""

    @property
    def coordinator(self) -> str:
        """The operator who does whatever needs no other."""
        return operator_of(organisations(self.pack)[0])

    @property
    def today(self) -> str:
        """The day by the story's clock."""
        return self.world.now().date().isoformat()

    async def settles(self, how_many: int, sort: Sort = ANYBODY) -> list[Somebody]:
        """The municipality settles so many; the coordinator has found, registered and interviewed them: they
        wait.
        """
        newcomers = people.people(sort, how_many)
        await self.send_settlements(newcomers)
        found = await self._find(newcomers)
        side = self.pack.sides.receiving
        steps = [
            (who.subject, step)
            for who in found
            for step in people.joining(who, side, self.pack.name, self._day)
        ]
        await self._all(steps)
        return found

    async def send_settlements(self, newcomers: Sequence[Somebody]) -> None:
        """Sends a settlement of each; waits for the receipts."""
        source = f"/municipalities/{self.municipality}/case-system"
        client, receipts = self.world.client, self.world.client.receipts
        sent = [
            client.event("PersonSettled", source, self.case_of(who), people.settlement(who, self._day))
            for who in newcomers
        ]
        await client.send(topics.SETTLEMENTS.named(self.municipality), sent)
        cases = {document["subject"] for document in sent}

        def answered() -> int:
            return len(cases & {receipt["subject"] for receipt in receipts})

        await client.until(lambda: answered() == len(cases), lambda: f"{answered()} of {len(cases)} receipts")

    def case_of(self, who: Somebody) -> str:
        """The municipality's reference of somebody's case."""
        return f"{self.municipality.upper()}-{who.number:04}"

    async def _find(self, newcomers: Sequence[Somebody]) -> list[Somebody]:
        questions = [
            self.world.client.command(
                "FindPerson", self.coordinator, case, municipality=self.municipality, case=case
            )
            for who in newcomers
            for case in [self.case_of(who)]
        ]
        replies = await self._accepted("intake", self.coordinator, questions)
        return [
            replace(who, subject=reply["data"]["result"]["subject"])
            for who, reply in zip(newcomers, replies, strict=True)
        ]

    async def gets_guides(self, how_many: int, sort: Sort = ANYBODY) -> list[Somebody]:
        """So many volunteers are registered, checked, and approved by all organisations that are asked."""
        guides = await self.registers(how_many, sort)
        await self.approve(guides)
        return guides

    async def registers(self, how_many: int, sort: Sort = ANYBODY) -> list[Somebody]:
        """So many volunteers come, and do all that the pack asks but for approvals."""
        newcomers = people.volunteers(sort, how_many)
        side = self.pack.sides.giving
        steps = [
            (who.subject, step)
            for who in newcomers
            for step in (
                people.registration(who, self.municipality, self._day),
                *people.joining(who, side, self.pack.name, self._day),
            )
        ]
        await self._all(steps)
        return newcomers

    async def approve(self, guides: Sequence[Somebody]) -> None:
        """All organisations that the pack asks approve them."""
        commands: dict[str, list[Document]] = {}
        for item in self.pack.sides.giving.requirements:
            if isinstance(item, ApprovalAsked):
                operator = operator_of(item.organisation)
                commands[operator] = [self.approval(operator, who) for who in guides]
        for operator, batch in commands.items():
            await self.world.client.send(topics.COMMANDS["intake"].named(operator), batch)
        everything = [command for batch in commands.values() for command in batch]
        await self._are_accepted(await self.world.client.answers(everything))

    def approval(self, operator: str, who: Somebody) -> Document:
        """An operator's approval of somebody, not sent yet."""
        return self.world.client.command(
            "ApproveVolunteer", operator, who.subject, programme=self.pack.name, decided_on=self.today
        )

    async def waiting(self) -> tuple[int, int]:
        """How many refugees and guides wait, as matching answers."""
        answer = await self.ask("ListWaiting")
        return answer["receiving"], answer["giving"]

    async def all_known(self) -> None:
        """Waits until matching knows all that intake has told."""

        async def knows() -> bool:
            return await self.waiting() == self.waiting_by_topics()

        await self.world.client.eventually(knows)

    async def run_round(self) -> Document:
        """Runs a round, once matching knows all that intake has told."""
        await self.all_known()
        return await self.ask("RunRound")

    async def try_round(self) -> Document:
        """What a round would propose now."""
        command = {**self.on_pool("RunRound"), "dryrun": True}
        (reply,) = await self._accepted("matching", self.coordinator, [command])
        result: Document = reply["data"]["result"]
        return result

    async def ask(self, name: str, **data: Any) -> Document:
        """The coordinator's question or command on the pool; the result."""
        command = self.on_pool(name, **data)
        (reply,) = await self._accepted("matching", self.coordinator, [command])
        result: Document = reply["data"]["result"]
        return result

    def on_pool(self, name: str, **data: Any) -> Document:
        """The coordinator's command on the pool, not sent yet."""
        place = {"municipality": self.municipality, "programme": self.pack.name}
        return self.world.client.command(name, self.coordinator, self.pool, **place, **data)

    async def pairs_up(self) -> list[str]:
        """A round; all proposals that wait are accepted and signed: the pairs. The pack's own rounds may have
        made some of them.
        """
        await self.run_round()
        proposed = [one["pair"] for one in (await self.ask("ListProposals"))["pairs"]]
        await self.accept(proposed)
        await self.sign(proposed)
        return proposed

    async def accept(self, pairs: Iterable[str]) -> None:
        """Both sides of each accept."""
        await self.record(
            (pair, "AnswerProposal", {"side": side, "accept": True, "answered_on": self.today})
            for pair in pairs
            for side in SIDES
        )

    async def sign(self, pairs: Iterable[str]) -> None:
        """All signatories of each sign."""
        await self.record(
            (pair, "SignAgreement", {"signatory": who, "text_version": TEXT, "signed_on": self.today})
            for pair in pairs
            for who in self.pack.pairing.signatories
        )

    async def meet(self, pairs: Iterable[str], days: Sequence[date], hours: float = 2.0) -> None:
        """Each has met on these days."""
        await self.record(
            (pair, "LogMeeting", {"held_on": day.isoformat(), "hours": hours})
            for pair in pairs
            for day in days
        )

    async def record(self, steps: Iterable[tuple[str, str, Document]]) -> None:
        """The coordinator's commands on pairs (pair, command, data), all of which are to be accepted."""
        commands = [
            self.world.client.command(name, self.coordinator, pair, **data) for pair, name, data in steps
        ]
        await self._accepted("matching", self.coordinator, commands)

    async def answer_to(self, service: Service, name: str, subject: str, **data: Any) -> str:
        """What a coordinator's command is answered with: `accepted`, or the code of its rejection."""
        command = self.world.client.command(name, self.coordinator, subject, **data)
        (reply,) = await self.world.client.ask(service, self.coordinator, [command])
        if event_name(reply) == "CommandRejected":
            return str(reply["data"]["code"])
        await self._are_accepted([reply])
        return "accepted"

    async def _all(self, steps: Iterable[tuple[str, people.Step]]) -> None:
        commands = [
            self.world.client.command(name, self.coordinator, subject, **data)
            for subject, (name, data) in steps
        ]
        await self._accepted("intake", self.coordinator, commands)

    async def _accepted(self, service: Service, operator: str, commands: list[Document]) -> list[Document]:
        replies = await self.world.client.ask(service, operator, commands)
        await self._are_accepted(replies)
        return replies

    async def _are_accepted(self, replies: Iterable[Document]) -> None:
        """Waits until the states that replies tell of were read as well: they come on topics of their own.
        Raises Unanswered where a command was rejected.
        """
        wanted: dict[str, int] = {}
        for reply in replies:
            data = reply["data"]
            if event_name(reply) == "CommandRejected":
                raise Unanswered(f"a command was rejected: {data['code']}: {data['message']}")
            if "revision" in data["result"]:
                subject = data["result"].get("subject", data["about"])
                wanted[subject] = max(data["result"]["revision"], wanted.get(subject, 0))
            # What a dry run would propose has no reference.
            wanted |= {one["pair"]: 1 for one in data["result"].get("proposals", ()) if "pair" in one}
        followed = self.world.client.states.values()

        def missing() -> list[str]:
            return [
                subject
                for subject, revision in wanted.items()
                if all(revision > states.get(subject, _UNREAD)["revision"] for states in followed)
            ]

        await self.world.client.until(lambda: not missing(), lambda: f"{len(missing())} states were not read")

    @property
    def _day(self) -> date:
        return self.world.now().date()
