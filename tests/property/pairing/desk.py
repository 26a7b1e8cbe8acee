"""Operators' commands on pairs: each is answered as the model says, and everything stays as it says."""

import asyncio
import copy
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from tests.property.pairing.checks import adopt, adopt_couple, check, finals, name_of
from tests.property.pairing.model import Model, Pair
from tests.property.pairing.orders import STEPS
from tests.property.pairing.town import GUIDES, HERE, OPERATORS, Event, Town

PROPOSING = {"municipality": HERE, "programme": GUIDES}
ON_COUPLE = {"ProposePair", "AllowCouple"}
Order = tuple[str, str, dict[str, Any], bool]
"""A command's name, its subject, its data, and whether it is a dry run."""
Given = tuple[Order, str]
"""With the id under which it was sent."""


class Desk:
    """One example's town and model."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.model = Model(town.today)
        self.met: Counter[str] = Counter()
        """Commands on pairs, by name and what became of them."""
        self._seen: dict[str, Event] = {}
        """The final reply to each command, as it was seen first."""

    async def order(self, *orders: Order, replica: int = 0) -> None:
        """A batch of commands, decided in their order."""
        given = await self._send(orders, replica)
        for order, id_ in given:
            told, expected = self._told(id_), self._expected(self.model, order)
            assert told == expected, (order, told, expected, self.model.pairs.get(order[1]))
        self._count(given)
        await self.checked()

    async def order_at_once(self, first: Sequence[Order], second: Sequence[Order]) -> None:
        """A batch on each replica at the same time: the outcome is that of one after the other."""
        both = await asyncio.gather(self._send(first, 0), self._send(second, 1))
        outcomes: list[str] = []
        for batches in (both, both[::-1]):
            model = copy.deepcopy(self.model)
            try:
                for order, id_ in [one for batch in batches for one in batch]:
                    told, expected = self._told(id_), self._expected(model, order)
                    assert told == expected, (order, told, expected)
                await check(self.town, model)
            except AssertionError as other:
                outcomes.append(str(other))
                continue
            self.model = model
            break
        assert len(outcomes) < len(both), f"neither order explains what came out: {outcomes}"
        self._count([one for batch in both for one in batch])
        await self.checked()

    async def _send(self, orders: Sequence[Order], replica: int) -> list[Given]:
        commands = [
            self.town.command("matching", OPERATORS[replica], name, subject, dry=dry, **data)
            for name, subject, data, dry in orders
        ]
        await self.town.order(*commands, replica=replica)
        return [(order, command["id"]) for order, command in zip(orders, commands, strict=True)]

    def _told(self, id_: str) -> str:
        """The name of a command's final reply; that it waits where there is none."""
        found = finals(self.town, id_)
        return name_of(found[0]) if found else "CommandPending"

    def _expected(self, model: Model, order: Order) -> str:
        """What the model answers; it goes on as if it had been asked."""
        name, subject, data, dry = order
        if name in ON_COUPLE:
            accepts = self._of_two(model, name, data)
        elif subject not in model.pairs:
            return "CommandPending"
        else:
            pair = model.pairs[subject]
            accepts = STEPS[name](model, copy.deepcopy(pair) if dry else pair, data)
        return ("CommandPreviewed" if dry else "CommandAccepted") if accepts else "CommandRejected"

    def _of_two(self, model: Model, name: str, data: dict[str, Any]) -> bool:
        couple = data["receiving"], data["giving"]
        if name == "ProposePair":
            return model.may_propose(*couple, HERE) and adopt_couple(self.town, model, couple)
        apart = model.apart(*couple, HERE)
        for pair in apart:
            pair.allowed = True
        return bool(apart)

    def _count(self, given: Sequence[Given]) -> None:
        for (name, *_), id_ in given:
            self.met[f"{name} {self._told(id_).removeprefix('Command').lower()}"] += 1

    async def checked(self) -> None:
        """All is as the model says, and nobody is told anything else than before."""
        assert not adopt(self.town, copy.deepcopy(self.model)), "a proposal that nobody asked for"
        await check(self.town, self.model)
        for id_ in self.town.commands:
            for reply in finals(self.town, id_):
                assert self._seen.setdefault(id_, reply) == reply, "another answer than before"

    def pair(self, which: int, statuses: Collection[str] = ()) -> Pair | None:
        """One of the pairs in these statuses, or of all where there are none, those that are open first."""
        found = [one for one in self.model.pairs.values() if not statuses or one.status in statuses]
        found.sort(key=lambda one: not one.is_open)
        return found[which % len(found)] if found else None
