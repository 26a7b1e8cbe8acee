import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.supply import locked
from deploy.supply.locked import NotLocked, Pin, read
from shared.contracts.topics import SERVICES

HASH, OTHER = "a" * 64, "b" * 64
TEXT = f"""\
first==1.0 ; sys_platform == 'win32' \\
    --hash=sha256:{OTHER} \\
    --hash=sha256:{HASH}
    # via
    #   -c requirements/dev.txt
    #   kobling (pyproject.toml)
    #   second-one
second-one==2.0 \\
    --hash=sha256:{HASH}
    # via first
"""


def written(directory: Path, text: str) -> Path:
    (directory / "some.txt").write_text(text, encoding="utf-8")
    return directory


def test_a_lock_file_is_read(tmp_path: Path) -> None:
    assert read("some", written(tmp_path, TEXT)) == [
        Pin("first", "1.0", 'sys_platform == "win32"', (HASH, OTHER), ("second-one",), direct=True),
        Pin("second-one", "2.0", "", (HASH,), ("first",), direct=False),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "first==1.0",
        f"first>=1.0 --hash=sha256:{HASH}",
        f"first==1.* --hash=sha256:{HASH}",
        f"first --hash=sha256:{HASH}",
        f"--extra-index-url=elsewhere --hash=sha256:{HASH}",
        f"-e . --hash=sha256:{HASH}",
    ],
)
def test_what_is_not_one_version_with_hashes_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(NotLocked, match=r"some\.txt"):
        read("some", written(tmp_path, f"{line}\n"))


def test_every_lock_file_is_read() -> None:
    assert {path.stem for path in locked.DIRECTORY.glob("*.txt")} == set(locked.ALL)
    assert all(read(name) for name in locked.ALL)


@pytest.mark.parametrize("name", [name for name in locked.ALL if name != "dev"])
def test_every_set_has_what_is_tested(name: str) -> None:
    """What is shipped, and what builds it, is in the environment in which everything else is tested."""
    tested = {(pin.name, pin.version, pin.hashes) for pin in read("dev")}
    assert {(pin.name, pin.version, pin.hashes) for pin in read(name)} <= tested


@pytest.mark.parametrize("name", locked.SHIPPED)
def test_every_set_has_what_the_project_asks_for(name: str) -> None:
    project = tomllib.loads((locked.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = (name, "traces") if name in SERVICES else (name,)
    added = [one for extra in extras for one in project["optional-dependencies"].get(extra, ())]
    asked = [*project["dependencies"], *added]
    pins = [pin for pin in read(name) if pin.direct]
    wanted = {str(canonicalize_name(one.name)): one.specifier for one in map(Requirement, asked)}
    assert {pin.name for pin in pins} == set(wanted)
    assert all(wanted[pin.name].contains(pin.version) for pin in pins)
