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
from typing import Any

from shared.contracts.fields import format_instant
from shared.ids import new_event_id, new_subject

SUFFIX = ".kobling.json"


@dataclass(frozen=True, slots=True)
class Sent:
    """The id and time under which a row's record is sent, and, of a volunteer, their reference."""

    id: str
    time: str
    subject: str


@dataclass(slots=True)
class Journal:
    """The journal of one file. Rows are known by keyed digests: it holds nothing of what they say.

    A row whose content has changed is a new record; whoever it names stays under their reference.
    """

    path: Path
    _salt: str = ""
    _subjects: dict[str, str] = field(default_factory=dict)
    _records: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def beside(cls, file: Path) -> "Journal":
        """The journal of a file, or a new one."""
        path = file.with_name(file.name + SUFFIX)
        if not path.exists():
            return cls(path, secrets.token_hex(32))
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(path, kept["salt"], kept["subjects"], kept["records"])

    def subject(self, who: Sequence[str]) -> str:
        """The reference of a volunteer whom these texts name."""
        return self._subjects.setdefault(self._digest(list(who)), new_subject("volunteer"))

    def sent(self, subject: str, content: Any) -> Sent:
        """The record of a row about somebody or something, with this content."""
        now = format_instant(datetime.now(UTC))
        id_, time = self._records.setdefault(self._digest([subject, content]), [new_event_id(), now])
        return Sent(id_, time, subject)

    def forget(self, sent: Sent) -> None:
        """Has a row that was refused sent under a new id the next time: the same id gets the same answer."""
        self._records = {digest: kept for digest, kept in self._records.items() if kept[0] != sent.id}

    def save(self) -> None:
        """Keeps it: before anything is sent, so that whoever is stopped in between can begin again."""
        kept = {"salt": self._salt, "subjects": self._subjects, "records": self._records}
        unfinished = self.path.with_name(self.path.name + ".new")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)

    def _digest(self, content: Any) -> str:
        message = json.dumps(content, sort_keys=True).encode()
        return hmac.new(self._salt.encode(), message, hashlib.sha256).hexdigest()
