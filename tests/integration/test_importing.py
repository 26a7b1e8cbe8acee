"""`kobling import` on the real Kafka, without services: what it says where topics are missing."""

import asyncio
from pathlib import Path

import pytest

from kobling.administration import ensure_topics
from kobling.errors import AdministrationError
from kobling.importing import running
from kobling.importing.journal import Journal
from kobling.importing.running import Wish
from tests.support.cluster import Corner

MEETINGS = "pair,held_on,hours\npair-aaaaaaaaaaaaaaaa,2026-09-07,2\n"
SETTLEMENTS = "case,municipality,settled_on\nIMP-1,no-4601,14.6.2026\nIMP-2,no-0301,14.6.2026\n"


def wish(corner: Corner, file: Path, operator: str = "", *, trial: bool = False) -> Wish:
    return Wish(file, None, operator, corner.addresses.cluster, corner.prefix, trial, patience=5)


async def refused(wanted: Wish) -> list[str]:
    with pytest.raises(AdministrationError) as error:
        async with asyncio.timeout(30):
            await running.run(wanted)
    return str(error.value).splitlines()


@pytest.mark.parametrize("trial", [False, True])
async def test_topics_that_are_missing_are_told_with_the_remedy_before_anything_is_sent(
    corner: Corner, tmp_path: Path, trial: bool
) -> None:
    kafka = corner.addresses.cluster
    await ensure_topics(kafka, ["no-4601"], ["bergen-redcross-1"], prefix=corner.prefix, service="intake")
    meetings, settlements = tmp_path / "meetings.csv", tmp_path / "settlements.csv"
    meetings.write_text(MEETINGS)
    settlements.write_text(SETTLEMENTS)
    (line,) = await refused(wish(corner, meetings, "bergen-redcros-1", trial=trial))
    assert f"{corner.prefix}commands.matching.bergen-redcros-1.v1 is not there" in line
    assert line.endswith(f"kobling operators add bergen-redcros-1 --prefix {corner.prefix}")
    (line,) = await refused(wish(corner, settlements, trial=trial))
    assert line.endswith(f"kobling municipalities add no-0301 --prefix {corner.prefix}")
    for file in (meetings, settlements):
        assert not Journal.beside(file).path.exists()
