"""Commands as services decide on them, and the answers that they give."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts import commands as contract
from shared.contracts.administrators import Operator
from shared.messaging.reading.outcome import Fault
from shared.messaging.reading.records import Cause
from shared.messaging.work import Work
from shared.mongo import Document

WITHHELD = "withheld"
"""What replies are about where the command's own word for it must not be repeated."""

_REFERENCE = re.compile(
    r"(refugee|volunteer|pair|caseload)-[a-z2-7]{16,40}"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    # A programme's name with five digits in a row could hold a personal number.
    r"|[a-z]{2}-[0-9]{3,4}/(?!.*[0-9]{5})[a-z][a-z0-9-]{1,59}",
    re.ASCII,
)
"""Subjects of Kobling's own, dead letters, pools; not case references, which are a municipality's words."""


def shown_subject(subject: str) -> str:
    """A command's subject as replies repeat it: as it came where it is a reference, else `withheld`.

    Operators may type anything there, a name for one.
    """
    return subject if _REFERENCE.fullmatch(subject) else WITHHELD


@dataclass(frozen=True, slots=True)
class Accepted:
    """Done; `result` is the resulting public state, or the answer asked for.

    `subject` is whose state or reference the result holds, or all whose it does, where that may have to be
    forgotten. `awaited_by` are earlier commands, still pending, whose final answer this is too.
    """

    result: dict[str, Any]
    subject: str | tuple[str, ...] | None = None
    awaited_by: "tuple[CommandRef, ...]" = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """Not decided yet; a final answer follows."""

    waits_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not done; `message` says what would help and quotes nothing personal.

    `subject` is whose `state` it holds, where that may have to be forgotten. `faults`: all that is wrong with
    a command that could not be read, or not be published. `place`: the command's partition and offset, where
    its id is not repeated.
    """

    code: str
    message: str
    field: str | None = None
    state: dict[str, Any] | None = None
    subject: str | None = None
    faults: tuple[Fault, ...] = ()
    place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class UnknownSubject:
    """There is no such subject here, yet."""


Answer = Accepted | Pending | Rejected | UnknownSubject


@dataclass(frozen=True, slots=True)
class CommandRef:
    """A command by operator and id, what it is about, and its chain: all that a later reply needs."""

    operator: str
    id: str
    about: str
    correlation: str

    @property
    def reply_id(self) -> str:
        """The id under which its latest reply is kept: operators choose ids, each for themselves."""
        return f"{self.operator}/{self.id}"

    def document(self) -> Document:
        """The reference as it is stored."""
        return {
            "operator": self.operator,
            "id": self.id,
            "about": self.about,
            "correlation": self.correlation,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "CommandRef":
        """The reference that a document holds."""
        return cls(document["operator"], document["id"], document["about"], document["correlation"])


@dataclass(frozen=True, slots=True)
class Request:
    """A command that its operator may give. `command` is its data."""

    ref: CommandRef
    operator: Operator
    command: contract.Command
    subject: str
    dry_run: bool
    expected_revision: int | None
    cause: Cause

    def may_act_in(self, municipality: str) -> bool:
        """Whether the operator works there."""
        return municipality in self.operator.municipalities

    def elsewhere(self, municipality: str, formerly: Iterable[str]) -> "Rejected | None":
        """The answer where the operator doesn't work there, by its code now and those before; else None."""
        if self.may_act_in(municipality):
            return None
        return rejected_elsewhere(municipality, [code for code in formerly if self.may_act_in(code)])


Decide = Callable[[Sequence[Request], Work], Awaitable[Sequence[Answer]]]
"""Decides commands in order and stores what follows; for a dry run it stores nothing."""


def rejected_elsewhere(municipality: str = "", formerly: Iterable[str] = ()) -> Rejected:
    """The answer for a subject in a municipality that isn't the operator's. `formerly` are those of its
    earlier codes that are: a code's successor is the operator's once administrators say so.
    """
    message = "This operator has no access to the subject's municipality."
    if codes := ", ".join(formerly):
        message = (
            f"This operator has access to {codes}, which is {municipality} now: administrators add "
            f"{municipality} to the operator's municipalities on operators.v1."
        )
    return Rejected("not_your_municipality", message)


def stale_revision(expected: int | None, revision: int, state: dict[str, Any]) -> Rejected | None:
    """The answer where someone else was faster; None where the command may go on."""
    if expected is None or expected == revision:
        return None
    return Rejected(
        "stale_revision",
        f"The subject is at revision {revision}: read its state and decide again.",
        "expectedrevision",
        state,
    )
