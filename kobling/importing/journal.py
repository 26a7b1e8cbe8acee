"""What was sent of a file, kept beside it, so that the same row sent again is the same record."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from kobling.errors import AdministrationError
from shared.contracts.fields import format_instant
from shared.ids import new_command_id, new_subject

SUFFIX = ".kobling.json"


class Mark(NamedTuple):
    """A part of a row: what of its subject it is about, and what it says, both as digests."""

    about: str
    content: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The id and time under which a row's record is sent, and, of a volunteer, their reference.

    `parts`: those of the row, where each can be sent without the others; `due`: which of them the record has,
    None for all.
    """

    id: str
    time: str
    subject: str
    parts: Sequence[Mark] = ()
    due: Sequence[int] | None = None


@dataclass(slots=True)
class Journal:
    """The journal of one file. Rows are known by keyed digests: it holds nothing of what they say.

    A row whose content has changed is a new record; whoever it names stays under their reference. Of what it
    tells of them only that is sent which is not what they were last told to be.
    """

    path: Path
    _salt: str = ""
    _subjects: dict[str, str] = field(default_factory=dict)
    _records: dict[str, list[str]] = field(default_factory=dict)
    _accepted: dict[str, list[str]] = field(default_factory=dict)
    """By what it is about, the part that was accepted last, and the id of the record that brought it."""
    _due: dict[str, list[int]] = field(default_factory=dict)
    """By a record's id, which of its row's parts it has, where it doesn't have all."""

    @classmethod
    def beside(cls, file: Path) -> "Journal":
        """The journal of a file, or a new one."""
        path = file.with_name(file.name + SUFFIX)
        if not path.exists():
            return cls(path, secrets.token_hex(32))
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            parts = (kept.get("accepted", {}), kept.get("due", {}))
            return cls(path, kept["salt"], kept["subjects"], kept["records"], *parts)
        except (ValueError, LookupError, AttributeError, TypeError):
            raise AdministrationError(
                f"{path.name} is no journal of an import: put it back from a copy. If it is deleted, all "
                "rows are sent as new ones: first give volunteers that are in their references, in the "
                "column volunteer, or they are registered once more"
            ) from None

    def subject(self, who: Sequence[str]) -> str:
        """The reference of a volunteer whom these texts name."""
        return self._subjects.setdefault(self._digest(list(who)), new_subject("volunteer"))

    def sent(self, subject: str, content: Any, parts: Sequence[tuple[Any, Any]] = ()) -> Sent:
        """The record of a row about somebody or something, with this content, and of it these parts: what
        each is about, and what it says.
        """
        marks = [Mark(self._digest([subject, about]), self._digest([subject, said])) for about, said in parts]
        before = [self._accepted.get(part.about, ["", ""]) for part in marks]
        digest = self._digest([subject, content])
        pairs = list(zip(marks, before, strict=True))
        if digest in self._records and any(kept not in {"", part.content} for part, (kept, _) in pairs):
            # Something else came after it, so that it is no repetition.
            digest = self._digest([subject, content, [id_ for _, id_ in before]])
        if digest not in self._records:
            self._records[digest] = [new_command_id(), format_instant(datetime.now(UTC))]
            due = [number for number, (part, (kept, _)) in enumerate(pairs) if kept != part.content]
            if len(due) < len(marks):
                self._due[self._records[digest][0]] = due
        id_, time = self._records[digest]
        return Sent(id_, time, subject, marks, self._due.get(id_))

    def accept(self, sent: Sent, part: Mark) -> None:
        """Keeps that a part was accepted; one that was before stays with the record that brought it."""
        if self._accepted.get(part.about, [""])[0] != part.content:
            self._accepted[part.about] = [part.content, sent.id]

    def forget(self, sent: Sent) -> None:
        """Has a row that was refused sent under a new id the next time: the same id gets the same answer."""
        self._records = {digest: kept for digest, kept in self._records.items() if kept[0] != sent.id}
        self._due.pop(sent.id, None)

    def save(self) -> None:
        """Keeps it: before anything is sent, so that whoever is stopped in between can begin again."""
        kept = {"salt": self._salt, "subjects": self._subjects, "records": self._records}
        kept |= {"accepted": self._accepted, "due": self._due}
        unfinished = self.path.with_name(self.path.name + ".new")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)

    def _digest(self, content: Any) -> str:
        message = json.dumps(content, sort_keys=True).encode()
        return hmac.new(self._salt.encode(), message, hashlib.sha256).hexdigest()
