"""Which records of `operators.v1` and `programmes.v1` are taken over, and what is wrong with the others.

A record that may not hold changes nothing: what held before it goes on. A pack's version, once taken over,
never changes and never goes. An activation waits for its pack, and for operators who can do what the pack
asks; what runs already is not stopped by an operator who leaves.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.contracts.administrators import Operator
from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from shared.contracts.topics import MUNICIPALITY, MUNICIPALITY_FORM, OPERATORS, PROGRAMMES
from shared.operators import Operators
from shared.programmes.checks import CHECKS, PackCheck, unsatisfied, wrong_predecessors
from shared.programmes.table import Programmes, key_of
from shared.values import value

Change = tuple[str, ProgrammePack | ActiveProgramme | None]
"""A record of `programmes.v1` that may be taken over, by its key; None ends an activation."""

_SAFE_KEYS = {
    # Five digits in a row could be part of a personal number.
    topic.name: re.compile(rf"(?!.*[0-9]{{5}})({pattern})", re.ASCII)
    for topic, pattern in (
        (OPERATORS, r"[a-z0-9-]{2,40}"),
        (PROGRAMMES, r"active/[a-z0-9-]{2,40}/[a-z0-9-]{2,60}|[a-z0-9-]{2,60}@[0-9]{1,4}\.[0-9]{1,4}"),
    )
}
"""Keys that may be shown: anything may have been typed in their place."""
WITHHELD_KEY = "a key that is not shown"


@value
class Fault:
    """What is wrong with the latest record of a key; `key` is safe to show. Each of `faults` is
    `field: what is wrong; what would help`.
    """

    topic: str
    key: str
    faults: tuple[str, ...]


@dataclass(slots=True)
class Acceptance:
    """Judges records in the order of their topic; `settle` says which may be taken over."""

    operators: Operators
    programmes: Programmes
    checks: Sequence[PackCheck] = CHECKS
    _published: dict[str, ProgrammePack] = field(default_factory=dict, init=False)
    """Without fault, and not taken over yet."""
    _wanted: dict[str, ActiveProgramme] = field(default_factory=dict, init=False)
    _ended: set[str] = field(default_factory=set, init=False)
    _of_records: dict[tuple[str, str], Fault] = field(default_factory=dict, init=False)
    _waiting: dict[tuple[str, str], Fault] = field(default_factory=dict, init=False)

    @property
    def faults(self) -> dict[tuple[str, str], Fault]:
        """What is wrong now, by topic and key; of activations as it was when `settle` looked last."""
        return self._waiting | self._of_records

    def operator(self, key: str, operator: Operator | None) -> None:
        """Takes over an operator's record; None removes the operator."""
        if operator is not None and operator.operator != key:
            self.refuse(OPERATORS.name, key, ["operator: not what the key says; send it under its own key"])
            return
        self._of_records.pop((OPERATORS.name, key), None)
        self.operators.put(key, operator)

    def programme(self, key: str, record: ProgrammePack | ActiveProgramme | None) -> None:
        """Judges a record; None ends an activation, or takes back a pack that was never taken over."""
        faults = self._faults_of(key, record)
        if faults:
            self.refuse(PROGRAMMES.name, key, faults)
            return
        self._of_records.pop((PROGRAMMES.name, key), None)
        match record:
            case ProgrammePack():
                if not self._taken_over(record):
                    self._published[key] = record
            case ActiveProgramme():
                self._wanted[key] = record
                self._ended.discard(key)
            case None:
                self._wanted.pop(key, None)
                self._ended.add(key)

    def refuse(self, topic: str, key: str, faults: Sequence[str]) -> None:
        """Notes what is wrong with a record, which changes nothing. `topic` is its name in the registry."""
        shown = key if _SAFE_KEYS[topic].fullmatch(key) else WITHHELD_KEY
        self._of_records[topic, key] = Fault(topic, shown, tuple(faults))

    def settle(self, now: datetime) -> list[Change]:
        """What may be taken over by what has been read: packs first. To be asked again until it is.

        To be called with both topics read to their end, so that an activation and its pack may stand there in
        any order.
        """
        self._published = {key: pack for key, pack in self._published.items() if not self._taken_over(pack)}
        changes: list[Change] = list(self._published.items())
        self._waiting = {}
        for key, wanted in self._wanted.items():
            running = self.programmes.activation(wanted.municipality, wanted.programme)
            if running == wanted:
                continue
            faults = self._hindrances(wanted, running, now)
            if not faults:
                changes.append((key, wanted))
                continue
            goes_on = (
                "the programme does not run there" if running is None else f"{running.pack_version} goes on"
            )
            self._wait(key, [f"{fault}; until then {goes_on}" for fault in faults])
        for key, held in sorted(self.programmes.activations().items()):
            if key in self._ended:
                changes.append((key, None))
            elif key not in self._wanted:
                gone = f"the record: not on the topic any more; {held.pack_version} goes on: send it again"
                self._wait(key, [gone])
        return changes

    def _wait(self, key: str, faults: Sequence[str]) -> None:
        self._waiting[PROGRAMMES.name, key] = Fault(PROGRAMMES.name, key, tuple(faults))

    def _hindrances(
        self, wanted: ActiveProgramme, running: ActiveProgramme | None, now: datetime
    ) -> list[str]:
        faults = wrong_predecessors(wanted, running, self.programmes.successors)
        if running is not None and running.pack_version == wanted.pack_version:
            return faults
        return [*faults, *self._unable(wanted, now)]

    def _unable(self, wanted: ActiveProgramme, now: datetime) -> list[str]:
        pack = self._find(wanted.programme, wanted.pack_version)
        if pack is None:
            published = [known.version for known in self._known() if known.name == wanted.programme]
            there = f"those that are: {', '.join(published)}" if published else "no version of it is"
            return [f"pack_version: {wanted.programme}@{wanted.pack_version} is not published; {there}"]
        return unsatisfied(pack, wanted.municipality, self.operators, now)

    def _faults_of(self, key: str, record: ProgrammePack | ActiveProgramme | None) -> list[str]:
        if record is None:
            name, _, version = key.partition("@")
            known = self._find(name, version) is not None
            return ["the record: a version that was published stays; publish it again"] if known else []
        if key != key_of(record):
            own = "name and version" if isinstance(record, ProgrammePack) else "municipality and programme"
            return [f"{own}: not what the key says; send it under its own key"]
        if isinstance(record, ActiveProgramme):
            named = {"municipality": [record.municipality], "predecessors": record.predecessors}
            return [
                f"{field}: {MUNICIPALITY_FORM}"
                for field, codes in named.items()
                if not all(MUNICIPALITY.fullmatch(code) for code in codes)
            ]
        known_pack = self._find(record.name, record.version)
        if known_pack is None:
            return [fault for check in self.checks if (fault := _asked(check, record)) is not None]
        return differing(known_pack, record)

    def _find(self, name: str, version: str) -> ProgrammePack | None:
        return self.programmes.pack(name, version) or self._published.get(f"{name}@{version}")

    def _known(self) -> list[ProgrammePack]:
        return [*self.programmes.packs(), *self._published.values()]

    def _taken_over(self, pack: ProgrammePack) -> bool:
        return self.programmes.pack(pack.name, pack.version) is not None


def differing(kept: ProgrammePack, other: ProgrammePack) -> list[str]:
    """The sections in which a pack differs from the one of the same version that is kept, as faults."""
    old, new = kept.model_dump(mode="json"), other.model_dump(mode="json")
    return [
        f"{name}: not as {key_of(kept)} was published, and a version never changes; publish a new version"
        for name in old
        if old[name] != new[name]
    ]


def _asked(check: PackCheck, pack: ProgrammePack) -> str | None:
    try:
        return check(pack)
    except Exception as error:  # noqa: BLE001 (one bad pack must not keep the tables from being read)
        # A check's text may quote what it stumbled on.
        return f"the pack: a check of it failed ({type(error).__name__}); tell whoever maintains Kobling"
