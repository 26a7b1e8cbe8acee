"""Apache Kafka's published jars, fetched once with Maven, and the Java that runs them."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from deploy.local.addresses import StackError
from deploy.local.process import dies_with

KAFKA_VERSION = "4.3.1"
"""The broker that production runs; `docker-compose.yml` names the same one."""

OLDEST_JAVA = 17
"""Kafka 4's broker needs class files of Java 17."""

_HERE = Path(__file__).parent
_CACHE = _HERE.parents[1] / ".run" / "cache"
_VERSION_LINE = re.compile(r'version "(\d+)')


def find_java() -> Path | None:
    """The `java` of JAVA_HOME, else of PATH; None unless it is at least `OLDEST_JAVA`."""
    home = os.environ.get("JAVA_HOME")
    name = str(Path(home) / "bin" / "java") if home else "java"
    java = shutil.which(name)
    if java is None:
        return None
    return Path(java) if _java_version(java) >= OLDEST_JAVA else None


def jars_available() -> bool:
    """True when the jars are cached or Maven is there to fetch them."""
    return _jars().is_dir() or shutil.which("mvn") is not None


def kafka_jars() -> Path:
    """The directory of Kafka's jars, fetched first if need be (about 10 s, 55 MB).

    Processes that ask at once wait for the one that fetches. Raises StackError when Maven is missing or
    fails, with the end of its output.
    """
    jars = _jars()
    if jars.is_dir():
        return jars
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / f"{jars.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.is_dir():
            _fetch(jars)
    return jars


def java_command(*options: str) -> list[str]:
    """`java` with Kafka's class path and logging; a main class and its arguments follow.

    Raises StackError when Java or the jars can't be had.
    """
    java = find_java()
    if java is None:
        raise StackError(f"Java {OLDEST_JAVA} or newer is missing (Debian: openjdk-17-jre-headless)")
    return [
        str(java),
        # Short-lived JVMs: the optimising compiler costs more start-up time than it wins back.
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        f"-Dlog4j2.configurationFile={_HERE / 'log4j2.xml'}",
        *options,
        "-cp",
        f"{kafka_jars()}/*",
    ]


@cache
def _java_version(java: str) -> int:
    """The major version; 0 when it doesn't say."""
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 (the Java that was found)
    version = _VERSION_LINE.search(shown.stderr)
    return int(version[1]) if version else 0


def _jars() -> Path:
    return _CACHE / f"kafka-{KAFKA_VERSION}"


def _fetch(target: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise StackError("Maven is missing (Debian: maven), and Kafka's jars are not cached")
    # Renamed when complete: a half-fetched directory would be taken for Kafka for ever.
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        complete = Path(temporary) / "jars"
        command = [maven, "-B", "-q", "-f", str(_HERE / "pom.xml"), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={complete}", f"-Dkafka.version={KAFKA_VERSION}"]
        done = subprocess.run(  # noqa: S603 - the child touches nothing but its own signals
            command, capture_output=True, text=True, check=False, preexec_fn=dies_with(os.getpid())
        )
        if done.returncode != 0 or not complete.is_dir():
            words = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
            raise StackError(f"Maven could not fetch Kafka {KAFKA_VERSION}:\n{words}")
        complete.rename(target)
