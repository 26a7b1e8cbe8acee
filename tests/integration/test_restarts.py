"""What an installation says of its services while they end and start again."""

import asyncio
import json
import os
import signal
from pathlib import Path

from deploy.installation import Installation, addresses_file
from deploy.local.addresses import Addresses
from shared.contracts.topics import SERVICES
from tests.support.cluster import wait_until

PORTS = dict.fromkeys((*SERVICES, "mail"), 1)


def is_sleeping(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x00600\x00"


async def test_a_pid_is_that_of_the_service_that_runs_or_none(tmp_path: Path) -> None:
    def pids() -> dict[str, int | None]:
        written = json.loads(addresses_file(tmp_path).read_text())
        return {service: found["pid"] for service, found in written["services"].items()}

    async def pid_other_than(before: int | None) -> bool:
        return pids()["intake"] != before

    installation = Installation(tmp_path)
    try:
        for service in SERVICES:
            await installation._run(service, ["sleep", "600"], {})
        installation._announce()
        assert not addresses_file(tmp_path).exists()
        installation._addresses = installation._found(Addresses("k:1", "mongodb://m", "processes"), PORTS)
        installation._announce()
        before = pids()
        killed = before["intake"]
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await wait_until(lambda: pid_other_than(killed))
        assert pids() == {**before, "intake": None}
        await wait_until(lambda: pid_other_than(None))
        started = pids()["intake"]
        assert started is not None
        assert is_sleeping(started)
        assert pids() == {**before, "intake": started}
    finally:
        await asyncio.wait_for(installation.stop(), 30)
    assert not addresses_file(tmp_path).exists()
