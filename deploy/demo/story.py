"""Play: settlements and volunteers in, a round, answers, signatures, and what can be counted after."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import httpx

from deploy.accounts import cluster_of
from deploy.demo.client import Client, Document, Unanswered, event_name, read_all
from deploy.examples import Example
from shared.contracts import topics

T = TypeVar("T")
CASE = "case:"
PROGRAMME = "flyktningguide-bergen"
TEXT = "agreement-2016-1"
MAILS_OF_A_PROPOSAL = 2
"""Both sides hear of it."""
MAILS_OF_A_PAIR = 4
"""Both sides hear of the proposal, and that it has become a pair."""


@dataclass(slots=True)
class Outcome:
    """What the story came to. `receipts` counts outcomes; `lost` settlements that nobody answered for."""

    settlements: int = 0
    receipts: Counter[str] = field(default_factory=Counter)
    volunteers: int = 0
    before: Document = field(default_factory=dict)
    round: Document = field(default_factory=dict)
    after: Document = field(default_factory=dict)
    created: list[Document] = field(default_factory=list)
    cases: dict[str, str] = field(default_factory=dict)
    mails: int = 0
    indicators: list[Document] = field(default_factory=list)
    published_refugees: int = 0
    published_referrals: int = 0
    lost: int = 0


Progress = Callable[[str], None]


class Story:
    """Plays an example's files through an installation, as municipality and coordinators."""

    def __init__(
        self, example: Example, client: Client, addresses: Document, today: date, tell: Progress
    ) -> None:
        self._example = example
        self._client = client
        self._addresses = addresses
        self._today = today.isoformat()
        self._tell = tell
        (self._municipality,) = example.municipalities
        *self._coordinators, self._approver = sorted(example.operators, key=lambda name: "intro" in name)

    async def play(self) -> Outcome:
        """Everything in order. Raises Unanswered where an answer does not come in time."""
        outcome = Outcome()
        await self._send_settlements(outcome)
        await self._register(outcome)
        await self._prepare(outcome)
        await self._match(outcome)
        await self._count(outcome)
        return outcome

    async def _send_settlements(self, outcome: Outcome) -> None:
        sent = self._example.settlements(self._municipality)
        outcome.settlements = len(sent)
        self._tell(f"{self._municipality} sends {len(sent)} settlement records")
        await self._client.send(topics.SETTLEMENTS.named(self._municipality), sent)
        receipts = self._client.receipts
        await self._client.until(lambda: len(receipts) >= len(sent), lambda: f"{len(receipts)} receipts")
        outcome.receipts = Counter(receipt["data"]["outcome"] for receipt in receipts)
        self._tell(f"receipts: {_counted(outcome.receipts)}")

    async def _register(self, outcome: Outcome) -> None:
        """Volunteers' files, and each coordinator's question who the cases are."""
        commands = {operator: self._example.commands(operator) for operator in self._coordinators}
        searches = [self._find_people(operator, batch) for operator, batch in commands.items()]
        for found in await asyncio.gather(*searches):
            outcome.cases.update(found)
        everything = [command for batch in commands.values() for command in batch]
        outcome.volunteers = sum(command["type"].endswith("RegisterVolunteer.v1") for command in everything)
        self._tell(
            f"{' and '.join(self._coordinators)} send {len(everything)} commands on "
            f"{outcome.volunteers} volunteers and {len(outcome.cases)} refugees"
        )
        resolved = {
            operator: [_resolved(command, outcome.cases) for command in batch]
            for operator, batch in commands.items()
        }
        for operator, batch in resolved.items():
            await self._client.send(topics.COMMANDS["intake"].named(operator), batch)
        replies = await self._client.answers(
            [c for batch in resolved.values() for c in batch], pending_counts=True
        )
        _refuse_rejections(replies)
        self._tell(f"replies: {_counted(Counter(map(event_name, replies)))}")

    async def _find_people(self, operator: str, commands: list[Document]) -> dict[str, str]:
        places = sorted({command["subject"] for command in commands if command["subject"].startswith(CASE)})
        questions = []
        for place in places:
            municipality, _, case = place.removeprefix(CASE).partition("/")
            questions.append(
                self._client.command("FindPerson", operator, case, municipality=municipality, case=case)
            )
        replies = await self._client.ask("intake", operator, questions)
        _refuse_rejections(replies)
        return {
            place: reply["data"]["result"]["subject"] for place, reply in zip(places, replies, strict=True)
        }

    async def _prepare(self, outcome: Outcome) -> None:
        approvals = self._example.commands(self._approver)
        self._tell(f"{self._approver} approves {len(approvals)} volunteers: the second organisation")
        _refuse_rejections(await self._client.ask("intake", self._approver, approvals))
        expected = (len(outcome.cases), outcome.volunteers)
        outcome.before = await self._waiting(
            lambda answer: (answer["receiving"], answer["giving"]) == expected
        )
        self._tell(f"waiting: {outcome.before['receiving']} refugees, {outcome.before['giving']} volunteers")

    async def _waiting(self, enough: Callable[[Document], bool]) -> Document:
        """Asks who waits until what is seen is enough: matching follows intake at its own pace."""
        operator = self._coordinators[0]

        async def ask() -> Document:
            question = self._pool_command("ListWaiting", operator)
            (reply,) = await self._client.ask("matching", operator, [question])
            _refuse_rejections([reply])
            answer: Document = reply["data"]["result"]
            return answer

        return await self._eventually("everyone who is ready", ask, enough)

    def _pool_command(self, name: str, operator: str) -> Document:
        pool = f"{self._municipality}/{PROGRAMME}"
        return self._client.command(
            name, operator, pool, municipality=self._municipality, programme=PROGRAMME
        )

    async def _match(self, outcome: Outcome) -> None:
        operator = self._coordinators[0]
        (reply,) = await self._client.ask("matching", operator, [self._pool_command("RunRound", operator)])
        _refuse_rejections([reply])
        outcome.round = reply["data"]["result"]
        pairs = [proposal["pair"] for proposal in outcome.round["proposals"]]
        self._tell(f"the round proposes {len(pairs)} pairs; both sides of each hear of it")
        # Who has answered is told of the pair alone.
        await self._mails(MAILS_OF_A_PROPOSAL * len(pairs))
        self._tell("both sides of each accept")
        answers = [
            self._client.command(
                "AnswerProposal", operator, pair, side=side, accept=True, answered_on=self._today
            )
            for pair in pairs
            for side in ("receiving", "giving")
        ]
        _refuse_rejections(await self._client.ask("matching", operator, answers))
        self._tell("refugee, guide and organisation sign each agreement")
        signatures = [
            self._client.command(
                "SignAgreement", operator, pair, signatory=signatory, text_version=TEXT, signed_on=self._today
            )
            for pair in pairs
            for signatory in ("refugee", "guide", "red_cross_bergen")
        ]
        replies = await self._client.ask("matching", operator, signatures)
        _refuse_rejections(replies)
        outcome.created = [
            {**reply["data"]["result"], "pair": reply["data"]["about"]}
            for reply in replies
            if reply["data"]["result"]["status"] == "active"
        ]
        outcome.after = await self._waiting(lambda _: True)

    async def _count(self, outcome: Outcome) -> None:
        outcome.mails = await self._mails(MAILS_OF_A_PAIR * len(outcome.created))
        self._tell(f"{outcome.mails} e-mails delivered")
        async with httpx.AsyncClient(base_url=self._addresses["reporting"], timeout=5) as http:

            async def indicators() -> list[Document]:
                found: list[Document] = []
                page: str | None = "/indicators"
                try:
                    while page is not None:
                        answer = (await http.get(page)).json()
                        found += answer["indicators"]
                        page = answer.get("next")
                except httpx.TransportError:
                    return []
                return found

            outcome.indicators = await self._eventually(
                "the indicators",
                indicators,
                # Figures are multiples of five, and withheld where that is 0.
                lambda found: (
                    (_figure(found, PROGRAMME, "pairs_created") or 0)
                    == len(outcome.created) - len(outcome.created) % 5
                ),
            )
        await self._reconcile(outcome)

    async def _mails(self, wanted: int) -> int:
        """How many e-mails there are, once it is as many as wanted or more."""
        mail = Path(self._addresses["mail_directory"]) / "new"
        return await self._eventually(
            f"{wanted} e-mails", lambda: _files(mail), lambda count: count >= wanted
        )

    async def _eventually(
        self, awaited: str, look: Callable[[], Awaitable[T]], enough: Callable[[T], bool]
    ) -> T:
        """The first look that is enough. Raises Unanswered where nothing changes any more before it."""
        latest: T | None = None
        try:
            async with asyncio.timeout(self._client.within) as patience:
                while not enough(answer := await look()):
                    if answer != latest:
                        latest = answer
                        patience.reschedule(asyncio.get_running_loop().time() + self._client.within)
                    await asyncio.sleep(0.1)
                return answer
        except TimeoutError:
            raise Unanswered(f"{awaited} did not come: still for {self._client.within:.0f} s") from None

    async def _reconcile(self, outcome: Outcome) -> None:
        """Counts what the topics themselves hold: each settlement answered once, each person there once."""
        kafka = cluster_of(self._addresses)
        receipts = await read_all(
            kafka, topics.RECEIPTS.named(self._municipality), topics.RECEIPTS.partitions
        )
        states = await read_all(kafka, topics.REFUGEES.name, topics.REFUGEES.partitions)
        places = Counter(_receipt_place(record) for record in receipts)
        outcome.lost = outcome.settlements - sum(
            1 for place in range(outcome.settlements) if places[place] == 1
        )
        subjects = {record.key: b"RefugeeReferred" in record.value for record in states if record.value}
        outcome.published_referrals = sum(subjects.values())
        outcome.published_refugees = len(subjects) - outcome.published_referrals


async def _files(directory: Path) -> int:
    return await asyncio.to_thread(lambda: sum(1 for _ in directory.iterdir()) if directory.exists() else 0)


def _receipt_place(record: Any) -> int:
    place: int = json.loads(record.value)["data"]["offset"]
    return place


def _figure(indicators: list[Document], programme: str, name: str) -> int | None:
    """The first published value of a programme's figure in a month."""
    for item in indicators:
        if item["programme"] == programme and "-" in item["period"]:
            for figure in item["figures"]:
                if figure["name"] == name:
                    value: int | None = figure.get("value")
                    return value
    return None


def _resolved(command: Document, cases: dict[str, str]) -> Document:
    return {**command, "subject": cases.get(command["subject"], command["subject"])}


def _refuse_rejections(replies: list[Document]) -> None:
    for reply in replies:
        if event_name(reply) == "CommandRejected":
            data = reply["data"]
            raise Unanswered(
                f"a command was rejected: {data['code']} ({data.get('field', '-')}): {data['message']}"
            )


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items()))
