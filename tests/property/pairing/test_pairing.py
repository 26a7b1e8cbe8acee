"""All commands on people and pairs in random order, and states that come late, twice, or out of step."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any

import pytest
from anyio import to_process
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from deploy.local.stack import Addresses
from tests.property.pairing.asking import NAMES, OVER, Step, agreement, orders_of
from tests.property.pairing.desk import PROPOSING, Order
from tests.property.pairing.life import Life
from tests.property.pairing.model import SIDES
from tests.property.pairing.town import POOL, STATES, Town
from tests.property.scale import profile
from tests.support.cluster import Corner

Meanwhile = list[Callable[[], Awaitable[None]]]
numbers = st.integers(0, 30)
kinds = st.sampled_from(sorted(STATES))
sides = st.sampled_from(SIDES)
back = st.sampled_from((0, 0, 0, 1, 3, 8, -1))
"""How many days ago something was; -1 is tomorrow."""
ABOUT_ANYBODY = (
    *("WithdrawConsent", "RecordConsent", "RecordConsent", "LeaveProgramme"),
    *("JoinProgramme", "CorrectPerson"),
)
ABOUT_VOLUNTEERS = (
    *("PauseVolunteer", "PauseVolunteer", "ResumeVolunteer", "ResumeVolunteer", "ChangeCapacity"),
    *("WithdrawVolunteer", "RejectVolunteer", "MoveVolunteer", "RecordCheck", "ApproveVolunteer"),
)
CASES = ("protected", "withdrawn", "moved", "corrected", "corrected", "corrected")
steps = st.lists(
    st.tuples(numbers, st.sampled_from(NAMES), back, sides, numbers, st.booleans()), min_size=1, max_size=4
)
STEPS: Counter[str] = Counter()
"""What has happened in all examples, by name."""


class Pairing(RuleBasedStateMachine):
    """Two services and the people of one programme."""

    def __init__(self, runner: asyncio.Runner, town: Town, meanwhile: Meanwhile) -> None:
        super().__init__()
        self.runner = runner
        self.life = Life(town, meanwhile)
        self.has_failed = False

    def run(self, step: Coroutine[Any, Any, Any], name: str) -> None:
        STEPS[name] += 1
        self.has_failed = True
        self.runner.run(step)
        self.has_failed = False

    @initialize(far=st.integers(0, 3))
    def begin(self, far: int) -> None:
        """Some wait; in most examples there are pairs already, in half of them for three weeks."""
        self.run(self.life.begin(), "example")
        if far:
            self.run(self.life.round(2, dry=False), "rounds at once: 2")
            for pair in list(self.life.model.pairs.values()):
                self.run(self.life.order(*agreement(self.life, pair, signs=True)), "agreed")
        if far > 1:
            self.run(self.life.pass_days(21, does=True), "days")

    def teardown(self) -> None:
        if self.life.cases and not self.has_failed:
            self.run(self.life.end(), "end")
        STEPS.update(self.life.met)

    # People

    @rule(is_ready=st.booleans())
    def settle(self, is_ready: bool) -> None:
        self.run(self.life.settle(is_ready), "settlement")

    @rule(capacity=st.integers(1, 2), is_ready=st.booleans(), linked=st.none() | numbers)
    def register(self, capacity: int, is_ready: bool, linked: int | None) -> None:
        known = self.life.refugees
        refugee = known[linked % len(known)] if linked is not None and known else None
        self.run(self.life.register(capacity, is_ready=is_ready, refugee=refugee), "registration")

    @rule(which=numbers, name=st.sampled_from(ABOUT_ANYBODY), again=st.booleans())
    def about_anybody(self, which: int, name: str, again: bool) -> None:
        people = self.life.people()
        names = (name, "JoinProgramme", "RecordConsent") if again else (name,)
        self.run(self.life.intake(people[which % len(people)], *names), "about people")

    @rule(
        which=numbers,
        name=st.sampled_from(ABOUT_VOLUNTEERS),
        capacity=st.integers(0, 2),
        days=st.none() | st.integers(1, 9),
    )
    def about_a_volunteer(self, which: int, name: str, capacity: int, days: int | None) -> None:
        subject = self.life.volunteers[which % len(self.life.volunteers)]
        until = None if days is None else (self.life.model.today + timedelta(days=days)).isoformat()
        self.run(self.life.intake(subject, name, capacity=capacity, until=until), "about volunteers")

    @rule(which=numbers, kind=st.sampled_from(CASES))
    def about_a_case(self, which: int, kind: str) -> None:
        self.run(self.life.record(which, kind), kind)

    @rule(kind=kinds, picks=st.lists(numbers, min_size=1, max_size=4), late=st.sampled_from((0, 0, 2)))
    def carry(self, kind: str, picks: list[int], late: int) -> None:
        self.run(self.life.carry(STATES[kind], picks, back=late), "carried")

    @rule()
    def carry_all(self) -> None:
        self.run(self.life.carry_all(), "all carried")

    # Pairs

    @rule(
        replicas=st.integers(1, 2),
        meanwhile=st.lists(st.tuples(st.sampled_from((*sorted(STATES), "end")), numbers), max_size=2),
    )
    def round(self, replicas: int, meanwhile: list[tuple[str, int]]) -> None:
        self.run(self.life.round(replicas, meanwhile, dry=False), f"rounds at once: {replicas}")

    @rule()
    def try_a_round(self) -> None:
        self.run(self.life.round(1, dry=True), "dry run of a round")

    @rule(which=st.none() | numbers, refugee=numbers, guide=numbers, allows=st.booleans())
    def of_two(self, which: int | None, refugee: int, guide: int, allows: bool) -> None:
        """Two are proposed, or may be again: those of a pair that is over, or any."""
        orders = [self.couple(name, which, refugee, guide) for name in ("AllowCouple", "ProposePair")]
        self.run(self.life.order(*(orders if allows else orders[1:])), "on two")

    @rule(which=numbers, signs=st.booleans())
    def agree(self, which: int, signs: bool) -> None:
        """All that brings a proposal to a pair, in one batch."""
        pair = self.life.pair(which, {"proposed", "accepted"})
        if pair is not None:
            self.run(self.life.order(*agreement(self.life, pair, signs=signs)), "agreed")

    @rule(replica=st.integers(0, 1), steps=steps)
    def on_pairs(self, replica: int, steps: list[Step]) -> None:
        orders = orders_of(self.life, steps)
        if orders:
            self.run(self.life.order(*orders, replica=replica), "on pairs")

    @rule(first=steps, second=steps, two=st.none() | st.tuples(numbers, numbers))
    def at_once(self, first: list[Step], second: list[Step], two: tuple[int, int] | None) -> None:
        """A batch on each replica; the second may propose two besides."""
        mine, theirs = orders_of(self.life, first), orders_of(self.life, second)
        if two is not None:
            theirs.append(self.couple("ProposePair", None, *two))
        if mine and theirs:
            self.run(self.life.order_at_once(mine, theirs), "at once")

    def couple(self, name: str, which: int | None, refugee: int, guide: int) -> Order:
        refugees, guides = self.life.refugees, self.life.volunteers
        two = refugees[refugee % len(refugees)], guides[guide % len(guides)]
        over = self.life.pair(which, OVER) if which is not None else None
        receiving, giving = two if over is None else over.people
        return name, POOL, {**PROPOSING, "receiving": receiving, "giving": giving}, False

    @rule(which=numbers)
    def again(self, which: int) -> None:
        self.run(self.life.again(which * 7), "again")

    @rule(days=st.sampled_from((1, 3, 8, 20, 40)), does=st.booleans())
    def pass_days(self, days: int, does: bool) -> None:
        self.run(self.life.pass_days(days, does=does), "days")


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Rounds are solved in this process; then these happen, once each, before anything is written."""
    steps: Meanwhile = []

    async def run_sync(function: Callable[..., Any], *args: Any) -> Any:
        solved = function(*args)
        while steps:
            await steps.pop()()
        return solved

    monkeypatch.setattr(to_process, "run_sync", run_sync)
    return steps


@pytest.fixture
def town(stack: Addresses, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    async def made() -> Town:
        return Town(Corner(stack))

    found = runner.run(made())
    monkeypatch.setattr("shared.ids.random_bytes", found.chance.randbytes)
    runner.run(found.open())
    yield found
    runner.run(found.close())


def test_people_and_pairs(runner: asyncio.Runner, town: Town, meanwhile: Meanwhile) -> None:
    run_state_machine_as_test(
        lambda: Pairing(runner, town, meanwhile),  # type: ignore[arg-type]  # a factory will do
        settings=profile(15, 40),
    )
    print(dict(sorted(STEPS.items())))  # noqa: T201 (the figure)
