"""`python -m tests.wheel`: the package as it is shipped, in an environment with the core dependencies alone.

Builds the wheel twice, as two machines would, and holds the bytes against each other. Installs it beside
`requirements/core.txt` in a fresh environment outside the checkout, and runs the command line there. Prints
what holds; ends with 1 and the first thing that does not.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

from deploy.supply.commit import NoDate, source_date
from deploy.supply.wheel import UV, NotBuilt, backend, build
from kobling.cli import COMMANDS
from kobling.keys import VARIABLES
from shared.contracts.topics import SERVICES
from shared.sealing import Sealer
from tests.walkthroughs.page import copy_of_tree

ROOT = Path(__file__).parents[1]
SHIPPED = ("kobling", "services", "shared")
ABSENT = (
    *("deploy", "examples", "tests"),
    *("aiosmtpd", "docker", "httpx", "testcontainers"),
    *("aiosmtplib", "numpy", "opentelemetry", "phonenumbers", "scipy"),
)
"""What only a checkout has, the local stack's libraries, and what extras add."""
OF_COMMAND_LINE = ("kafka", "rich", "typer")

OTHER_TIME = 946684801
"""Midnight of the year 2000 and a second: when files of the copy were last changed."""
OTHER_SETTINGS = {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7"}

IMPORT_ALL = """
import importlib, pkgutil, sys
for top in sys.argv[1:]:
    package = importlib.import_module(top)
    for module in pkgutil.walk_packages(package.__path__, f"{top}."):
        if not module.name.endswith(("__main__", ".otlp")):
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
    wheel = hold_repeatable(directory)
    hold_contents(wheel)
    core = Shell(install(wheel, directory, "core"), directory / "core")
    found = core.run("python", "-c", FOUND, *ABSENT, *OF_COMMAND_LINE).split()
    if found:
        raise Unfit(f"importable beside the core dependencies: {', '.join(found)}")
    report(f"not importable there: {', '.join((*ABSENT, *OF_COMMAND_LINE))}")
    modules = core.run("python", "-c", IMPORT_ALL, "shared", "services.reporting").strip()
    report(f"{modules} modules import with the core dependencies alone")
    shell = Shell(install(wheel, directory, "cli"), directory / "cli")
    if found := shell.run("python", "-c", FOUND, *ABSENT).split():
        raise Unfit(f"importable beside the command line's dependencies: {', '.join(found)}")
    modules = shell.run("python", "-c", IMPORT_ALL, "kobling").strip()
    report(f"{modules} modules import with the command line's dependencies")
    hold_commands(shell)
    hold_keys(shell)


def hold_repeatable(directory: Path) -> Path:
    """The wheel, which another machine makes to the byte as well, with the commit's date on every file."""
    try:
        python, seconds = backend(directory), source_date()
        wheel = build(python, directory / "first", seconds)
        again = build_elsewhere(python, directory, seconds)
    except (NoDate, NotBuilt) as failure:
        raise Unfit(str(failure)) from None
    if wheel.name != again.name or wheel.read_bytes() != again.read_bytes():
        raise Unfit(f"built again it has other bytes: {differences(wheel, again)}")
    dates = {entry.date_time for entry in ZipFile(wheel).infolist()}
    day = datetime.fromtimestamp(seconds, UTC)
    # A zip file counts seconds by twos.
    if dates != {(*day.timetuple()[:5], day.second // 2 * 2)}:
        raise Unfit(f"its files do not bear the commit's date, {day}: {sorted(dates)}")
    report(f"built twice, {hashlib.sha256(wheel.read_bytes()).hexdigest()} each time, dated {day}")
    return wheel


def build_elsewhere(python: Path, directory: Path, seconds: int) -> Path:
    """The wheel of a copy elsewhere: other dates and modes of files, umask, language, time zone, hashes."""
    source = copy_of_tree(ROOT, directory / "a copy" / "elsewhere")
    for path in source.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (OTHER_TIME, OTHER_TIME))
    kept, umask = {name: os.environ.get(name) for name in OTHER_SETTINGS}, os.umask(0o077)
    os.environ.update(OTHER_SETTINGS)
    try:
        return build(python, directory / "second", seconds, source)
    finally:
        os.umask(umask)
        for name, before in kept.items():
            os.environ.pop(name)
            os.environ.update({name: before} if before is not None else {})


def differences(one: Path, other: Path) -> str:
    """Which files two wheels do not have alike, or that only how they are packed differs."""
    with ZipFile(one) as first, ZipFile(other) as second:
        names = sorted({*first.namelist()} ^ {*second.namelist()})
        both = {*first.namelist()} & {*second.namelist()}
        names += sorted(name for name in both if first.read(name) != second.read(name))
    return ", ".join(names) or "order, dates or modes of files"


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


def install(wheel: Path, directory: Path, dependencies: str) -> Path:
    """A fresh environment with a locked set and the wheel; returns where its programs are."""
    environment = directory / dependencies / "environment"
    environment.parent.mkdir()
    settings = {**os.environ, "VIRTUAL_ENV": str(environment)}
    run([UV, "venv", "--quiet", "--python", sys.executable, environment], directory, settings)
    locked = ROOT / "requirements" / f"{dependencies}.txt"
    run([UV, "pip", "sync", "--quiet", "--require-hashes", "--no-build", locked], directory, settings)
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
