"""The course of a pair on the real database: meetings, pauses, its end, and who waits then."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.matching.rows import COMPLETE, RESUME
from shared.contracts.commands import Command
from shared.contracts.matching.commands.pairs import CompletePair, EndPair, LogMeeting, PausePair
from shared.contracts.matching.commands.pools import ListWaiting
from shared.contracts.matching.commands.proposals import AnswerProposal, SignAgreement
from shared.contracts.programmes import ProgrammePack
from shared.messaging.commands.answers import Accepted, Rejected
from shared.mongo import Document
from tests.integration.matching.world import GUIDES, Meanwhile, World, away, couple, guide, refugee, who

DAY = timedelta(days=1)
TODAY = "2016-06-15"
SIGNATORIES = ("refugee", "guide", "red_cross_bergen")
NINE_TO_TWELVE = {"at_least": "P9M", "at_most": "P12M"}
ENDINGS = [
    {"reason": "mismatched_expectations"},
    {"reason": "personal_giving", "receiving": "waits_anew", "giving": "rests", "may_meet_again": True},
]


def of(model: type[Command], **fields: Any) -> Command:
    return model.model_validate({"reason": "told", **fields}, strict=False)


@pytest.fixture
async def course(world: World) -> AsyncIterator["Course"]:
    found = Course(world)
    yield found
    found.close()


class Course:
    """A created pair under a pack that has a least, a most and two endings."""

    def __init__(self, world: World) -> None:
        self.world = self.now = world
        self._clocks: list[World] = []
        self._number = 0
        self._pack(world)

    @staticmethod
    def _pack(world: World) -> None:
        programmes = world.wiring.resources.programmes
        pack = programmes.pack(GUIDES, "1.0")
        assert pack is not None
        changed = pack.model_dump(mode="json")
        changed["pairing"] |= {"duration": NINE_TO_TWELVE, "endings": ENDINGS}
        programmes.put(f"{GUIDES}@1.0", ProgrammePack.model_validate(changed))

    def on(self, day: str) -> "Course":
        """Moves the clock to noon of a day."""
        to = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
        self.now = self.world.later(to - self.world.now)
        self._pack(self.now)
        self._clocks.append(self.now)
        return self

    async def decide(self, model: type[Command], **fields: Any) -> Accepted | Rejected:
        self._number += 1
        answer = await self.now.decide(of(model, **fields), (await self.pair())["_id"], id=str(self._number))
        assert isinstance(answer, Accepted | Rejected)
        return answer

    async def create(self) -> None:
        await self.world.apply(refugee(1), guide(1))
        await self.world.run_round()
        for side in ("receiving", "giving"):
            await self.decide(AnswerProposal, side=side, accept=True, answered_on=TODAY)
        for who_signs in SIGNATORIES:
            await self.decide(SignAgreement, signatory=who_signs, text_version="1", signed_on=TODAY)
        assert (await self.pair())["status"] == "active"

    async def facts(self, name: str) -> list[dict[str, Any]]:
        """The pairs' events of a name."""
        return [one for one in await self.now.sent("pairs.v1") if name in one["type"]]

    async def pair(self) -> Document:
        (found,) = await self.world.rows("pairs", receiving=who("refugee", 1), giving=who("volunteer", 1))
        return found

    def close(self) -> None:
        for clock in self._clocks:
            clock.close()


async def test_a_pair_is_completed_by_itself_after_a_year_and_only_the_guide_waits_again(
    course: Course,
) -> None:
    await course.create()
    early = await course.on("2017-02-15").decide(CompletePair, completed_on="2017-02-15")
    assert isinstance(early, Rejected)
    assert (early.code, early.field) == ("too_early", "completed_on")
    await course.on("2017-06-14").now.run_due()
    assert (await course.pair())["status"] == "active"
    await course.on("2017-06-16").now.run_due()
    over = await course.pair()
    assert (over["status"], over["closed_on"]) == ("completed", "2017-06-15")
    assert (await course.world.sent("pairs.v1"))[-1]["type"] == "no.kobling.PairCompleted.v1"
    assert await course.world.rows("due") == []

    await course.now.apply(refugee(2))
    await course.now.run_round("round-2")
    assert await course.world.couples(open=True) == [couple(2, 1)]


async def test_who_is_ready_anew_waits_again(course: Course) -> None:
    await course.create()
    await course.on("2017-03-20").decide(CompletePair, completed_on="2017-03-20")
    await course.now.apply(guide(2))
    await course.now.run_round("round-2")
    assert await course.world.couples(open=True) == []
    kind, key, state = refugee(1, 2)
    assert state is not None
    await course.now.apply((kind, key, state.replace(b"2016-06-02", b"2017-03-21")))
    await course.now.run_round("round-3")
    assert await course.world.couples(open=True) == [couple(1, 2)]


