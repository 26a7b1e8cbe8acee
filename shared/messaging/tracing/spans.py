"""Spans as the rest of messaging knows them, whoever takes them. W3C's Trace Context names them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

Attributes = Mapping[str, str | int]
"""What is told of a span: codes, counts and places. Never a subject, a text, or anybody's identifier."""


class Span(Protocol):
    """A span that has begun. One that is never ended was never there: a transaction that is rolled back
    leaves none.
    """

    @property
    def traceparent(self) -> str:
        """The span as the parent of others."""

    def end(self, attributes: Attributes | None = None, error: str | None = None) -> None:
        """Records it, with what came of it; `error` is a code. Neither waits nor raises."""


class Tracer(Protocol):
    """Begins spans, where somebody takes them."""

    @property
    def begins_traces(self) -> bool:
        """Whether what comes from outside without a trace may begin one."""

    def begin(
        self,
        name: str,
        parent: str | None,
        attributes: Attributes,
        *,
        links: Sequence[str] = (),
        consumes: bool = False,
    ) -> Span | None:
        """A new span; None where the sampler has it go unrecorded, as it does in a trace that isn't sampled,
        and where `parent` is no trace.
        """

    def stop(self, within: timedelta) -> None:
        """Sends what it has, for no longer than `within`, and takes no more; blocks."""


def same_trace(one: str, other: str) -> bool:
    """Whether two spans, as `traceparent` names them, belong to one trace."""
    return one[3:35] == other[3:35]
