"""What may happen in the town, step by step; the model hears of each and everything is held against it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from shared.contracts.topics import Topic
from tests.property.pairing.checks import adopt, finals
from tests.property.pairing.desk import PROPOSING, Desk
from tests.property.pairing.model import OPEN
from tests.property.pairing.said import intake_data, person_data
from tests.property.pairing.town import HERE, OPERATORS, POOL, ROUNDS_APART, STATES, Town

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


class Life(Desk):
    """One example."""

    def __init__(self, town: Town, meanwhile: list[Callable[[], Awaitable[None]]]) -> None:
        super().__init__(town)
        self._meanwhile = meanwhile
        self._hearing = asyncio.Lock()
        self.cases: list[tuple[str, str]] = []
        """Place and reference, in the order of their settlements."""
        self.volunteers: list[str] = []

    async def begin(self) -> None:
        """Some wait already."""
        await self.town.begin()
        self.model.today = self.town.today
        for number in range(3):
            await self.settle(number < 3)
        for capacity in (1, 2):
            await self.register(capacity, is_ready=True)
        await self.carry_all()

    # In intake

    @property
    def refugees(self) -> list[str]:
        """The subjects that intake has published."""
        return list(self.town.carried[STATES["refugee"]])

    def people(self) -> list[str]:
        """Everybody whom matching may have heard of."""
        return [*self.refugees, *self.volunteers]

    async def settle(self, is_ready: bool) -> None:
        """A refugee comes; who is ready has joined and consented."""
        case = f"BER-{LETTERS[len(self.cases) % 26]}{LETTERS[len(self.cases) // 26]}"
        self.cases.append((HERE, case))
        known = set(self.refugees)
        await self.town.settle(HERE, self.town.settlement("PersonSettled", case, HERE, person_data()))
        for subject in [one for one in self.refugees if one not in known]:
            await self.intake(subject, *(("JoinProgramme", "RecordConsent") if is_ready else ()))

    async def register(self, capacity: int, *, is_ready: bool, refugee: str | None = None) -> None:
        """A volunteer comes, who may be a refugee as well; who is ready is approved."""
        number = len(self.volunteers)
        subject = f"volunteer-{'a' * 15}{LETTERS[number // 32]}{LETTERS[number % 32]}"
        self.volunteers.append(subject)
        steps = ["JoinProgramme", "RecordConsent", "RecordCheck", "ApproveVolunteer"] if is_ready else []
        await self.intake(subject, "RegisterVolunteer", *steps, capacity=capacity, refugee=refugee)

    async def intake(self, subject: str, *names: str, **more: Any) -> None:
        """A batch of commands about somebody."""
        if names:
            said = [(name, intake_data(name, self.town.today, more)) for name in names]
            await self.town.order(
                *[self.town.command("intake", OPERATORS[0], name, subject, **data) for name, data in said]
            )
        await self.checked()

    async def record(self, number: int, kind: str) -> None:
        """A municipality says something else of a case."""
        place, case = self.cases[number % len(self.cases)]
        day = self.town.today.isoformat()
        match kind:
            case "protected":
                said = self.town.settlement(
                    "PersonSettled", case, place, person_data(protection="confidential")
                )
            case "withdrawn":
                said = self.town.settlement("SettlementWithdrawn", case, place, {"reason": "left"})
            case "moved":
                data = {"to_municipality": "no-5501", "moved_on": day}
                said = self.town.settlement("PersonMoved", case, place, data)
            case _:
                said = self.town.settlement(
                    "PersonSettled", case, place, person_data(languages=[{"code": "ar", "level": "native"}])
                )
        await self.town.settle(place, said)
        await self.checked()

    # Between the two

    async def carry(self, topic: Topic, picks: Sequence[int], *, back: int = 0) -> None:
        """A batch of states, each person's in order; `back` has some of them come once more."""
        messages = self._next(topic, picks, back)
        if messages:
            await self.town.carry(topic, messages)
            self.model.hear(messages)
        await self.checked()

    def _next(self, topic: Topic, picks: Sequence[int], back: int) -> list[tuple[str, bytes | None]]:
        waiting = self.town.carried[topic]
        messages: list[tuple[str, bytes | None]] = []
        for pick in picks:
            late = [key for key, one in waiting.items() if one.next < len(one.values)]
            if late:
                key = late[pick % len(late)]
                one = waiting[key]
                first = max(0, one.next - back)
                messages += [(key, value) for value in one.values[first : one.next + 1]]
                one.next += 1
        return messages

    async def carry_all(self) -> None:
        """Matching hears all that there is."""
        for topic in STATES.values():
            await self.carry(topic, [0] * sum(len(one.values) for one in self.town.carried[topic].values()))

    # In matching

    async def round(self, replicas: int, meanwhile: Sequence[tuple[str, int]] = (), *, dry: bool) -> None:
        """One round, or one on each replica at once; in the meantime, once the pool was read, states come, or
        a pair ends.
        """
        await self.due()
        town = self.town
        for number in range(replicas):
            asked = town.command("matching", OPERATORS[number], "RunRound", POOL, dry=dry, **PROPOSING)
            await town.order(asked, replica=number)
        self._meanwhile[:] = [
            partial(self._come, *one) for one in meanwhile if replicas == 1 or one[0] in STATES
        ]
        await asyncio.gather(*(town.run_due("matching", number) for number in range(replicas)))
        self._meanwhile.clear()
        new = adopt(town, self.model)
        assert not (dry and new), "a dry run has proposed"
        # What a round skipped is tried again, and then nobody is left who could be proposed.
        town.moment += ROUNDS_APART
        await town.run_due("matching")
        adopt(town, self.model)
        # Who comes once the pool was read is for the next one.
        if not dry and not meanwhile:
            assert not self.model.couples(HERE), "a round has left two who could be proposed"
        await self.checked()

    async def _come(self, what: str, pick: int) -> None:
        async with self._hearing:
            if what in STATES:
                topic = STATES[what]
                messages = self._next(topic, [pick], 0)
                if messages:
                    await self.town.carry(topic, messages, replica=1)
                    self.model.hear(messages)
            elif (pair := self.pair(pick, OPEN)) is not None:
                on = self.model.today.isoformat()
                ends = {"end_reason": "personal_giving", "ended_on": on}
                await self.order(("EndPair", pair.subject, ends, False), replica=1)

    async def due(self) -> None:
        """Matching does what is due."""
        await self.town.run_due("matching")
        self.model.pass_due()
        adopt(self.town, self.model)
        await self.checked()

    async def pass_days(self, days: int, *, does: bool) -> None:
        """Days go by; where it `does`, matching does at once what is due, else when somebody asks it to."""
        self.town.moment += timedelta(days=days)
        self.model.today = self.town.today
        await self.town.run_due("intake")
        if does:
            await self.due()

    async def again(self, which: int) -> None:
        """A command comes once more: it gets the same reply, and nothing else happens."""
        id_ = list(self.town.commands)[which % len(self.town.commands)]
        service, operator, document = self.town.commands[id_]
        before, sent = finals(self.town, id_), len(self.town.replies.get(id_, []))
        await self.town.order(document, replica=OPERATORS.index(operator) if service == "matching" else 0)
        assert finals(self.town, id_) == before or not before
        count = len(self.town.replies.get(id_, [])) - sent
        assert count == 1 or (count == 0 and self._somebody_is_erased()), f"{count} replies to {document}"
        await self.checked()

    def _somebody_is_erased(self) -> bool:
        """Whether replies may have had to be forgotten."""
        return any(None in one.values for topic in self.town.carried.values() for one in topic.values())

    async def end(self) -> None:
        """All is heard of, all is due: every command has one final reply."""
        await self.carry_all()
        await self.pass_days(1, does=True)
        await self.pass_days(1, does=True)
        without = [id_ for id_ in self.town.commands if not finals(self.town, id_)]
        assert not without, f"no final reply to {[self.town.commands[one] for one in without]}"
