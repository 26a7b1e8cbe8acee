"""What ends up in the logs of an exception: its type and place, never its text."""

import asyncio
import gc
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from shared.logging import configure_logging, get_logger, quiet_loop_exceptions

SECRET = "Test Eksempel, 1990-02-03"  # noqa: S105 (what a document might say)


class Lines:
    """What was logged since the last look."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def __call__(self) -> list[dict[str, Any]]:
        text = self.stream.getvalue()
        self.stream.truncate(0)
        assert SECRET not in text
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("test", "INFO")
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    made = Lines()
    handler.setStream(made.stream)
    yield made
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("services", "shared", "deploy"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def raised() -> ValueError:
    try:
        int(SECRET)
    except ValueError as error:
        return error
    raise AssertionError


def test_a_librarys_line_with_an_exception_keeps_its_type_and_place(lines: Lines) -> None:
    logging.getLogger("library").error(f"failed on {SECRET}", exc_info=raised())
    (line,) = lines()
    assert (line["event"], line["error"], line["logger"]) == ("asyncio_exception", "ValueError", "library")
    assert line["raised_at"].startswith(__name__)


def test_a_librarys_line_that_formats_an_exception_keeps_its_type_and_place(lines: Lines) -> None:
    logging.getLogger("library").warning("failed: %r", raised())
    (line,) = lines()
    assert (line["event"], line["error"]) == ("asyncio_exception", "ValueError")


def test_asyncios_lines_lose_their_text_with_or_without_an_exception(lines: Lines) -> None:
    logging.getLogger("asyncio").error(f"Task exception was never retrieved: {SECRET}")
    logging.getLogger("asyncio").error(SECRET, exc_info=raised(), stack_info=True)
    plain, described = lines()
    assert plain["event"] == described["event"] == "asyncio_exception"
    assert "error" not in plain
    assert described["error"] == "ValueError"


def test_other_lines_of_libraries_and_our_own_stay_whole(lines: Lines) -> None:
    logging.getLogger("library").warning("%d nodes of %s", 3, "cluster")
    get_logger("services.test").info("round_run", pairs=2)
    library, own = lines()
    assert library["event"] == "3 nodes of cluster"
    assert "positional_args" not in library
    assert (own["event"], own["pairs"]) == ("round_run", 2)


def test_our_own_lines_keep_their_event_beside_an_exception(lines: Lines) -> None:
    try:
        int(SECRET)
    except ValueError:
        get_logger("services.test").exception("round_failed")
    (line,) = lines()
    assert (line["event"], line["error"]) == ("round_failed", "ValueError")


async def test_a_loop_tells_type_and_place_of_what_nobody_awaited(lines: Lines) -> None:
    async def fail() -> None:
        raise ValueError(SECRET)

    loop = asyncio.get_running_loop()
    quiet_loop_exceptions(loop)
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()
    loop.set_exception_handler(None)
    (line,) = lines()
    assert (line["event"], line["error"]) == ("asyncio_exception", "ValueError")
    assert line["raised_at"].startswith(__name__)