async def test_a_pause_ends_on_its_day(course: Course) -> None:
    await course.create()
    await course.decide(PausePair, paused_on=TODAY, until="2016-07-01")
    assert [row["kind"] for row in await course.world.rows("due")] == [COMPLETE, RESUME]
    await course.on("2016-06-30").now.run_due()
    assert (await course.pair())["status"] == "paused"
    await course.on("2016-07-01").now.run_due()
    resumed = await course.pair()
    assert (resumed["status"], resumed["open"]) == ("active", True)
    assert [row["kind"] for row in await course.world.rows("due")] == [COMPLETE]


async def test_a_pair_ends_for_a_reason_of_its_pack_and_each_side_does_as_the_pack_says(
    course: Course,
) -> None:
    await course.create()
    unknown = await course.decide(EndPair, end_reason="family_reunification", ended_on=TODAY)
    assert isinstance(unknown, Rejected)
    assert (unknown.code, unknown.field) == ("not_listed", "end_reason")
    await course.on("2016-09-01").decide(EndPair, end_reason="personal_giving", ended_on="2016-09-01")
    await course.now.apply(guide(2), refugee(2))
    listed = ListWaiting(reason="asked", municipality="no-4601", programme=GUIDES)
    await course.now.decide(listed, f"no-4601/{GUIDES}", id="list")
    await course.now.run_due()
    result = (await course.world.sent("replies.bergen-1.v1"))[-1]["data"]["result"]
    assert result["receiving"] == 2, "both refugees wait"
    assert result["giving"] == 1, "the first guide rests"
    await course.now.run_round("round-2")
    # The first refugee waits from September on, so the second comes before them.
    assert await course.world.couples(open=True) == [couple(2, 2)]


async def test_a_guide_who_is_to_rest_is_not_proposed_by_a_round_that_has_read_them_before(
    course: Course, meanwhile: list[Meanwhile]
) -> None:
    await course.create()
    await course.now.apply(guide(1, 2, capacity=2), refugee(2))

    async def end() -> None:
        await course.decide(EndPair, end_reason="personal_giving", ended_on=TODAY)

    meanwhile.append(end)
    await course.now.run_round("round-2")
    assert await course.world.couples(open=True) == []


@pytest.mark.parametrize(
    ("reason", "expected"), [("mismatched_expectations", []), ("personal_giving", [couple(1, 1)])]
)
async def test_a_couple_that_did_not_suit_is_left_out(
    course: Course, reason: str, expected: list[tuple[str, str]]
) -> None:
    await course.create()
    await course.decide(EndPair, end_reason=reason, ended_on=TODAY, receiving="waits", giving="waits")
    await course.now.run_round("round-2")
    assert await course.world.couples(open=True) == expected


async def test_meetings_stand_in_the_pairs_state_and_are_there_after_a_rebuild(course: Course) -> None:
    await course.create()
    for day, hours in (("2016-06-22", 2), ("2016-06-29", 1.5), ("2016-06-22", 2.5)):
        await course.on("2016-07-01").decide(LogMeeting, held_on=day, hours=hours)
    told = (await course.world.sent("pairs.v1"))[-1]
    assert (told["type"], told["data"]["meetings"]) == (
        "no.kobling.MeetingLogged.v1",
        [{"held_on": "2016-06-22", "hours": 2.5}, {"held_on": "2016-06-29", "hours": 1.5}],
    )
    stored = (await course.pair())["pair"]["meetings"]
    assert [date.fromisoformat(one["held_on"]).day for one in stored] == [22, 29]


async def test_a_guide_who_is_away_pauses_the_pair_and_is_proposed_to_nobody(course: "Course") -> None:
    await course.create()
    await course.now.apply(away(1, 2), refugee(2))
    assert (await course.pair())["status"] == "paused"
    await course.now.run_round("round-2")
    assert await course.now.rows("pairs", receiving=who("refugee", 2)) == []
    await course.now.apply(away(1, 3))
    assert len(await course.facts("PairPaused")) == 1
    await course.now.apply(guide(1, 4))
    assert (await course.pair())["status"] == "active"
    assert len(await course.facts("PairResumed")) == 1


async def test_a_proposal_ends_when_its_guide_is_away(course: "Course") -> None:
    await course.now.apply(refugee(1), guide(1))
    await course.now.run_round()
    await course.now.apply(away(1, 2))
    pair = await course.pair()
    assert (pair["status"], pair["pair"]["end_reason"]) == ("ended", "not_available")
    await course.now.apply(guide(1, 3))
    await course.now.run_round("round-2")
    assert len(await course.now.rows("pairs", status="proposed")) == 1
