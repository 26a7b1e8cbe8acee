"""The broker's loaded classes, kept for the next JVM: it halves the start of Kafka and of its tools."""

import os
import shutil
from pathlib import Path

from deploy.local.jars import find_java, kafka_jars

QUIET = "-Xlog:disable"
"""Options of the JVM's own log: an archive of other jars is left unused without a word among the results."""


def reading() -> list[str]:
    """JVM options to start with the archive; none where there is no archive yet."""
    archive = _archive()
    return [QUIET, f"-XX:SharedArchiveFile={archive}"] if archive.is_file() else []


def reading_or_writing(draft: Path) -> list[str]:
    """JVM options of a broker: with the archive, or writing a draft of one when it ends in order."""
    return reading() or [QUIET, f"-XX:ArchiveClassesAtExit={draft}"]


def keep(draft: Path) -> None:
    """Keep the draft of a broker that ended in order; does nothing where it wrote none."""
    archive = _archive()
    if not draft.is_file() or archive.exists():
        return
    # The draft may be on another file system, where renaming would not be atomic.
    partial = archive.with_suffix(f".{os.getpid()}")
    shutil.copyfile(draft, partial)
    partial.rename(archive)


def _archive() -> Path:
    """Beside the jars, and named after the Java that wrote it: another one can't read it."""
    java = find_java()
    build = java.resolve().stat().st_mtime_ns if java else 0
    return kafka_jars() / f"classes-{build}.jsa"
