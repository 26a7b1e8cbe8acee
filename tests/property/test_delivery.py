"""Random histories of a log, two replicas and their relays, held against the model after each step."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.messaging.reading.records import Raw
from tests.property import checks
from tests.property.checks import Left
from tests.property.model import Entry, Kind
from tests.property.process import Cut
from tests.property.scale import profile
from tests.property.world import World

T = TypeVar("T")
TOPICS = SUBJECTS = REPLICAS = (0, 1)
AWAITS_OF_A_BATCH, AWAITS_OF_A_RELAY = 36, 60

topics = st.sampled_from(TOPICS)
replicas = st.sampled_from(REPLICAS)
skews = st.sampled_from([timedelta(), timedelta(minutes=10), timedelta(minutes=-10)])
cuts_of_a_batch = st.builds(Cut, st.integers(1, AWAITS_OF_A_BATCH), st.booleans())
cuts_of_a_relay = st.builds(Cut, st.integers(1, AWAITS_OF_A_RELAY), st.booleans())
kinds: st.SearchStrategy[Kind] = st.sampled_from(("settled", "settled", "withdrawn", "refused", "nonsense"))


class Batches(RuleBasedStateMachine):
    """Two replicas share a group's partitions, now and then the same ones at the same time."""

    def __init__(self, runner: asyncio.Runner, world: World) -> None:
        super().__init__()
        self.runner, self.world = runner, world
        self.logs: dict[str, list[Entry]] = {}
        self.upto: dict[str, int] = {}

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        STEPS[type(self).__name__] = STEPS.get(type(self).__name__, 0) + 1
        return self.runner.run(step)

    @initialize()
    def begin(self) -> None:
        self.runner.run(self.world.begin())
        self.logs = {name: [] for name in self.world.topics()}
        self.upto = dict.fromkeys(self.logs, 0)

    def teardown(self) -> None:
        if self.logs:
            self.runner.run(self.quiesce())

    async def quiesce(self) -> None:
        """After all crashes somebody goes on where the group stands, and everything is as it should be."""
        for replica in self.world.replicas:
            await self.world.kill_batch(replica)
        await self.world.deliver(self.world.replicas[0], self.batch(dict.fromkeys(self.logs, 99), (99, 99)))
        await self.check()
        assert self.upto == {topic: len(log) for topic, log in self.logs.items()}

    # What the log may hold

    @rule(topic=topics, subject=topics, newer=st.integers(-3, 3), kind=kinds, text=st.sampled_from("ab"))
    def append_new(self, topic: int, subject: int, newer: int, kind: Kind, text: str) -> None:
        """A subject's first record or its next, or one whose time is equal to the newest's or older."""
        log = self.log(topic)
        time = max((one.time for one in log), default=10) + newer
        self.append(topic, Entry("", self.subject(topic, subject), f"id-{len(log)}", time, kind, text))

    @precondition(lambda self: any(self.logs.values()))
    @rule(topic=topics, which=st.integers(0, 30), text=st.sampled_from(["a", "a", "b"]), kind=kinds)
    def append_id_again(self, topic: int, which: int, text: str, kind: Kind) -> None:
        """An id that was there before, with the same payload or with another."""
        log = self.log(topic)
        if log:
            was = log[which % len(log)]
            again = Entry("", was.subject, was.id, was.time, was.kind if text == "a" else kind, text)
            self.append(topic, again)

    # What replicas do with it

    @rule(
        replica=replicas,
        back=st.tuples(st.integers(0, 4), st.integers(0, 4)),
        take=st.tuples(st.integers(0, 6), st.integers(0, 6)),
        at_most=st.sampled_from([2, 500]),
        skew=skews,
        cut=st.none() | cuts_of_a_batch,
        end=st.sampled_from(["killed", "cancelled", "stands still"]),
    )
    def deliver(
        self,
        replica: int,
        back: tuple[int, int],
        take: tuple[int, int],
        at_most: int,
        skew: timedelta,
        cut: Cut | None,
        end: str,
    ) -> None:
        """A batch that begins at what is handled or before it, and that may meet its end at any await."""

        async def step() -> None:
            one = self.world.replicas[replica]
            if one.batch is not None:
                await self.world.kill_batch(one)
            batch = self.batch(dict(zip(self.logs, back, strict=True)), take)
            ended = await self.world.deliver(one, batch, cut, at_most=at_most, skew=skew)
            if not ended and end == "killed":
                await self.world.kill_batch(one)
            if not ended and end == "cancelled":
                await self.world.cancel(one)
            await self.check()

        self.run(step())

    @rule(back=st.integers(0, 4), take=st.tuples(st.integers(1, 6), st.integers(1, 6)), skew=skews)
    def deliver_to_both(self, back: int, take: tuple[int, int], skew: timedelta) -> None:
        """As in a rebalance: overlapping batches, at the same time."""

        async def step() -> None:
            for one in self.world.replicas:
                await self.world.kill_batch(one)
            both = [
                self.batch(dict.fromkeys(self.logs, behind), (count, count))
                for behind, count in ((0, take[0]), (back, take[1]))
            ]
            async with asyncio.TaskGroup() as group:
                for one, batch in zip(self.world.replicas, both, strict=True):
                    group.create_task(self.world.deliver(one, batch, skew=skew))
            await self.check()

        self.run(step())

    @precondition(lambda self: any(one.batch for one in self.world.replicas))
    @rule(replica=replicas)
    def resume(self, replica: int) -> None:
        """A batch that stood still, maybe past its session's end and its successor's work, goes on."""

        async def step() -> None:
            one = self.world.replicas[replica]
            if one.batch is not None:
                await self.world.resume(one)
                await self.check()

        self.run(step())

    # Helpers

    def log(self, topic: int) -> list[Entry]:
        return list(self.logs.values())[topic]

    def subject(self, topic: int, number: int) -> str:
        return f"x{self.world.example}-{topic}{number}"

    def append(self, topic: int, entry: Entry) -> None:
        name = list(self.logs)[topic]
        self.logs[name].append(Entry(name, entry.subject, entry.id, entry.time, entry.kind, entry.text))

    def batch(self, back: dict[str, int], take: Sequence[int]) -> list[Raw]:
        """Of each topic so many records, from so far before what is handled; topics one after the other."""
        records: list[Raw] = []
        for (topic, log), count in zip(self.logs.items(), take, strict=True):
            start = max(0, self.upto[topic] - back[topic])
            records += [log[offset].raw(offset) for offset in range(start, min(start + count, len(log)))]
        return records

    async def check(self) -> None:
        upto = await checks.check(self.world, self.logs)
        assert all(upto[topic] >= self.upto[topic] for topic in self.logs), "a position moved back"
        self.upto = upto


