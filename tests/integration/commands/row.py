"""What a row of the table of commands says: how a command is accepted, and how it is refused in each way."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.administrators import Role
from shared.contracts.catalogue import commands_of
from shared.contracts.message import Message
from shared.contracts.topics import Service

Data = Mapping[str, Any] | Callable[[str], Mapping[str, Any]]
"""A command's data but for its `reason`; or made of the reference that its row arranged."""

Arrange = Callable[[Any], Awaitable[str]]
"""Brings a service, at its bench, to where a command can be sent; gives the reference that it is about."""


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """A column that makes no sense for a command, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A way in which a command is refused, and its code: what of it is otherwise than where it is accepted.

    `data` stands over the row's own; a None leaves a field out. `subject` is the envelope's. `within`: the
    command is accepted, and says of the one that it holds that it was refused so. `unread`: it is refused
    while it is read, and leaves a dead letter.
    """

    code: str
    given: Arrange | None = None
    data: Data = field(default_factory=dict)
    subject: str | None = None
    field: str | None = None
    within: bool = False
    unread: bool = False


Cell = Refusal | NotApplicable
ELSEWHERE = Refusal("not_your_municipality")
ROLELESS = Refusal("role_missing")
EXPIRED = Refusal("unknown_operator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One command of one service.

    `subject` is the envelope's where it is not the reference that `given` arranges. `events` are all that it
    publishes besides its reply, in any order, of a notice with its code; `result` is what its reply holds at
    least, and `preview` what that to a dry run does, where it holds less.
    """

    service: Service
    command: str
    given: Arrange
    rejected: Cell
    unknown: Cell
    wrong_state: Cell
    role: Role = "coordinator"
    subject: str | None = None
    data: Data = field(default_factory=dict)
    events: tuple[str, ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    preview: Mapping[str, Any] | None = None
    moves: NotApplicable | None = None
    further: tuple[Refusal, ...] = ()
    """Other ways in which it is refused."""
    elsewhere: Cell = ELSEWHERE
    roleless: Cell = ROLELESS
    expired: Cell = EXPIRED

    @property
    def message(self) -> Message:
        """The command in the catalogue."""
        return next(one for one in commands_of(self.service) if one.name == self.command)

    @property
    def in_their_own(self) -> NotApplicable | None:
        """Whether somebody of elsewhere may ask about their own municipality: a command that names one is
        held to it before anything is looked up.
        """
        if "municipality" not in self.message.model.model_fields:
            return NotApplicable("it is about a random reference, which who sends it was told")
        return self.moves

    def asked(self, reference: str, refusal: Refusal | None = None) -> tuple[str, dict[str, Any]]:
        """The envelope's subject and the data of the command, or of the one that is refused."""
        subject = (refusal and refusal.subject) or self.subject or reference
        data = {**_of(self.data, reference), **(_of(refusal.data, reference) if refusal else {})}
        return subject, {name: value for name, value in data.items() if value is not None}

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All that it says of how the command is refused."""
        return (
            self.rejected,
            self.unknown,
            self.wrong_state,
            self.elsewhere,
            self.roleless,
            self.expired,
            *self.further,
        )


def _of(data: Data, reference: str) -> Mapping[str, Any]:
    return data(reference) if callable(data) else data
