from pathlib import Path

import pytest

from kobling.keys import new_keys
from services.intake.settings import Settings
from shared.settings import load_settings


def test_keys_come_from_files_the_public_one_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = new_keys()
    for key in ("master", "case", "card_public"):
        (tmp_path / key).write_text(f"{keys[key]}\n")
        setting = "CARD_PUBLIC_KEY" if key == "card_public" else f"{key.upper()}_KEY"
        monkeypatch.setenv(f"INTAKE_{setting}_FILE", str(tmp_path / key))
    settings = load_settings(Settings)
    assert settings.card_public_key == keys["card_public"]
    assert settings.master_key.get_secret_value() == keys["master"]
    assert settings.case_key.get_secret_value() == keys["case"]
