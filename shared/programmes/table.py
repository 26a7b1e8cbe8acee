"""The programme packs, and which municipality runs which: what has been taken over of `programmes.v1`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from shared.programmes.successors import Successors


@dataclass(slots=True)
class Programmes:
    """The programme packs by name and version, and which municipality runs which.

    What is put here holds: whether a record of the topic may be is for `Acceptance` to say.
    """

    _packs: dict[tuple[str, str], ProgrammePack] = field(default_factory=dict)
    _active: dict[tuple[str, str], ActiveProgramme] = field(default_factory=dict)
    changes: int = field(default=0, init=False)
    """How many records were taken over: what was worked out of them before is out of date."""
    successors: Successors = field(default_factory=Successors, init=False)
    """Which codes of municipalities have successors. What runs under a code that has one runs no more."""

    def put(self, key: str, record: ProgrammePack | ActiveProgramme | None) -> None:
        """Takes over a pack, an activation, or with None the end of the activation under this key."""
        self.changes += 1
        match record:
            case ProgrammePack():
                self._packs[record.name, record.version] = record
            case ActiveProgramme():
                self._active[record.municipality, record.programme] = record
            case None:
                self._active = {place: held for place, held in self._active.items() if key != key_of(held)}
        self.successors = Successors.of(
            (municipality, held.predecessors) for (municipality, _), held in self._active.items()
        )

    def active(self, municipality: str, programme: str) -> ProgrammePack | None:
        """The pack that a municipality runs the programme under now, if it does."""
        found = self.activation(municipality, programme)
        if found is None or municipality in self.successors.of_codes:
            return None
        return self._packs.get((programme, found.pack_version))

    def activation(self, municipality: str, programme: str) -> ActiveProgramme | None:
        """What was taken over of a municipality's programme, whether or not its code has a successor."""
        return self._active.get((municipality, programme))

    def activations(self) -> Mapping[str, ActiveProgramme]:
        """All that were taken over, by their keys."""
        return {key_of(held): held for held in self._active.values()}

    def activated(self, municipality: str) -> list[ActiveProgramme]:
        """What a municipality says of the programmes that it runs, in a stable order."""
        return [self._active[key] for key in sorted(self._active) if key[0] == municipality]

    def pack(self, name: str, version: str) -> ProgrammePack | None:
        """A pack by name and version."""
        return self._packs.get((name, version))

    def packs(self) -> list[ProgrammePack]:
        """Every pack, in a stable order."""
        return [self._packs[key] for key in sorted(self._packs)]

    def all_active(self) -> list[tuple[str, ProgrammePack]]:
        """Each (municipality, pack) that runs, in a stable order."""
        return [
            (municipality, pack)
            for municipality, programme in sorted(self._active)
            if (pack := self.active(municipality, programme)) is not None
        ]


def key_of(record: ProgrammePack | ActiveProgramme) -> str:
    """The key of a record on `programmes.v1`: `name@version`, or `active/<municipality>/<name>`."""
    match record:
        case ProgrammePack():
            return f"{record.name}@{record.version}"
        case ActiveProgramme():
            return f"active/{record.municipality}/{record.programme}"
