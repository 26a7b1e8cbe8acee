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
from tests.property.pairing.asking import GOING, NAMES, Step, agreement, on_couple, order, orders_of
from tests.property.pairing.life import Life
from tests.property.pairing.model import SIDES
from tests.property.pairing.town import STATES, Town
from tests.property.scale import profile
from tests.support.cluster import Corner

Meanwhile = list[Callable[[], Awaitable[None]]]
numbers = st.integers(0, 30)
kinds = st.sampled_from(sorted(STATES))
sides = st.sampled_from(SIDES)
couples = st.tuples(numbers, numbers)
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
HAPPENS: dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]] = {
    "on_pairs": (5, {"replica": st.integers(0, 1), "steps": steps}),
    "register": (
        3,
        {"capacity": st.integers(1, 2), "is_ready": st.booleans(), "linked": st.none() | numbers},
    ),
    "about_anybody": (3, {"which": numbers, "name": st.sampled_from(ABOUT_ANYBODY), "again": st.booleans()}),
    "about_a_volunteer": (
        4,
        {
            "which": numbers,
            "name": st.sampled_from(ABOUT_VOLUNTEERS),
            "capacity": st.integers(0, 2),
            "days": st.none() | st.integers(1, 9),
        },
    ),
    "about_a_case": (2, {"which": numbers, "kind": st.sampled_from(CASES)}),
    "carry": (
        4,
        {
            "kind": kinds,
            "picks": st.lists(numbers, min_size=1, max_size=4),
            "late": st.sampled_from((0, 0, 2)),
        },
    ),
    "carry_all": (2, {}),
    "round": (
        3,
        {
            "replicas": st.integers(1, 2),
            "meanwhile": st.lists(st.tuples(st.sampled_from((*sorted(STATES), "end")), numbers), max_size=2),
        },
    ),
    "try_a_round": (1, {}),
    "of_two": (
        3,
        {"name": st.sampled_from(("ProposePair", "AllowCouple")), "suits": st.booleans(), "two": couples},
    ),
    "agree": (
        5,
        {
            "which": numbers,
            "upto": st.integers(1, 5),
            "declines": st.booleans(),
            "takes_back": st.none() | sides,
        },
    ),
    "answer_late": (
        2,
        {
            "which": numbers,
            "days": st.integers(8, 23),
            "ago": st.integers(0, 8),
            "does": st.booleans(),
            "number": numbers,
        },
    ),
    "at_once": (4, {"first": steps, "second": steps, "two": st.none() | couples}),
    "tell_twice": (2, {"which": numbers, "side": sides, "hours": numbers, "back": st.integers(0, 2)}),
    "again": (2, {"which": numbers}),
    "settle": (2, {"is_ready": st.booleans()}),
    "pass_days": (3, {"days": st.sampled_from((1, 3, 8, 20, 40)), "does": st.booleans()}),
}
"""What may happen, by the method's name: how often, and with what."""
happenings = st.sampled_from([name for name, (weight, _) in HAPPENS.items() for _ in range(weight)]).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries(HAPPENS[name][1]))
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
                self.run(self.life.order(*agreement(self.life, pair)), "agreed")
        if far > 1:
            self.run(self.life.pass_days(21, does=True), "days")

    def teardown(self) -> None:
        if self.life.cases and not self.has_failed:
            self.run(self.life.end(), "end")
        STEPS.update(self.life.met)

    # All in one rule: of several, Hypothesis leaves some out of each example.
    @rule(happening=happenings)
    def happens(self, happening: tuple[str, dict[str, Any]]) -> None:
        name, given = happening
        getattr(self, name)(**given)

    # People

    def settle(self, is_ready: bool) -> None:
        self.run(self.life.settle(is_ready), "settlement")

    def register(self, capacity: int, is_ready: bool, linked: int | None) -> None:
        known = self.life.refugees
        refugee = known[linked % len(known)] if linked is not None and known else None
        self.run(self.life.register(capacity, is_ready=is_ready, refugee=refugee), "registration")

    def about_anybody(self, which: int, name: str, again: bool) -> None:
        people = self.life.people()
        names = (name, "JoinProgramme", "RecordConsent") if again else (name,)
        self.run(self.life.intake(people[which % len(people)], *names), "about people")

    def about_a_volunteer(self, which: int, name: str, capacity: int, days: int | None) -> None:
        subject = self.life.volunteers[which % len(self.life.volunteers)]
        until = None if days is None else (self.life.model.today + timedelta(days=days)).isoformat()
        self.run(self.life.intake(subject, name, capacity=capacity, until=until), "about volunteers")

    def about_a_case(self, which: int, kind: str) -> None:
        self.run(self.life.record(which, kind), kind)

    def carry(self, kind: str, picks: list[int], late: int) -> None:
        self.run(self.life.carry(STATES[kind], picks, back=late), "carried")

    def carry_all(self) -> None:
        self.run(self.life.carry_all(), "all carried")

    # Pairs

    def round(self, replicas: int, meanwhile: list[tuple[str, int]]) -> None:
        self.run(self.life.round(replicas, meanwhile, dry=False), f"rounds at once: {replicas}")

    def try_a_round(self) -> None:
        self.run(self.life.round(1, dry=True), "dry run of a round")

    def of_two(self, name: str, suits: bool, two: tuple[int, int]) -> None:
        self.run(self.life.order(on_couple(self.life, name, two, suits=suits)), "on two")

    def agree(self, which: int, upto: int, declines: bool, takes_back: str | None) -> None:
        """What brings a proposal to a pair, or a part of it, in one batch; an answer may be taken back."""
        pair = self.life.pair(which, {"proposed", "accepted"})
        if pair is not None:
            # Once somebody has signed, no answer is taken back.
            orders = agreement(self.life, pair, min(upto, 3) if takes_back else upto, declines=declines)
            if takes_back:
                orders.append(order(self.life, "TakeBackAnswer", pair, ago=0, side=takes_back))
            self.run(self.life.order(*orders), "agreed")

    def answer_late(self, which: int, days: int, ago: int, does: bool, number: int) -> None:
        """The two of a proposal meet; an answer of those days is recorded once its time is over."""
        pair = self.life.pair(which, {"proposed"})
        if pair is not None:
            self.run(self.life.order(*agreement(self.life, pair, 1)), "agreed")
            self.run(self.life.pass_days(days, does=does), "days")
            late = (
                order(self.life, "AnswerProposal", pair, ago=days - ago, side=side, number=number)
                for side in SIDES
            )
            self.run(self.life.order(*late), "answered late")

    def on_pairs(self, replica: int, steps: list[Step]) -> None:
        orders = orders_of(self.life, steps)
        if orders:
            self.run(self.life.order(*orders, replica=replica), "on pairs")

    def at_once(self, first: list[Step], second: list[Step], two: tuple[int, int] | None) -> None:
        """A batch on each replica; the second may propose two besides."""
        mine, theirs = orders_of(self.life, first), orders_of(self.life, second)
        if two is not None:
            theirs.append(on_couple(self.life, "ProposePair", two, suits=True))
        if mine and theirs:
            self.run(self.life.order_at_once(mine, theirs), "at once")

    def tell_twice(self, which: int, side: str, hours: int, back: int) -> None:
        """Of one day a meeting is told twice, and of one side an evaluation: the later holds."""
        pair = self.life.pair(which, GOING)
        if pair is not None:
            told = [(name, hours + more) for name in ("LogMeeting", "RecordEvaluation") for more in (0, 1)]
            orders = [order(self.life, name, pair, ago=back, side=side, number=of) for name, of in told]
            self.run(self.life.order(*orders), "told twice")

    def again(self, which: int) -> None:
        self.run(self.life.again(which * 7), "again")

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


def test_whatever_is_ordered_and_told_ends_as_the_model_says(
    runner: asyncio.Runner, town: Town, meanwhile: Meanwhile
) -> None:
    run_state_machine_as_test(
        lambda: Pairing(runner, town, meanwhile),  # type: ignore[arg-type]  # a factory will do
        settings=profile(10, 40),
    )
    print(dict(sorted(STEPS.items())))  # noqa: T201 (the figure)
