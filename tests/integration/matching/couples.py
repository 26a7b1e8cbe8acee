"""What tests of a pair's life share: packs that ask for more, and commands by their names."""

from datetime import UTC, date, datetime
from typing import Any

import orjson

from shared.contracts.administrators import Operator
from shared.contracts.catalogue import BY_NAME
from shared.contracts.commands import Command
from shared.contracts.programmes import ProgrammePack
from shared.messaging.commands.answers import Accepted, Answer, Rejected
from tests.integration.matching.world import BERGEN, GUIDES, OPERATOR, POOL, World, guide, refugee, who
from tests.support.cluster import Record

TODAY = "2016-06-15"
SIGNATORIES = ("refugee", "guide", "red_cross_bergen")
QUESTIONS = [
    {"code": "language_progress", "kind": "scale", "asks": ["giving"]},
    {"code": "would_go_on", "kind": "yes_no"},
]
MILESTONE = {
    "name": "three_months",
    "after": "P3M",
    "asks": ["receiving", "giving"],
    "questions": QUESTIONS,
}


class Life:
    """A programme whose pack asks for what a test says, on a clock that is moved on."""

    def __init__(self, world: World, **pairing: Any) -> None:
        self.world = self.now = world
        self._pairing = pairing
        self._clocks: list[World] = []
        self._number = 0
        self._pack(world)

    def _pack(self, world: World) -> None:
        programmes = world.wiring.resources.programmes
        pack = programmes.pack(GUIDES, "1.0")
        assert pack is not None
        changed = pack.model_dump(mode="json")
        changed["pairing"] |= self._pairing
        programmes.put(f"{GUIDES}@1.0", ProgrammePack.model_validate(changed))
        for operator in (OPERATOR, OTHER):
            world.wiring.resources.operators.put(operator.operator, operator)

    def on(self, day: str) -> "Life":
        """Moves the clock to noon of a day."""
        to = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
        self.now = self.world.later(to - self.world.now)
        self._pack(self.now)
        self._clocks.append(self.now)
        return self

    async def decide(self, name: str, subject: str, **fields: Any) -> Answer:
        """Decides a command by its name, under an id of its own."""
        self._number += 1
        options = {key: fields.pop(key) for key in ("dry_run", "expected_revision") if key in fields}
        return await self.now.decide(command(name, **fields), subject, id=str(self._number), **options)

    async def accepted(self, name: str, subject: str, **fields: Any) -> dict[str, Any]:
        """The result of a command that is accepted."""
        answer = await self.decide(name, subject, **fields)
        assert isinstance(answer, Accepted), answer
        return answer.result

    async def refused(self, name: str, subject: str, **fields: Any) -> tuple[str, str | None]:
        """Code and field of a command that is rejected."""
        answer = await self.decide(name, subject, **fields)
        assert isinstance(answer, Rejected), answer
        return answer.code, answer.field

    async def propose(self, receiving: int = 1, giving: int = 1, **options: Any) -> str:
        """Proposes two by their numbers; gives the pair's reference."""
        result = await self.accepted("ProposePair", POOL, **couple(receiving, giving), **options)
        pair: str = result["pair"]
        return pair

    async def create(self) -> str:
        """A pair that all have signed."""
        await self.world.apply(refugee(1), guide(1))
        pair = await self.propose()
        for side in ("receiving", "giving"):
            await self.accepted("AnswerProposal", pair, side=side, accept=True, answered_on=TODAY)
        for signatory in SIGNATORIES:
            await self.accepted("SignAgreement", pair, signatory=signatory, text_version="1", signed_on=TODAY)
        return pair

    async def pair(self, subject: str) -> dict[str, Any]:
        """A pair as it is stored."""
        (row,) = await self.world.rows("pairs", _id=subject)
        return {**row["pair"], "open": row["open"]}

    async def facts(self) -> list[str]:
        """What happened to pairs, in order."""
        return [one["type"].split(".")[2] for one in await self.now.sent("pairs.v1") if one]

    async def notices(self, operator: str = OPERATOR.operator) -> list[dict[str, Any]]:
        """What an operator was told of milestones."""
        told = [one["data"] for one in await self.now.sent(f"notices.{operator}.v1")]
        return [one for one in told if one["code"].startswith("milestone")]

    def close(self) -> None:
        for clock in self._clocks:
            clock.close()


OTHER = Operator(
    operator="bergen-2",
    person="person_2",
    organisation="red_cross_bergen",
    municipalities=[BERGEN],
    roles=["coordinator"],
    valid_until=datetime(2030, 1, 1, tzinfo=UTC),
)


def command(name: str, **fields: Any) -> Command:
    """A command as it is read from its record."""
    model = BY_NAME[name].model
    assert issubclass(model, Command)
    return model.model_validate_json(orjson.dumps({"reason": "told", **fields}))


def couple(receiving: int = 1, giving: int = 1) -> dict[str, str]:
    """Two by their numbers, as commands on a couple name them."""
    return {
        "municipality": BERGEN,
        "programme": GUIDES,
        "receiving": who("refugee", receiving),
        "giving": who("volunteer", giving),
    }


def looked_after(record: Record, operator: str | None) -> Record:
    """A person's state with a coordinator."""
    topic, key, value = record
    event = orjson.loads(value or b"")
    event["data"]["coordinator"] = operator
    if operator is None:
        del event["data"]["coordinator"]
    return topic, key, orjson.dumps(event)


def day(text: str) -> date:
    return date.fromisoformat(text)
