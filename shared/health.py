"""Whether a service lives and is ready, from what its parts say of themselves."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

STUCK = timedelta(minutes=5)
"""A part that has said nothing for so long, and isn't known to wait for a server, is stuck."""


@dataclass(slots=True)
class _Part:
    cause: str | None
    halted: bool
    seen: float


@dataclass(slots=True)
class Health:
    """The parts of a service by name, such as `settlements` or `relay`; each is ready or says why not."""

    timer: Callable[[], float] = time.monotonic
    notes: dict[str, str] = field(default_factory=dict, init=False)
    """What somebody should know though the service is ready, by part: the fault is in others' hands."""
    _parts: dict[str, _Part] = field(default_factory=dict, init=False)

    def starting(self, part: str) -> None:
        """The part exists and isn't ready yet."""
        self._parts[part] = _Part("starting", halted=False, seen=self.timer())

    def started(self, part: str) -> None:
        """The part was a step of the start, and is done."""
        self._parts.pop(part, None)

    def working(self, part: str) -> None:
        """The part does its work."""
        self._set(part, None)

    def alive(self, part: str) -> None:
        """The part is at it still, whatever its state."""
        known = self._parts.get(part)
        if known is not None:
            known.seen = self.timer()

    def degraded(self, part: str, cause: str) -> None:
        """The part waits for a server and goes on by itself."""
        self._set(part, cause)

    def note(self, part: str, text: str | None) -> None:
        """Says what is to be known of a part besides its state; None where there is nothing (any more)."""
        if text is None:
            self.notes.pop(part, None)
        else:
            self.notes[part] = text

    def halted(self, part: str, cause: str) -> None:
        """The part has stopped for good: a person must look."""
        self._parts[part] = _Part(cause, halted=True, seen=self.timer())

    def _set(self, part: str, cause: str | None) -> None:
        known = self._parts.get(part)
        if known is None or not known.halted:
            self._parts[part] = _Part(cause, halted=False, seen=self.timer())

    @property
    def parts(self) -> Mapping[str, tuple[str | None, bool]]:
        """Each part's cause, None where it works, and whether it has halted."""
        return {name: (part.cause, part.halted) for name, part in self._parts.items()}

    @property
    def causes(self) -> dict[str, str]:
        """Why the service isn't ready, by part; empty if it is."""
        return {name: part.cause for name, part in self._parts.items() if part.cause is not None}

    @property
    def stuck(self) -> list[str]:
        """Parts that neither work nor wait."""
        limit = self.timer() - STUCK.total_seconds()
        return [name for name, part in self._parts.items() if part.cause is None and part.seen < limit]
