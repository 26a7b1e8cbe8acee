"""`docs/without-kobling.md`, pasted into each shell on a secured installation: what it does is done, what an
account may not do is refused, and what it makes by hand is what `kobling setup` would have made.
"""

import asyncio
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError

from deploy import background
from deploy.accounts import cluster_of
from deploy.local.jars import find_java
from kobling.reading import records
from shared.cluster import Cluster
from shared.contracts.topics import PAIRS
from shared.servers import broker_cause
from tests.security.probes import probing
from tests.walkthroughs.checkout import ROOT, SHELLS, blocks_of, checkout, paste

PAGE = ROOT / "docs/without-kobling.md"
TOOLS = ("kcat", "jq", "curl", "openssl", *SHELLS)
REVOKING = 'python "$MINE/operators.py" "$MINE/administrator.conf" revoke'
PLAN = 'kobling setup --plan --secrets "$(at secrets)" | sed "s/^/plan: /"\n'
"""Asked where everybody whom the page makes is there, and again when the operator has been revoked."""
NAMED = re.compile(r"^pair: (?P<pair>\S+) of: (?P<refugee>\S+) new: (?P<new>\S+)$", re.MULTILINE)
LAG = re.compile(r"^operator\.bergen-redcross-1\.shell +replies\.\S+ +0 +\d+ +\d+ +\d+ ", re.MULTILINE)
CAUSE = re.compile(r"^ +\d+ intake\tfield_\w+\t\S+\tcommands\.intake\.bergen-redcross-1\.v1$", re.MULTILINE)
SECONDS = 1200
"""Of one shell: the page starts some twenty JVMs."""

pytestmark = pytest.mark.skipif(
    find_java() is None or any(shutil.which(tool) is None for tool in TOOLS),
    reason="kcat, jq, curl, openssl, dash or Java is not installed",
)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with checkout(tmp_path_factory.mktemp("secured")) as directory:
        background.start(directory / ".run", secure=True)
        yield directory


def asked() -> list[str]:
    """The page's blocks, with what the test asks in between."""
    blocks = blocks_of(PAGE)
    revoking = [number for number, block in enumerate(blocks) if REVOKING in block]
    assert len(revoking) == 1
    blocks[revoking[0]] = PLAN + blocks[revoking[0]]
    return [*blocks, f'{PLAN}echo "pair: $PAIR" "of: $REFUGEE" "new: $NEW"\n']


@pytest.mark.parametrize("shell", SHELLS)
def test_an_operators_and_an_administrators_work_is_done(there: Path, shell: str) -> None:
    blocks = asked()
    printed, complaints, ended = paste(shell, blocks, there, SECONDS)
    assert ended == [0] * len(blocks), complaints[-3000:]
    lines = printed.splitlines()
    refused = [line for line in lines if "CommandRejected" in line]
    assert len(refused) == 2, "the misspelt command, and its letter redriven twice"
    assert sum(line.endswith((": not written", ": not read")) for line in lines) == 8
    assert any(re.fullmatch(r"BER-[0-9a-f]{8} accepted", line) for line in lines)
    named = NAMED.search(printed)
    assert named is not None
    assert f"{named['pair']} active" in lines
    assert any(f"\tproposal_made\t{named['pair']}" in line for line in lines)
    opened = [json.loads(line) for line in lines if line.startswith('{"subject":"volunteer-')]
    assert {one["family_name"] for one in opened} == {"Eksempel-Vest"}
    assert any("capacty" in line for line in lines), "the refused original is shown"
    assert any(line.startswith('["') and "approval:volunteers_sogndal" in line for line in lines)
    assert LAG.search(printed)
    assert CAUSE.search(printed)
    assert [line for line in lines if line.startswith("plan: ")] == ["plan: nothing to do"] * 2
    broker = cluster_of(background.running(there / ".run") or {})
    asyncio.run(is_over(broker, named["pair"], named["refugee"]))
    told = (there / f".run/mine/operator.{named['new']}.conf").read_text()
    asyncio.run(is_out(broker, dict(line.split("=", 1) for line in told.splitlines())))


async def is_over(broker: Cluster, pair: str, refugee: str) -> None:
    """The pair's own record, which no operator may read."""
    found = await records(broker, {PAIRS.name: PAIRS.partitions})
    states = [json.loads(one.value)["data"] for one in found if one.key == pair.encode() and one.value]
    assert {state["receiving"] for state in states} == {refugee}
    assert {"proposed", "active", "ended"} <= {state["status"] for state in states}
    assert states[-1]["status"] == "ended"


async def is_out(broker: Cluster, settings: Mapping[str, str]) -> None:
    """The revoked operator's password opens nothing any more."""
    theirs = replace(broker, username=settings["sasl.username"], password=settings["sasl.password"])
    with pytest.raises(KafkaConnectionError) as error:
        async with probing(theirs):
            pass
    assert "SaslAuthenticationFailed" in broker_cause(error.value, str(theirs))
