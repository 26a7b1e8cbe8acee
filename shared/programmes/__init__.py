"""The programme packs that are shipped with Kobling: versioned data, one JSON file for each version."""

from importlib.resources import files

from shared.contracts.programmes import ProgrammePack


def shipped_packs() -> dict[str, ProgrammePack]:
    """Every shipped pack by `name@version`, which is also its key on `programmes.v1`.

    Raises ValueError where a file holds no valid pack (pydantic's error names the field) or bears another
    name than `<name>-<version>.json`, so that a copied file can't pass for a new version.
    """
    packs: dict[str, ProgrammePack] = {}
    for file in sorted(files(__name__).joinpath("packs").iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".json"):
            continue
        pack = ProgrammePack.model_validate_json(file.read_text(encoding="utf-8"))
        if file.name != f"{pack.name}-{pack.version}.json":
            raise ValueError(f"{file.name} holds {pack.name}@{pack.version}: name it after its content")
        packs[f"{pack.name}@{pack.version}"] = pack
    return packs
