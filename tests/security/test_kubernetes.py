"""The set-up Job's command with what its Secrets give it, on secured servers that nobody has set up."""

import os
import subprocess
import sys
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from deploy.kubernetes import secrets
from deploy.local.servers import Servers
from shared.contracts.topics import SERVICES
from tests.security.probes import probing
from tests.unit.deploy.kubernetes.reading import of_kind, pod


def given(uri: str) -> dict[str, dict[str, str]]:
    """The content of every Secret that the services' namespace has, by name."""
    return {
        one["metadata"]["name"]: {key: b64decode(value).decode() for key, value in one["data"].items()}
        for one in secrets.fresh(uri)
        if one["metadata"]["namespace"] == "kobling"
    }


def mount(made: dict[str, dict[str, str]], root: Path) -> None:
    """Puts the Job's files where a pod has them, with the link to a directory that such a volume has too."""
    (job,) = of_kind("Job")
    (projected,) = (one["projected"] for one in pod(job)["volumes"] if "projected" in one)
    (root / "given" / "..data").mkdir(parents=True)
    (root / "setup").mkdir()
    (root / "setup" / "mongodb.uri").write_text(made["kobling-setup"]["mongodb.uri"])
    for source in projected["sources"]:
        for item in source["secret"]["items"]:
            content = made[source["secret"]["name"]][item["key"]]
            (root / "given" / item["path"]).write_text(content)
    for directory in (root / "given", root / "setup"):
        directory.chmod(0o500)


async def test_services_log_in_with_what_secrets_gave_them(secured: Servers, tmp_path: Path) -> None:
    addresses = secured.addresses
    made = given(addresses.mongodb)
    mount(made, tmp_path / "run")
    kafka = {f"KOBLING_{name.upper()}": value for name, value in addresses.cluster.settings().items()}

    def run() -> str:
        done = subprocess.run(  # noqa: S603 (our own)
            [sys.executable, "-m", "deploy.kubernetes.setup", str(tmp_path / "run")],
            env={
                **os.environ,
                **kafka,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "SETUP": "--replicas 1 --monitor keda",
                "TMPDIR": str(tmp_path),
            },
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout

    assert "create account: service.intake" in run()
    for service in SERVICES:
        own = made[f"kobling-{service}"]
        account = replace(addresses.cluster, username=f"service.{service}", password=own["kafka.password"])
        async with probing(account) as probe:
            assert f"{service}.dlq.v1" in await probe.seen()
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(own["mongodb.uri"]) as client:
            await client[service]["inbox"].find_one({})
    keda = replace(
        addresses.cluster, username="monitor.keda", password=made["kobling-keda"]["kafka.password"]
    )
    async with probing(keda) as probe:
        assert {"refugees.v1", "indicators.v1"} <= set(await probe.seen())
    assert run().endswith("nothing to do\n")
