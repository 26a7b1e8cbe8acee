"""What is arranged in matching before a command is sent: two people of Bergen and what became of them."""

from datetime import timedelta
from typing import Any

from tests.integration.commands.bench import ASKER
from tests.integration.commands.benches import MatchingBench
from tests.integration.matching.couples import MILESTONE, TODAY, Life, looked_after
from tests.integration.matching.test_course import ENDINGS, NINE_TO_TWELVE
from tests.integration.matching.world import POOL, elsewhere, guide, refugee, who

NO_PAIR = "pair-zzzzzzzzzzzzzzzz"
PACK = {"milestones": [MILESTONE], "endings": ENDINGS}


async def waiting(bench: MatchingBench) -> str:
    """A refugee and a guide who wait, and whom the asker looks after."""
    await _life(bench)
    return POOL


async def with_somebody_elsewhere(bench: MatchingBench) -> str:
    """The same, and a refugee who waits in another municipality."""
    await waiting(bench)
    await bench.world.apply(elsewhere(2, 1))
    return POOL


async def proposed(bench: MatchingBench) -> str:
    """They are proposed to each other."""
    return await (await _life(bench)).propose()


async def proposed_to_meet(bench: MatchingBench) -> str:
    """They are, and meet before they answer."""
    return await (await _life(bench, steps=["introduction_meeting"])).propose()


async def met(bench: MatchingBench) -> str:
    """They have met and one has answered."""
    life = await _life(bench, steps=["introduction_meeting"])
    pair = await life.propose()
    await life.accepted("RecordIntroductionMeeting", pair, held_on=TODAY)
    await life.accepted("AnswerProposal", pair, **answer("giving"))
    return pair


async def answered(bench: MatchingBench) -> str:
    """The refugee has accepted."""
    life = await _life(bench)
    pair = await life.propose()
    await life.accepted("AnswerProposal", pair, **answer("receiving"))
    return pair


async def declined(bench: MatchingBench) -> str:
    """The guide has declined; gives the pair."""
    life = await _life(bench)
    pair = await life.propose()
    await life.accepted("AnswerProposal", pair, **answer("giving") | {"accept": False})
    return pair


async def apart(bench: MatchingBench) -> str:
    """The same; gives the pool."""
    await declined(bench)
    return POOL


async def proposed_in_pool(bench: MatchingBench) -> str:
    """They are proposed; gives the pool."""
    await proposed(bench)
    return POOL


async def agreed(bench: MatchingBench) -> str:
    """Both have accepted."""
    return await _agreed(await _life(bench))


async def signed_by_one(bench: MatchingBench) -> str:
    """The guide has signed."""
    life = await _life(bench)
    pair = await _agreed(life)
    await life.accepted("SignAgreement", pair, signatory="guide", text_version="2", signed_on=TODAY)
    return pair


async def active(bench: MatchingBench) -> str:
    """All have signed."""
    return await (await _life(bench)).create()


async def active_for_nine_months(bench: MatchingBench) -> str:
    """The same, under a pack that has pairs last for nine months at least."""
    return await (await _life(bench, duration=NINE_TO_TWELVE)).create()


async def with_another_guide(bench: MatchingBench) -> str:
    """They are a pair, and another guide waits."""
    pair = await active(bench)
    await bench.world.apply(looked_after(guide(2), ASKER))
    return pair


async def three_months_on(bench: MatchingBench) -> str:
    """They have been a pair for three months, less two weeks."""
    pair = await active(bench)
    bench.later(timedelta(days=80))
    await bench.run_due()
    return pair


async def proposed_three_months_ago(bench: MatchingBench) -> str:
    """They were only proposed."""
    pair = await proposed(bench)
    bench.later(timedelta(days=80))
    await bench.run_due()
    return pair


async def paused(bench: MatchingBench) -> str:
    """The coordinator has the pair pause."""
    life = await _life(bench)
    pair = await life.create()
    await life.accepted("PausePair", pair, paused_on=TODAY)
    return pair


async def ended(bench: MatchingBench) -> str:
    """The pair has ended."""
    life = await _life(bench)
    pair = await life.create()
    await life.accepted("EndPair", pair, end_reason="personal_giving", ended_on=TODAY)
    return pair


def answer(side: str) -> dict[str, Any]:
    """A side's yes."""
    return {"side": side, "accept": True, "answered_on": TODAY}


def giving(number: int) -> str:
    """A guide's reference."""
    return who("volunteer", number)


async def _life(bench: MatchingBench, **pairing: Any) -> Life:
    life = Life(bench.world, **PACK | pairing)
    await bench.world.apply(looked_after(refugee(1), ASKER), looked_after(guide(1), ASKER))
    return life


async def _agreed(life: Life) -> str:
    pair = await life.propose()
    for side in ("receiving", "giving"):
        await life.accepted("AnswerProposal", pair, **answer(side))
    return pair
