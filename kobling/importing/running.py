"""An import from its file to its last line: checked, tried, sent, and what came of each row."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from kobling.errors import AdministrationError
from kobling.importing.columns import Kind
from kobling.importing.journal import Journal
from kobling.importing.reading import Fault, Item, Part, faults_of, items_of_lines, items_of_table
from kobling.importing.sending import Line, Told
from kobling.importing.twins import mistaken, once
from shared.cluster import Cluster
from shared.contracts.topics import SETTLEMENTS

DONE_BEFORE = frozenset({"already_registered", "already_joined"})
"""What a row that was changed and is sent again is told of the part that was carried out before."""
SHOWN = 100
"""Most lines about rows that are printed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be imported, as whom and where, whether it is only tried, and whether JSON tells of it."""

    file: Path
    kind: Kind | None
    operator: str
    kafka: Cluster
    prefix: str
    trial: bool
    patience: float = 60
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """A file's rows, and which are the same as one of them."""

    items: Sequence[Item]
    repeated: Sequence[Fault]
    as_json: bool = False

    def conclude(
        self, faults: Sequence[Fault], counts: Mapping[str, int], *, sent: bool, waits: Sequence[Fault] = ()
    ) -> int:
        """Prints what is to be told of rows, and the counts. Returns 1 where there are faults, else 0."""
        if self.as_json:
            _print_json(self, faults, waits, counts, sent=sent)
            return 1 if faults else 0
        _print(sorted([*faults, *waits, *self.repeated], key=lambda fault: fault.row))
        told = [f"{counts.get(name, 0)} {name}" for name in ("accepted", "pending", "refused")]
        told += [f"{len(self.repeated)} the same as another"] if self.repeated else []
        told += [] if sent else ["nothing sent"]
        sys.stdout.write(f"import: {len(self.items) + len(self.repeated)} rows, {', '.join(told)}\n")
        return 1 if faults else 0


async def run(wish: Wish) -> int:
    """0 where all rows came to something, 1 where any was refused: nothing is sent of a file that has faults
    by itself, or in a trial.
    """
    journal = Journal.beside(wish.file)
    rows = Rows(*once(_items(wish, journal)), as_json=wish.as_json)
    if faults := [*faults_of(rows.items), *mistaken(rows.items)]:
        return rows.conclude(faults, {"refused": len({fault.row for fault in faults})}, sent=False)
    due = [item for item in (item.due for item in rows.items) if item is not None]
    async with Line.to(wish.kafka, wish.prefix, wish.patience) as line:
        await line.look(due)
        if faults := await _try(due, line):
            return rows.conclude(faults, {"refused": len({fault.row for fault in faults})}, sent=False)
        if wish.trial:
            return rows.conclude([], {"accepted": len(rows.items)}, sent=False)
        journal.save()
        answers = await line.send(due, dry_run=False, progress=_progress(len(due)))
    return _tell(rows, due, answers, journal)


def _items(wish: Wish, journal: Journal) -> list[Item]:
    items = _read(wish, journal)
    if not wish.operator and any(item.topic is not SETTLEMENTS for item in items):
        raise AdministrationError("whose commands are they? Say --operator")
    return items


def _read(wish: Wish, journal: Journal) -> list[Item]:
    if wish.file.suffix == ".jsonl":
        return items_of_lines(wish.file, wish.operator, journal)
    kind = wish.kind or next((kind for kind in get_args(Kind) if kind in wish.file.stem.lower()), None)
    if kind is None:
        raise AdministrationError(
            f"what does the file hold? Name it after it, or say --kind {' or '.join(get_args(Kind))}"
        )
    return items_of_table(wish.file, kind, wish.operator, journal)


async def _try(items: Sequence[Item], line: Line) -> list[Fault]:
    """What would be refused of each row: of a volunteer's the first of what is sent, mostly their
    registration, as the rest needs it, and nothing of settlements, which can't be tried.
    """
    firsts = [
        Item(item.row, item.topic, item.owner, item.sent, item.parts[:1])
        for item in items
        if item.topic is not SETTLEMENTS
    ]
    if not firsts:
        return []
    answers = await line.send(firsts, dry_run=True, progress=lambda _: None)
    return [
        fault
        for item, told in zip(firsts, answers, strict=True)
        for fault in _refused(item, _parts(item, told))
    ]


