"""The programme packs, and which municipality runs which: what has been taken over of `programmes.v1`."""

from dataclasses import dataclass, field

from shared.contracts.programmes import ActiveProgramme, ProgrammePack


@dataclass(slots=True)
class Programmes:
    """The programme packs by name and version, and which municipality runs which.

    What is put here holds: whether a record of the topic may be is for `Acceptance` to say.
    """

    _packs: dict[tuple[str, str], ProgrammePack] = field(default_factory=dict)
    _active: dict[tuple[str, str], ActiveProgramme] = field(default_factory=dict)
    changes: int = field(default=0, init=False)
    """How many records were taken over: what was worked out of them before is out of date."""

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

    def active(self, municipality: str, programme: str) -> ProgrammePack | None:
        """The pack that a municipality runs the programme under now, if it does."""
        found = self._active.get((municipality, programme))
        return None if found is None else self._packs.get((programme, found.pack_version))

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
