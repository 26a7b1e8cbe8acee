"""The programme packs that are shipped with Kobling: versioned data, one JSON file for each version."""

from importlib.resources import files

from shared.contracts.programmes import ProgrammePack
from shared.programmes.refusals import why_refused

__all__ = ["shipped_packs", "why_refused"]


def shipped_packs() -> dict[str, ProgrammePack]:
    """Every shipped pack by `name@version`, which is also its key on `programmes.v1`.

    Raises ValueError where a file holds no valid pack (it names the fields and what would be right) or bears
    another name than `<name>-<version>.json`, so that a copied file can't pass for a new version.
    """
    packs: dict[str, ProgrammePack] = {}
    for file in sorted(files(__name__).joinpath("packs").iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".json"):
            continue
        content = file.read_bytes()
        faults = why_refused(content)
        if faults:
            raise ValueError(f"{file.name}: {'; '.join(faults)}")
        pack = ProgrammePack.model_validate_json(content)
        if file.name != f"{pack.name}-{pack.version}.json":
            raise ValueError(f"{file.name} holds {pack.name}@{pack.version}: name it after its content")
        packs[f"{pack.name}@{pack.version}"] = pack
    return packs
