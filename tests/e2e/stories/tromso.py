"""Flyktningguide, Tromsø: a guide for 9 to 12 months and at least two hours a week. About 44 guides register
in a year; nearly every woman gets one, and most men wait long.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from shared.contracts import topics
from shared.contracts.pairing import PackDuration
from shared.programmes import shipped_packs
from tests.e2e.stories.people import Somebody, Sort
from tests.e2e.stories.programme import Programme
from tests.e2e.stories.story import Series, Story, morning_of
from tests.e2e.stories.telling import Telling

TROMSO, SENJA = "no-5501", "no-5530"
NAME = "Flyktningguide, Tromsø"
PACK = shipped_packs()["flyktningguide-tromso@1.0"]

WOMAN, MAN = Sort("female"), Sort("male")
WOMAN_WHO_WISHES_ONE, MAN_WHO_WISHES_ONE = Sort("female", wish="female"), Sort("male", wish="male")
WEDNESDAY = 2
SHORT_WEEK = date(2023, 3, 8)


async def tromso_year(told: Telling) -> None:
    """A year: 44 guides come, 40 of them women; 20 women and 20 men wait, each for their own gender."""
    tromso = told.programme(TROMSO)
    men: list[Somebody] = []
    made: dict[int, list[str]] = {}
    since = told.today
    for month in range(1, 13):
        await told.until(date(2023, month, 10))
        men += await _come(tromso, month)
        await _meet_weekly(tromso, since, told.today)
        since = told.today
        made[month] = await tromso.pairs_up()
        if month == SHORT_WEEK.month:
            await _a_short_week(told, tromso, made[1][0])
        if month == 4:
            await _three_months(told, tromso, made[1])
    await _year_is_over(told, tromso, men, made[1][0])
    await _pairs_have_their_time(told, tromso, made)


async def _come(tromso: Programme, month: int) -> list[Somebody]:
    """Has a month's people come: in ten, 2 women and 2 men who wish their own gender; in eleven, 4 guides,
    one a man in four of these; the men who settle.
    """
    refugees = 2 if month <= 10 else 0
    male = int(month in {2, 5, 8, 11})
    female = 4 - male if month <= 11 else 0
    men, *_ = await asyncio.gather(
        tromso.settles(refugees, MAN_WHO_WISHES_ONE),
        tromso.settles(refugees, WOMAN_WHO_WISHES_ONE),
        tromso.gets_guides(female, WOMAN),
        tromso.gets_guides(male, MAN),
    )
    return men


async def _meet_weekly(tromso: Programme, since: date, until: date) -> None:
    """All pairs have met every Wednesday for two hours."""
    await tromso.record(
        (pair["pair"], "LogMeeting", {"held_on": day.isoformat(), "hours": 2.0})
        for pair in tromso.pairs("active")
        for day in _days(max(since, date.fromisoformat(pair["created_on"])), until)
        if day.weekday() == WEDNESDAY
    )


def _days(first: date, until: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((until - first).days))


async def _year_is_over(told: Telling, tromso: Programme, men: list[Somebody], oldest: str) -> None:
    registered = told.world.client.states[topics.VOLUNTEERS.name].values()
    genders = Counter(document["data"]["gender"] for document in registered)
    await told.must("guides registered in the year", {"female": 40, "male": 4}, dict(genders))
    people = told.world.client.states[topics.REFUGEES.name]
    paired = Counter(people[pair["receiving"]]["data"]["gender"] for pair in tromso.pairs("active"))
    await told.must("refugees paired", {"female": 20, "male": 4}, dict(paired))
    # 20 men less 4, and 44 guides less 24, all of them women.
    await told.must("refugees and guides who wait at its end", (16, 20), tromso.waiting)
    # One guide in February and May for January's two men, in August and November for February's.
    served = {pair["receiving"] for pair in tromso.pairs("active")}
    longest = sum(who.subject in served for who in men[:4])
    await told.must("men paired, of the four who have waited longest", 4, longest)
    # From Wednesday 11 January to 6 December 2023 there are 48; 47 of 2 hours and one of 1.5 are 95.5.
    await told.must("a pair of January's has met", (48, 95.5), lambda: _met(tromso.pair(oldest)))
    # For each of the 16 men one more man brings one more pair.
    needed = [{"guides": 16, "gender": "male"}]
    await told.must("recruitment is told that men are needed", needed, lambda: _needed(tromso))


async def _a_short_week(told: Telling, tromso: Programme, pair: str) -> None:
    """One of January's pairs met for an hour and a half only."""
    short = {"held_on": SHORT_WEEK.isoformat(), "hours": 1.5}
    await tromso.record([(pair, "LogMeeting", short)])
    await told.must("a week of 1.5 hours", [short], lambda: _meetings(tromso.pair(pair), SHORT_WEEK))
    # From 11 February to 10 March there are four Wednesdays: three times 2 hours and 1.5, of four times 2.
    below = {pair: [{"concern": "below_dose", "hours": 7.5, "expected": 8.0}]}
    await told.must("pairs that meet too little then", below, lambda: _concerns(tromso))
    await told.must("and are due to be asked", [(pair, ["below_dose"])], lambda: _due(tromso))