def _tell(rows: Rows, due: Sequence[Item], answers: Sequence[Told], journal: Journal) -> int:
    """Prints what came of each row that was not simply accepted, and the counts."""
    faults: list[Fault] = []
    waits: list[Fault] = []
    counts = Counter({"accepted": len(rows.items) - len(due)})
    for item, told in zip(due, answers, strict=True):
        outcomes = _parts(item, told)
        refused = list(_refused(item, outcomes))
        faults += refused
        waiting = list(_waiting(item, outcomes))
        waits += waiting
        counts["refused" if refused else "pending" if waiting else "accepted"] += 1
        _keep(item, outcomes, journal)
        if refused:
            journal.forget(item.sent)
    journal.save()
    return rows.conclude(faults, counts, sent=True, waits=waits)


def _keep(item: Item, outcomes: Sequence[tuple[Part, dict[str, Any]]], journal: Journal) -> None:
    """Has the journal know the parts that are done, so that they are not sent again with others."""
    for part, (_, outcome) in zip(item.sent.parts, outcomes, strict=False):
        if outcome["outcome"] == "accepted" or outcome.get("code") in DONE_BEFORE:
            journal.accept(item.sent, part)


def _parts(item: Item, told: Told) -> list[tuple[Part, dict[str, Any]]]:
    """What became of each record of a row."""
    if "results" in told.get("result", {}):
        return list(zip(item.parts, told["result"]["results"], strict=True))
    names = {"CommandRejected": "rejected", "CommandPending": "pending"}
    outcome = names.get(told["name"], "accepted")
    if told["name"] == "SettlementReceipt" and told["outcome"] in {"rejected", "stale"}:
        outcome = "rejected"
    return [(part, {**told, "outcome": outcome}) for part in item.parts]


def _refused(item: Item, outcomes: Sequence[tuple[Part, dict[str, Any]]]) -> Iterator[Fault]:
    for part, outcome in outcomes:
        if outcome["outcome"] != "rejected" or outcome.get("code") in DONE_BEFORE:
            continue
        message = outcome.get("message") or _first(outcome)
        yield Fault(item.row, part.column(outcome.get("field")) or part.message.name, message)


def _waiting(item: Item, outcomes: Sequence[tuple[Part, dict[str, Any]]]) -> Iterator[Fault]:
    """Which records of a row are not decided yet, and what each waits for."""
    for part, outcome in outcomes:
        if outcome["outcome"] == "pending":
            waits_for = ", ".join(outcome.get("waits_for", ()))
            yield Fault(item.row, part.message.name, f"waits for {waits_for}")


def _first(receipt: dict[str, Any]) -> str:
    """A receipt's first fault in words, or else its code."""
    faults = receipt.get("faults") or [{}]
    return str(faults[0].get("message") or receipt.get("code") or receipt["outcome"])


def _progress(whole: int) -> Any:
    def say(done: int) -> None:
        sys.stderr.write(f"{done} of {whole} rows answered\n")

    return say


def _print_json(
    rows: Rows, faults: Sequence[Fault], waits: Sequence[Fault], counts: Mapping[str, int], *, sent: bool
) -> None:
    """Prints all of it, whatever its length."""
    told = {
        "rows": len(rows.items) + len(rows.repeated),
        **{name: counts.get(name, 0) for name in ("accepted", "pending", "refused")},
        "sent": sent,
        "faults": [fault._asdict() for fault in faults],
        "waits": [fault._asdict() for fault in waits],
        "repeated": [fault._asdict() for fault in rows.repeated],
    }
    sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _print(faults: Sequence[Fault]) -> None:
    sys.stdout.writelines(f"{fault}\n" for fault in faults[:SHOWN])
    if len(faults) > SHOWN:
        sys.stdout.write(f"and {len(faults) - SHOWN} more\n")
