"""`kobling`'s commands about programmes, on the real Kafka: answered before anything is published."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from kobling import cli
from kobling.errors import AdministrationError
from kobling.programmes import Desk
from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from shared.contracts.topics import PROGRAMMES
from tests.integration.messaging.test_tables import said
from tests.support.cluster import Corner
from tests.unit.messaging.administration import (
    ACTIVE,
    KEY,
    NAME,
    NOW,
    OPERATORS,
    PACK,
    active,
    asking,
    version,
)


@dataclass
class Shell:
    """The desk, and the keys that stand on the topic."""

    corner: Corner
    desk: Desk

    async def refused(self, pack: ProgrammePack) -> str:
        """Why a pack is not published."""
        before = await self.keys()
        with pytest.raises(AdministrationError) as refused:
            await self.desk.publish_pack(pack.model_dump_json().encode())
        assert await self.keys() == before
        return str(refused.value)

    async def publish(self, pack: ProgrammePack) -> str:
        return str(await self.desk.publish_pack(pack.model_dump_json(exclude_none=True).encode()))

    async def keys(self) -> list[str]:
        return [(record.key or b"").decode() for record in await self.corner.read(PROGRAMMES.name)]


@pytest.fixture
async def shell(corner: Corner) -> Shell:
    await corner.create_topics(service="reporting")
    await corner.produce([said(one) for one in OPERATORS])
    return Shell(corner, Desk(corner.addresses.cluster, corner.prefix, NOW))


async def test_a_pack_is_published_once_and_activated(shell: Shell) -> None:
    assert await shell.publish(PACK) == f"{KEY} is published"
    assert await shell.publish(PACK) == f"{KEY} is published already, just so"
    assert str(await shell.desk.activate(active())) == f"{ACTIVE} is published"
    assert await shell.keys() == [KEY, ACTIVE]
    assert (await shell.desk.look()).listed() == {
        "packs": {KEY: PACK.title},
        "active": {"no-4601/flyktningguide-bergen": "1.0"},
        "refused": {},
    }


async def test_what_an_activation_leaves_out_stays_as_it_is(shell: Shell) -> None:
    await shell.publish(PACK)
    first = active().model_copy(update={"districts": ["Fana"], "predecessors": ["no-1201"]})
    await shell.desk.activate(ActiveProgramme(**first.model_dump()))
    await shell.desk.activate(active())
    held = (await shell.desk.look()).programmes.activation("no-4601", NAME)
    assert held == first


async def test_faults_are_answered_by_field_and_nothing_is_published(shell: Shell) -> None:
    await shell.publish(PACK)
    heavy = PACK.pairing.model_copy(update={"criteria": {"age": 1001}})
    assert await shell.refused(version("1.1", pairing=heavy)) == "pairing.criteria.age: at most 1000"
    assert (await shell.refused(version("1.0", title="Another"))).startswith(f"title: not as {KEY} was ")
    assert (await shell.refused(version("one"))).startswith("version: String should match pattern")
    with pytest.raises(AdministrationError, match=r"pack_version: \S+@7\.0 is not published"):
        await shell.desk.activate(active("7.0"))
    await shell.publish(asking("red_cross_vejle"))
    with pytest.raises(AdministrationError, match="no valid operator of red_cross_vejle is approver"):
        await shell.desk.activate(active("1.1"))
    assert await shell.keys() == [KEY, f"{NAME}@1.1"]


async def test_a_bad_record_of_another_tool_is_listed_and_mended(shell: Shell) -> None:
    await shell.publish(PACK)
    await shell.corner.produce([said(version("1.0", title="Another")), said(active("7.0"))])
    refused = (await shell.desk.look()).listed()["refused"]
    assert isinstance(refused, dict)
    assert refused.keys() == {f"programmes.v1 {KEY}", f"programmes.v1 {ACTIVE}"}
    assert await shell.publish(PACK) == f"{KEY} is published"
    assert str(await shell.desk.activate(active())) == f"{ACTIVE} is published"
    assert (await shell.desk.look()).listed()["refused"] == {}


def test_the_shell_answers_with_field_and_remedy_before_it_asks_a_broker(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("KOBLING_RUN", str(tmp_path))
    broken = tmp_path / "pack.json"
    broken.write_text(json.dumps({**PACK.model_dump(mode="json"), "titel": "x"}))
    missing = str(tmp_path / "nothing.json")
    activate = ["packs", "activate", "--municipality", "Bergen", "--programme", NAME, "--version", "one"]
    for arguments, code, answer in (
        (["packs", "publish", str(broken)], 1, "titel: there is no such field\n"),
        (["packs", "publish", missing], 2, "does not exist"),
        (activate, 1, "municipality: String should match pattern"),
    ):
        monkeypatch.setattr(sys, "argv", ["kobling", *arguments])
        assert cli.main() == code
        assert answer in capsys.readouterr().err
