"""`python -m tests.pythons 3.11 3.12 …`: the units and contracts under each of these versions of Python.

A version is tested where an interpreter is to be had: this environment's own, one on PATH, or one of pyenv's.
Those that are not are named at the end. Ends with 1 where a version fails or none was to be had.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ("tests/unit", "tests/contracts")
LOCKED = ROOT / "requirements" / "dev.txt"
UV = Path(sys.executable).with_name("uv")
ENVIRONMENTS = Path(sys.prefix) / "pythons"
"""Of the other versions: kept within this environment, and so forgotten with it."""
VERSION = "import ssl, sys; print('%d.%d' % sys.version_info[:2])"
"""Without TLS an interpreter was built in part, and the tests would fail for that alone."""


def main(versions: Sequence[str], *, newest: bool = False) -> int:
    """0 where at least one version was tested and none failed, else 1; 2 for a version that is none.

    newest: tests under the last of them that is to be had alone.
    """
    for wrong in (version for version in versions if not re.fullmatch(r"3\.\d+", version)):
        sys.stderr.write(f"units: {wrong} is no version of Python like 3.12\n")
        return 2
    found = {version: interpreter(version) for version in versions}
    if newest:
        found = dict([one for one in found.items() if one[1] is not None][-1:])
    results = {version: passes(version, python) for version, python in found.items() if python}
    for version in found:
        if found[version] is None:
            sys.stderr.write(f"units: NOT TESTED under {version}: no interpreter here, on PATH or of pyenv\n")
        else:
            sys.stdout.write(f"units: {'passed' if results[version] else 'FAILED'} under {version}\n")
    if not results:
        sys.stderr.write("units: NOTHING WAS TESTED\n")
    return 0 if results and all(results.values()) else 1


def interpreter(version: str) -> Path | None:
    """An interpreter of this version that runs; None where there is none."""
    return next((python for python in _candidates(version) if _is(python, version)), None)


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    for folder in os.get_exec_path():
        if (named := shutil.which(f"python{version}", path=folder)) is not None:
            yield Path(named)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))


def _is(python: Path, version: str) -> bool:
    if not python.exists():
        return False
    # One of pyenv's shims stands for a version that may not be switched on.
    done = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, check=False)  # noqa: S603 (our own command)
    return done.returncode == 0 and done.stdout.strip() == version


def passes(version: str, python: Path) -> bool:
    """Whether the tests pass under this interpreter, in an environment with all locked libraries."""
    sys.stdout.write(f"units: under {version} ({python})\n")
    sys.stdout.flush()
    if python != Path(sys.executable):
        python = _environment(version, python)
    command = [str(python), "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", *TESTS]
    # Ends with 5, and so has failed, where no test was found.
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0  # noqa: S603 (our own command)


def _environment(version: str, python: Path) -> Path:
    """The version's environment, with what the lock file says; raises CalledProcessError."""
    directory = ENVIRONMENTS / version
    settings = {**os.environ, "VIRTUAL_ENV": str(directory)}
    if not _is(directory / "bin" / "python", version):
        _uv(settings, "venv", "--clear", "--python", str(python), str(directory))
    _uv(settings, "pip", "sync", "--require-hashes", str(LOCKED))
    _uv(settings, "pip", "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    return directory / "bin" / "python"


def _uv(settings: dict[str, str], *words: str) -> None:
    subprocess.run([UV, "--quiet", *words], env=settings, cwd=ROOT, check=True)  # noqa: S603 (our own command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], newest=os.environ.get("NEWEST") == "1"))