async def _three_months(told: Telling, tromso: Programme, pairs: list[str]) -> None:
    """January's are evaluated: language progress as the guide sees it, the Red Cross's part as both do."""
    due = sorted((pair, ["evaluation"]) for pair in pairs)
    await told.must("evaluations due at three months", due, lambda: _due(tromso))
    asked = {"milestone": "three_months", "on": told.today.isoformat()}
    part = {"question": "part_of_the_red_cross", "answer": 5}
    progress = {"question": "language_progress", "answer": 4}
    answers = {"receiving": [part], "giving": [progress, part]}
    await tromso.record(
        (pair, "RecordEvaluation", {**asked, "side": side, "answers": given})
        for pair in pairs
        for side, given in answers.items()
    )
    await told.must("and after both sides were asked", [], lambda: _due(tromso))
    told_of = sorted([("giving", [progress, part]), ("receiving", [part])])
    await told.must("evaluations of a pair", told_of, lambda: _evaluations(tromso.pair(pairs[0])))


async def _concerns(tromso: Programme) -> dict[str, Any]:
    """How pairs fare, of which there is something to say."""
    listed = (await tromso.ask("ListPairs", status=["active"]))["pairs"]
    return {one["pair"]: one["health"] for one in listed if "health" in one}


async def _due(tromso: Programme) -> list[tuple[str, list[str]]]:
    """What is due of which pair."""
    listed = (await tromso.ask("ListDuePairs"))["pairs"]
    return sorted((one["pair"], [item["what"] for item in one["due"]]) for one in listed)


