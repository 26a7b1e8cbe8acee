"""docker-compose.yml, with the demonstration played in it: needs a Docker engine with Compose."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container  # type: ignore[import-untyped]
from testcontainers.core.docker_client import DockerClient

from deploy.demo.client import read_all
from deploy.local.ports import free_ports
from shared.cluster import Cluster
from shared.contracts.topics import RECEIPTS
from tests.stack_user import wait_until

ROOT = Path(__file__).parents[2]
PROJECT = "kobling-demo"
(PORT,) = free_ports(1)
"""Where clients on the host find Kafka."""
OURS = "kobling-installation:0.1.0"
SERVICES = ("intake", "matching", "notifications", "reporting")
STAY = (*SERVICES, "kafka", "mail", "mongodb")
END = ("prepare", "setup")
LAST_LINE = "demo: 32 settlements, 23 pairs created, 2 refugees waiting, 32 volunteers waiting, 0 lost"
PROBE = """
import os
from pathlib import Path
lines = dict(line.split(":", 1) for line in Path("/proc/1/status").read_text().splitlines())
print(lines["Uid"].split()[1], *(lines[name].strip() for name in ("CapPrm", "CapBnd", "NoNewPrivs")))
for place in ("/", "/kobling", "/opt/kobling", "/usr", "/run/kobling/intake"):
    try:
        (Path(place) / "new").touch()
        print("written:", place)
    except OSError:
        pass
"""
SECRETS = """
cd /secrets
cat */*.password */*.key */keyfile
sed -n 's|^mongodb://[^:]*:\\([^@]*\\)@.*|\\1|p' accounts/*.mongodb | tr -d '\\n'
"""


@pytest.fixture(scope="module")
def said() -> Iterator[str]:
    """What the demonstration printed; its installation stays up meanwhile."""
    try:
        done = subprocess.run(  # noqa: S603 (our own script)
            [ROOT / "deploy" / "compose" / "demo.sh"],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        yield done.stdout
    finally:
        compose("--profile", "demo", "down", "--volumes")


def test_the_demonstration_ends_as_it_does_without_containers(said: str) -> None:
    assert said.splitlines()[-1].strip() == LAST_LINE


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("name", [*STAY, *END])
def test_a_container_may_do_nothing_that_it_need_not(name: str) -> None:
    attributes = container(name).attrs
    host = attributes["HostConfig"]
    assert attributes["Config"]["User"] not in {"", "0", "root", "0:0"}
    assert host["ReadonlyRootfs"]
    assert (host["CapDrop"], host["CapAdd"], host["Privileged"]) == (["ALL"], None, False)
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] > 0
    ports = [one for bound in (attributes["NetworkSettings"]["Ports"] or {}).values() for one in bound or []]
    assert {one["HostIp"] for one in ports} <= {"127.0.0.1"}


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_right_and_no_file_that_it_could_change(name: str) -> None:
    code, answer = container(name).exec_run(["python", "-c", PROBE])
    nothing = "0" * 16
    assert (code, answer.decode().split()) == (0, ["10001", nothing, nothing, "1"])


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_is_killed_comes_back(name: str) -> None:
    # Docker takes its own `kill` for a wish that the container be gone.
    pid = container(name).attrs["State"]["Pid"]
    client().containers.run(
        OURS, ["python", "-c", f"import os; os.kill({pid}, 9)"], pid_mode="host", user="0", remove=True
    )
    wait_until(lambda: container(name).attrs["RestartCount"] == 1, f"{name} is started again")
    wait_until(lambda: container(name).attrs["State"]["Health"]["Status"] == "healthy", f"{name} lives")


@pytest.mark.usefixtures("said")
def test_no_secret_is_shown() -> None:
    volumes = ["accounts", "intake-secrets", "notifications-secrets", "mongodb-secrets"]
    mounted = [f"{PROJECT}_{volume}:/secrets/{volume}:ro" for volume in volumes]
    reading = client().containers.run(OURS, ["sh", "-c", SECRETS], volumes=mounted, detach=True)
    try:
        # Waited for by itself: what a container that is removed as it ends has printed may get lost.
        assert reading.wait()["StatusCode"] == 0
        # They have no line's end, and so are one text: any sixteen characters of it would betray one.
        secret = reading.logs().decode()
    finally:
        reading.remove()
    parts = {secret[at : at + 16] for at in range(len(secret) - 15)}
    assert len(parts) > 500
    for one in containers():
        shown = str(one.attrs) + one.logs().decode(errors="replace")
        assert not [part for part in parts if part in shown], one.name
        # What passwords could be guessed from.
        assert "storedKey" not in shown


@pytest.mark.usefixtures("said")
async def test_all_is_there_when_containers_are_made_anew_and_clients_on_the_host_log_in(
    tmp_path: Path,
) -> None:
    compose("--profile", "demo", "down")
    compose("up", "--detach", "--wait")
    compose("run", "--rm", "kobling", "setup", "--yes", "--replicas", "1", "--municipality", "no-5501")
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(compose("run", "--rm", "--entrypoint", "cat", "kobling", "/run/kobling/ca/ca.pem"))
    for name in ("no-4601", "no-5501"):
        account = f"municipality.{name}"
        file = f"/run/kobling/accounts/{account}.conf"
        lines = compose("run", "--rm", "--entrypoint", "cat", "kobling", file).splitlines()
        password = dict(line.split("=", 1) for line in lines)["sasl.password"]
        kafka = Cluster(f"localhost:{PORT}", "SASL_SSL", username=account, password=password, ca_file=ca_file)
        receipts = await read_all(kafka, RECEIPTS.named(name), RECEIPTS.partitions)
        assert len(receipts) == (32 if name == "no-4601" else 0)


# Helpers


def client() -> Any:
    return DockerClient().client


def containers() -> list[Container]:
    found: list[Container] = client().containers.list(
        all=True, filters={"label": f"com.docker.compose.project={PROJECT}"}
    )
    return found


def container(name: str) -> Container:
    (found,) = [one for one in containers() if one.labels["com.docker.compose.service"] == name]
    return found


def compose(*words: str) -> str:
    command = ["docker", "compose", "--project-name", PROJECT, *words]
    done = subprocess.run(  # noqa: S603 (Docker, with words of ours)
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def environment() -> dict[str, str]:
    return {**os.environ, "KEEP": "1", "KAFKA_PORT": str(PORT), "REPORTING_PORT": "0"}
