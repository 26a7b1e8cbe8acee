"""When what is built was written: builds say this time, not their own, and so can be repeated to the byte."""

import os
import subprocess

from deploy.supply.locked import ROOT

VARIABLE = "SOURCE_DATE_EPOCH"
"""Seconds since 1970, as https://reproducible-builds.org/specs/source-date-epoch/ has it."""


class NoDate(Exception):
    """There is no commit to take a date from; the message has the remedy."""


def source_date() -> int:
    """SOURCE_DATE_EPOCH if it is set, else the last commit's time, in seconds since 1970. Raises NoDate."""
    given = os.environ.get(VARIABLE) or _of_commit()
    if not given.isdecimal():
        raise NoDate(f"{VARIABLE} is not a number of seconds")
    return int(given)


def _of_commit() -> str:
    command = ("git", "log", "-1", "--format=%ct")
    try:
        done = subprocess.run(  # noqa: S603 (git's own log)
            command, cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        raise NoDate(f"no git checkout; set {VARIABLE} to the release's time in seconds") from None
    return done.stdout.strip()