def _evaluations(pair: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted((one["side"], one["answers"]) for one in pair["evaluations"])


def _needed(tromso: Programme) -> list[dict[str, Any]]:
    kinds = ("guides", "gender", "accepts_gender", "language", "availability", "check")
    return [{name: need[name] for name in kinds if name in need} for need in tromso.needed()]


def _met(pair: dict[str, Any]) -> tuple[int, float]:
    return len(pair["meetings"]), sum(meeting["hours"] for meeting in pair["meetings"])


def _meetings(pair: dict[str, Any], day: date) -> list[dict[str, Any]]:
    return [meeting for meeting in pair["meetings"] if meeting["held_on"] == day.isoformat()]


async def _pairs_have_their_time(told: Telling, tromso: Programme, made: dict[int, list[str]]) -> None:
    await told.until("2024-01-10")
    # Rounded down to fives: 44, 24, 16 and 20.
    figures = {
        "volunteers_registered": 40,
        "pairs_created": 20,
        "refugees_waiting": 15,
        "volunteers_waiting": 20,
    }
    for figure, expected in figures.items():
        await told.must(
            f"the indicator of 2023: {figure}", expected, lambda name=figure: tromso.figure("2023", name)
        )
    by_itself = [("completed", "2024-01-10")] * 2
    await told.must(
        "January's two at 12 months, by themselves", by_itself, lambda: [_end(tromso, one) for one in made[1]]
    )
    early, kept, _ = made[5]
    today = told.today.isoformat()
    answer = await tromso.answer_to("matching", "CompletePair", early, completed_on=today)
    await told.must("CompletePair at 8 months", "too_early", answer)
    await told.until("2024-02-10")
    today = told.today.isoformat()
    answer = await tromso.answer_to("matching", "CompletePair", early, completed_on=today)
    await told.must("CompletePair at 9 months", "accepted", answer)
    # January's two and February's three have had their twelve months; their guides wait with 20 and this one.
    await told.must("refugees and guides without a pair then", (16, 26), lambda: _without_a_pair(tromso))
    await tromso.record([(kept, "EndPair", {"end_reason": "personal_receiving", "ended_on": today})])
    await told.must(
        "after an end for the refugee's own reasons: she rests", (16, 27), lambda: _without_a_pair(tromso)
    )
    for month in range(3, 13):
        await told.until(date(2024, month, 10))
    await told.must(
        "all 24 pairs at last",
        {"completed": 23, "ended": 1},
        lambda: dict(Counter(one["status"] for one in tromso.pairs() if "created_on" in one)),
    )
    await told.must(
        "of these by themselves, on the day 12 months later",
        22,
        lambda: sum(_had_a_year(one) for one in tromso.pairs("completed")),
    )


async def _without_a_pair(tromso: Programme) -> tuple[int, int]:
    """Who waits on each side, for an answer too: rounds by themselves propose men to guides who are free
    again.
    """
    receiving, giving = await tromso.waiting()
    proposed = len(tromso.pairs("proposed", "accepted"))
    return receiving + proposed, giving + proposed


def _end(tromso: Programme, pair: str) -> tuple[str, str]:
    state = tromso.pair(pair)
    return state["status"], state.get("ended_on", "")


def _had_a_year(pair: dict[str, Any]) -> bool:
    created, ended = date.fromisoformat(pair["created_on"]), date.fromisoformat(pair["ended_on"])
    return created.replace(year=created.year + 1) == ended


async def tromso_new_version(told: Telling) -> None:
    """A new version of the pack is activated while a pair runs."""
    senja = told.programme(SENJA)
    await told.until("2025-01-10")
    await asyncio.gather(senja.settles(1, WOMAN_WHO_WISHES_ONE), senja.gets_guides(2, WOMAN))
    (under_old,) = await senja.pairs_up()
    longer = PACK.pairing.model_copy(update={"duration": PackDuration(at_least="P9M", at_most="P15M")})
    newer = PACK.model_copy(update={"version": "1.1", "pairing": longer})
    await told.world.publish(newer)
    await told.world.activate(SENJA, newer)
    await senja.settles(1, WOMAN_WHO_WISHES_ONE)

    async def holds() -> bool:
        would = (await senja.try_round())["proposals"]
        return [one["pack_version"] for one in would] == ["1.1"]

    await told.world.client.eventually(holds)
    (under_new,) = await senja.pairs_up()
    versions = [senja.pair(one)["pack_version"] for one in (under_old, under_new)]
    await told.must("the pairs' versions", ["1.0", "1.1"], versions)
    ends = ["2026-01-10", "2026-04-10"]
    await told.must(
        "the days on which they end", ends, [senja.pair(one)["ends_on"] for one in (under_old, under_new)]
    )
    await told.until("2026-01-10")
    await told.must("the older after 12 months", "completed", lambda: senja.pair(under_old)["status"])
    await told.must("the newer then", "active", lambda: senja.pair(under_new)["status"])
    await told.until("2026-04-10")
    await told.must("the newer after 15", ("completed", "2026-04-10"), lambda: _end(senja, under_new))


SERIES = Series(
    begins=morning_of(2023, 1, 2),
    runs={TROMSO: PACK, SENJA: PACK},
    stories=(Story(NAME, tromso_year), Story(NAME, tromso_new_version)),
)
