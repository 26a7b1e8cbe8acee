"""Structured logs: one JSON object a line on standard error, stable event names, never a payload."""

import asyncio
import logging
import sys
from typing import Any

import orjson
import structlog

Logger = structlog.stdlib.BoundLogger

FOREIGN_EXCEPTION = "asyncio_exception"
"""The event in place of a line of asyncio's, or of a library's on an exception."""


def _serialise(event: dict[str, Any], **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def configure_logging(service: str, level: str) -> None:
    """Sends structlog's and the libraries' logs through one renderer, with `service` on each line.

    Libraries log at WARNING and above: aiokafka and FastStream are chatty below it. Exceptions are logged as
    their type and where they were raised, never with their text, which may quote a record: a library's line
    on one keeps nothing but that.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _without_exception_text, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _without_foreign_exception],
            pass_foreign_args=True,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_serialise),
            ],
        )
    )
    structlog.contextvars.bind_contextvars(service=service)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("services", "shared", "deploy"):
        logging.getLogger(name).setLevel(level)


def quiet_loop_exceptions(loop: asyncio.AbstractEventLoop) -> None:
    """Logs what nobody awaited by type and place; asyncio's own handler would print the exception's text."""

    def handle(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        described = describe_error(error) if isinstance(error, BaseException) else {}
        get_logger(__name__).error(FOREIGN_EXCEPTION, **described)

    loop.set_exception_handler(handle)


def _without_foreign_exception(
    logger: Any, method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Drops the text of a library's line that may quote an exception, and with it a document."""
    args = event.pop("positional_args", None) or ()
    values = args.values() if isinstance(args, dict) else args
    error = next((value for value in values if isinstance(value, BaseException)), None)
    raised = bool(event.get("exc_info"))
    event.pop("stack_info", None)
    if raised or error is not None or event.get("logger") == "asyncio":
        event["event"] = FOREIGN_EXCEPTION
    if error is not None and not raised:
        event.update(describe_error(error))
    return _without_exception_text(logger, method, event)


def _without_exception_text(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event.update(describe_error(error))
    return event


def describe_error(error: BaseException) -> dict[str, str]:
    """An exception's type and the place that raised it, for a log line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
    return {"error": type(error).__name__, "raised_at": place}


def get_logger(name: str) -> Logger:
    """A logger whose events carry whatever is bound to it and to the context."""
    logger: Logger = structlog.stdlib.get_logger(name)
    return logger
