"""`python -m tests.wheel`: the package as it is shipped, in an environment with the core dependencies alone.

Builds the wheel, installs it beside `requirements/core.txt` in a fresh environment outside the checkout, and
runs the command line there. Prints what holds; ends with 1 and the first thing that does not.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

from kobling.keys import VARIABLES
from shared.contracts.topics import SERVICES
from shared.sealing import Sealer

ROOT = Path(__file__).parents[1]
COMMANDS = (
    *("setup", "municipalities", "operators", "packs", "command", "settle", "validate", "import"),
    *("find", "pairs", "why", "round", "state-hash", "restore-done", "acknowledge-expired", "keys"),
)
UV = Path(sys.executable).with_name("uv")
SHIPPED = ("kobling", "services", "shared")
ABSENT = (
    *("deploy", "examples", "tests"),
    *("aiosmtpd", "docker", "httpx", "testcontainers"),
    *("aiosmtplib", "numpy", "phonenumbers", "scipy"),
)
"""What only a checkout has, the local stack's libraries, and what single services add."""

IMPORT_ALL = """
import importlib, pkgutil, sys
for top in ("kobling", "shared", "services.reporting"):
    package = importlib.import_module(top)
    for module in pkgutil.walk_packages(package.__path__, f"{top}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
print(sum(name.partition(".")[0] in {"kobling", "shared", "services"} for name in sys.modules))
"""
FOUND = "import sys; from importlib.util import find_spec; print(*filter(find_spec, sys.argv[1:]))"


class Unfit(Exception):
    """The package is not what it should be; the message says how."""


def main() -> int:
    """0 where the package is fit to be shipped, else 1."""
    with tempfile.TemporaryDirectory(prefix="kobling-wheel-") as name:
        try:
            check(Path(name))
        except Unfit as failure:
            sys.stderr.write(f"wheel: NOT FIT TO BE SHIPPED: {failure}\n")
            return 1
    report("fit to be shipped")
    return 0


def check(directory: Path) -> None:
    """Builds, installs and tries the package in this directory. Raises Unfit."""
    wheel = build(directory)
    hold_contents(wheel)
    shell = Shell(install(wheel, directory), directory)
    found = shell.run("python", "-c", FOUND, *ABSENT).split()
    if found:
        raise Unfit(f"importable beside the core dependencies: {', '.join(found)}")
    report(f"not importable there: {', '.join(ABSENT)}")
    modules = shell.run("python", "-c", IMPORT_ALL).strip()
    report(f"{modules} modules import with the core dependencies alone")
    hold_commands(shell)
    hold_keys(shell)


def build(directory: Path) -> Path:
    """The wheel, made with the locked build backend."""
    how = ("--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable)
    run([UV, "build", *how, "--out-dir", directory, ROOT], ROOT, dict(os.environ))
    (wheel,) = directory.glob("*.whl")
    return wheel


def hold_contents(wheel: Path) -> None:
    """The wheel has every file of the shipped packages, data included, and nothing else."""
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(ROOT))
        for package in SHIPPED
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    if held != wanted:
        raise Unfit(f"files too many: {sorted(held - wanted)}; missing: {sorted(wanted - held)}")
    report(f"{wheel.name} holds the {len(held)} files of {', '.join(SHIPPED)}")


def install(wheel: Path, directory: Path) -> Path:
    """A fresh environment with the locked core dependencies and the wheel; returns where its programs are."""
    environment = directory / "environment"
    settings = {**os.environ, "VIRTUAL_ENV": str(environment)}
    run([UV, "venv", "--quiet", "--python", sys.executable, environment], directory, settings)
    locked = ROOT / "requirements" / "core.txt"
    run([UV, "pip", "sync", "--quiet", "--require-hashes", locked], directory, settings)
    run([UV, "pip", "install", "--quiet", "--no-deps", wheel], directory, settings)
    run([UV, "pip", "check", "--quiet"], directory, settings)
    return environment / "bin"


class Shell:
    """Runs programs of the fresh environment outside the checkout, with no setting of the caller's."""

    def __init__(self, programs: Path, directory: Path) -> None:
        self._programs = programs
        self._directory = directory / "elsewhere"
        self._directory.mkdir()

    def run(self, program: str, *words: str, given: str = "", **settings: str) -> str:
        """What it prints; `given` is its standard input. Raises Unfit where it fails."""
        return run([self._programs / program, *words], self._directory, settings, given)

    def refused(self, *words: str, **settings: str) -> str:
        """What `kobling` says of a wrong setting, which ends it with 2. Raises Unfit where it does not."""
        command = [str(self._programs / "kobling"), *words]
        done = subprocess.run(  # noqa: S603 (the program that is tested)
            command, cwd=self._directory, env=settings, capture_output=True, text=True, check=False
        )
        if done.returncode != 2:
            raise Unfit(f"kobling {' '.join(words)} ended with {done.returncode}, not 2: {done.stderr}")
        return done.stderr


def hold_commands(shell: Shell) -> None:
    """Every command explains itself, and those about a service read its settings."""
    shown = shell.run("kobling", "--version")
    overview = shell.run("kobling", "--help")
    if shell.run("python", "-m", "kobling", "--version") != shown:
        raise Unfit("`python -m kobling` is not `kobling`")
    for command in COMMANDS:
        if command not in overview or f"kobling {command}" not in shell.run("kobling", command, "--help"):
            raise Unfit(f"kobling {command} is not explained")
    for service in SERVICES:
        variable = f"{service.upper()}_MONGODB"
        if variable not in shell.refused("state-hash", service, **{variable: "none"}):
            raise Unfit(f"kobling state-hash {service} does not read {variable}")
    report(f"{shown.strip()} explains {', '.join(COMMANDS)}")


def hold_keys(shell: Shell) -> None:
    """Keys are made, and what is sealed with one of them opens."""
    made = [line.partition("=")[0] for line in shell.run("kobling", "keys", "new").splitlines()]
    if made != list(VARIABLES.values()):
        raise Unfit(f"keys new made {made}")
    pair = json.loads(shell.run("kobling", "keys", "pair"))
    sealed = Sealer("mine", pair["public_key"]).seal(b"content", "letter-1").model_dump(mode="json")
    reply = json.dumps({"data": {"about": "letter-1", "result": {"sealed": sealed}}})
    private = {"KOBLING_PRIVATE_KEY": pair["private_key"]}
    if shell.run("kobling", "keys", "open", given=f"{reply}\n", **private) != "content\n":
        raise Unfit("keys open did not open what was sealed")
    report("keys are made, and open what was sealed with them")


def run(command: Sequence[str | Path], directory: Path, environment: dict[str, str], given: str = "") -> str:
    """What a command prints. Raises Unfit with its last words where it fails."""
    done = subprocess.run(  # noqa: S603 (our own tools)
        command, cwd=directory, env=environment, input=given, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        words = " ".join(map(str, command[:4]))
        raise Unfit(f"{words} … ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def report(what: str) -> None:
    """A line of what holds."""
    sys.stdout.write(f"wheel: {what}\n")


if __name__ == "__main__":
    sys.exit(main())
