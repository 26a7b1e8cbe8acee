"""Flyktningguide, Bergen: one to one, both sides interviewed, two organisations approve, as many pairs as
possible. 184 pairs in 2015; in June 2016 55 volunteers and 25 refugees were waiting.
"""

import asyncio

from deploy.demo.client import event_name
from shared.programmes import shipped_packs
from tests.e2e.stories.story import Series, Story, morning_of
from tests.e2e.stories.telling import Telling
from tests.e2e.stories.world import operator_of

BERGEN = "no-4601"
NAME = "Flyktningguide, Bergen"


async def bergen_2015(told: Telling) -> None:
    """184 pairs in 2015."""
    bergen = told.programme(BERGEN)
    created: list[str] = []
    # 4 times 46 are 184.
    for day in ("2015-01-12", "2015-04-13", "2015-08-10", "2015-11-09"):
        await told.until(day)
        await asyncio.gather(bergen.settles(46), bergen.gets_guides(46))
        created += await bergen.pairs_up()

    def of_2015() -> int:
        return sum(pair.get("created_on", "").startswith("2015") for pair in bergen.pairs())

    await told.must("pairs created in 2015 on pairs.v1", 184, of_2015)
    await told.must("different people on each side", (184, 184), lambda: _people(bergen.pairs("active")))
    await told.until("2016-01-04")
    # Published counts of people are rounded down to a multiple of five: 184 = 36 x 5 + 4, so 180.
    await told.must(
        "the indicator of 2015: pairs created", 180, lambda: bergen.figure("2015", "pairs_created")
    )
    await told.must("the indicator of 2015: pairs active", 180, lambda: bergen.figure("2015", "pairs_active"))
    await told.must("the indicator of 2015: rounds", 4, lambda: bergen.figure("2015", "rounds_run"))


async def bergen_june_2016(told: Telling) -> None:
    """June 2016: 55 volunteers and 25 refugees wait."""
    bergen = told.programme(BERGEN)
    await told.until("2016-06-15")
    await asyncio.gather(bergen.settles(25), bergen.gets_guides(55))
    await told.must("refugees and volunteers who wait before the round", (25, 55), bergen.waiting)
    proposed = [one["pair"] for one in (await bergen.run_round())["proposals"]]
    # All are compatible, and each guide takes one: every refugee is proposed.
    await told.must("pairs that one round proposes", 25, len(proposed))
    await bergen.accept(proposed)
    await bergen.sign(proposed)
    await told.must(
        "pairs created", 25, lambda: sum(bergen.pair(one)["status"] == "active" for one in proposed)
    )
    # 55 - 25 = 30.
    await told.must("refugees and volunteers who wait after it", (0, 30), bergen.waiting)
    await told.until("2016-07-04")
    await told.must(
        "the indicators of June 2016: volunteers waiting",
        30,
        lambda: bergen.figure("2016-06", "volunteers_waiting"),
    )


async def bergen_two_approvals(told: Telling) -> None:
    """Two approvals by operators of one organisation are one."""
    bergen = told.programme(BERGEN)
    before = await bergen.waiting()
    (newcomer,) = await bergen.settles(1)
    (volunteer,) = await bergen.registers(1)
    await bergen.gets_guides(1)
    answers = []
    for number in (1, 2):
        operator = operator_of("red_cross_bergen", number)
        approval = bergen.approval(operator, volunteer)
        await told.world.client.send(f"commands.intake.{operator}.v1", [approval])
        (reply,) = await told.world.client.answers([approval], pending_counts=True)
        answers.append((event_name(reply), reply["data"].get("waits_for")))
    waits = ("CommandPending", ["introduction_programme_bergen"])
    await told.must("the answer to the first", waits, answers[0])
    await told.must("the answer to the second", waits, answers[1])
    await told.must("refugees and volunteers who wait", (before[0] + 1, before[1] + 1), bergen.waiting)
    proposals = (await bergen.run_round())["proposals"]
    proposed_to = [one["receiving"] for one in proposals] == [newcomer.subject]
    await told.must("another guide is proposed to the refugee", True, proposed_to)
    named = sum(one["giving"] == volunteer.subject for one in proposals)
    await told.must("proposals that name the volunteer", 0, named)


async def bergen_rounds_by_themselves(told: Telling) -> None:
    """Under the newer version a round runs by itself each morning at six."""
    bergen = told.programme(BERGEN)
    await told.until("2016-09-01")
    newer = shipped_packs()["flyktningguide-bergen@1.1"]
    await told.world.publish(newer)
    await told.world.activate(BERGEN, newer)
    (newcomer,), _ = await asyncio.gather(bergen.settles(1), bergen.gets_guides(1))
    await bergen.all_known()

    def proposals() -> list[tuple[str, str]]:
        return [
            (pair["proposed_on"], pair["pack_version"])
            for pair in bergen.pairs("proposed")
            if pair["receiving"] == newcomer.subject
        ]

    await told.must("proposals to a newcomer on the day", [], proposals())
    await told.until("2016-09-02")
    asked_by_nobody = [("2016-09-02", "1.1")]
    await told.must("and the next morning, without anybody's asking", asked_by_nobody, proposals)


def _people(pairs: list[dict[str, str]]) -> tuple[int, int]:
    return len({pair["receiving"] for pair in pairs}), len({pair["giving"] for pair in pairs})


SERIES = Series(
    begins=morning_of(2015, 1, 5),
    runs={BERGEN: shipped_packs()["flyktningguide-bergen@1.0"]},
    stories=tuple(
        Story(NAME, story)
        for story in (bergen_2015, bergen_june_2016, bergen_two_approvals, bergen_rounds_by_themselves)
    ),
)