class Relays(Batches):
    """The same, and what is sent: two relays, of which one may wake when the other has long gone on."""

    @rule(replica=replicas, cut=st.none() | cuts_of_a_relay, end=st.sampled_from(["killed", "stands still"]))
    def relay(self, replica: int, cut: Cut | None, end: str) -> None:
        """A relay takes over, its predecessor dead or standing still, and may meet its own end."""

        async def step() -> None:
            one = self.world.replicas[replica]
            await self.world.kill_relay(one)
            ended = await self.world.relay(one, cut)
            if ended:
                assert await self.world.database["outbox"].count_documents({}) == 0
            elif end == "killed":
                await self.world.kill_relay(one)
            await self.check()

        self.run(step())

    @precondition(lambda self: any(one.relay for one in self.world.replicas))
    @rule(replica=replicas)
    def wake(self, replica: int) -> None:
        """A relay that stood still goes on, its lease over, whatever has been sent since."""

        async def step() -> None:
            one = self.world.replicas[replica]
            if one.relay is not None:
                await self.world.wake(one)
                await self.check()

        self.run(step())

    async def quiesce(self) -> None:
        """One relay sends all that is left; those that wake after it add nothing to it."""
        await super().quiesce()
        first, second = self.world.replicas
        await self.world.kill_relay(first)
        assert await self.world.relay(first)
        await checks.check_drained(self.world, self.logs)
        if second.relay is not None:
            await self.world.wake(second)
            await checks.check_drained(self.world, self.logs)


STEPS: dict[str, int] = {}


def test_batches(runner: asyncio.Runner, world: World) -> None:
    runner.run(world.open(kafka=False))
    run_state_machine_as_test(
        lambda: Batches(runner, world),  # type: ignore[arg-type]  # a factory will do, as its own text says
        settings=profile(12, 25),
    )
    print(f"{world.example} examples, {STEPS} steps")  # noqa: T201 (the figure)


def test_relays(runner: asyncio.Runner, world: World) -> None:
    runner.run(world.open(kafka=True))
    run_state_machine_as_test(
        lambda: Relays(runner, world),  # type: ignore[arg-type]  # a factory will do, as its own text says
        settings=profile(6, 30),
    )
    print(f"{world.example} examples, {STEPS} steps")  # noqa: T201 (the figure)


logs_of_subjects = st.lists(
    st.lists(st.tuples(st.integers(0, 9), kinds, st.sampled_from("ab")), min_size=1, max_size=5),
    min_size=2,
    max_size=4,
)


def test_order_across_subjects_is_of_no_account(runner: asyncio.Runner, world: World) -> None:
    """Two logs that differ in how their subjects' records are mixed leave the same, whatever the batches."""
    runner.run(world.open(kafka=False))

    async def left(subjects: list[list[tuple[int, Kind, str]]], mixed: Sequence[int], batch: int) -> Left:
        example = await world.begin()
        topic = world.topics()[0]
        log: list[Entry] = []
        upcoming = [iter(enumerate(one)) for one in subjects]
        for subject in mixed:
            number, (time, kind, text) = next(upcoming[subject])
            log.append(Entry(topic, f"{example}-{subject}", f"{subject}-{number % 3}", time, kind, text))
        raws = [entry.raw(offset) for offset, entry in enumerate(log)]
        await world.deliver(world.replicas[0], raws, at_most=batch)
        assert await checks.check(world, {topic: log}) == {topic: len(log)}
        return await checks.what_is_left(world, topic)

    @profile(15, 1)
    @given(subjects=logs_of_subjects, batch=st.integers(1, 5), data=st.data())
    def order_is_of_no_account(
        subjects: list[list[tuple[int, Kind, str]]], batch: int, data: st.DataObject
    ) -> None:
        turns = [number for number, one in enumerate(subjects) for _ in one]
        mixed = data.draw(st.permutations(turns))
        assert runner.run(left(subjects, turns, 500)) == runner.run(left(subjects, mixed, batch))

    order_is_of_no_account()
