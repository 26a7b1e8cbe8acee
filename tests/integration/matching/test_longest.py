"""For how long the refugee has waited who waits longest, as Prometheus is told."""

from datetime import date

from services.matching.longest import Longest
from tests.integration.matching.world import GUIDES, World, guide, refugee


async def waited(world: World) -> dict[tuple[str, ...], float]:
    longest = Longest(world.wiring.resources.clock)
    return dict(await longest.look(world.database))


async def test_who_is_paired_or_gives_waits_no_more(world: World) -> None:
    await world.apply(guide(1))
    assert await waited(world) == {}
    await world.apply(refugee(1))
    today = world.wiring.resources.clock.now().date()
    assert await waited(world) == {(GUIDES,): (today - date(2016, 6, 2)).total_seconds()}
    await world.run_round()
    assert len(await world.couples(open=True)) == 1
    assert await waited(world) == {}


async def test_nobody_is_looked_through_more_often_than_once_a_minute(world: World) -> None:
    longest = Longest(world.wiring.resources.clock)
    assert dict(await longest.look(world.database)) == {}
    await world.apply(refugee(1))
    assert dict(await longest.look(world.database)) == {}
