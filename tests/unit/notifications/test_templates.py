"""Templates as files: what is missing or unknown is found when they are loaded."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from services.notifications import templates
from services.notifications.domain.triggers import PAIR_CREATED, TRIGGERS
from services.notifications.templates import TemplatesIncomplete, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the templates to spoil."""
    return Path(shutil.copytree(Path(templates.__file__).parent, tmp_path / "templates"))


def test_the_shipped_templates_are_whole(folder: Path) -> None:
    texts = load(folder)
    assert texts.texts.keys() == load().texts.keys()
    assert texts.greetings == {"nb": "Hei", "en": "Hello"}


@pytest.mark.parametrize(
    ("lost", "fault"),
    [
        ("pair_created/nb.toml", "pair_created/nb.toml is missing"),
        ("frame/en.toml", "frame/en.toml is missing"),
        ("frame/nb.toml", "pair_proposed/nb.toml has no frame"),
        ("pair_created", "pair_created/en.toml is missing"),
    ],
)
def test_a_file_that_is_missing_is_named(folder: Path, lost: str, fault: str) -> None:
    target = folder / lost
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    with pytest.raises(TemplatesIncomplete, match=fault):
        load(folder)


def test_a_language_that_one_template_lacks_is_found(folder: Path) -> None:
    shutil.copy(folder / "frame/nb.toml", folder / "frame/da.toml")
    with pytest.raises(TemplatesIncomplete, match=r"pair_proposed/da\.toml is missing"):
        load(folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("pair_created/nb.toml", "[giving]", "[given]", "pair_created/nb.toml has no text for the giving"),
        ("pair_created/nb.toml", "subject =", "subjekt =", "pair_created/nb.toml has no subject"),
        ("pair_created/en.toml", "volunteer guide", "guide $name", "pair_created/en.toml has a place"),
        ("pair_created/en.toml", "You have a guide", r"You have\na guide", "en.toml has a line break"),
        ("pair_created/en.toml", "[giving]", "[givin]\n[giving]", "en.toml has texts for givin"),
        ("pair_created/en.toml", '"You have a', "You have a", "pair_created/en.toml is no TOML"),
        ("frame/en.toml", "$link", "$lnik", "frame/en.toml has the places"),
        ("frame/en.toml", "$link", "", "frame/en.toml has the places"),
        ("frame/en.toml", "$link", "${link", r"frame/en.toml has a \$ that begins no place"),
        ("frame/en.toml", "Kind regards", "$$", r"frame/en.toml has a \$ that begins no place"),
        ("frame/en.toml", "body =", "text =", "frame/en.toml has no body"),
        ("frame/en.toml", "greeting =", "greets =", "frame/en.toml has no greeting"),
        ("frame/en.toml", '"Hello"', r'"Hello\n"', "frame/en.toml has a line break in its greeting"),
        ("frame/nb.toml", '["nb", "nn", "no"]', '"nb"', "frame/nb.toml has no list read_by"),
        ("frame/nb.toml", '["nb", "nn", "no"]', "[]", "frame/nb.toml has no list read_by"),
        ("frame/nb.toml", '"no"', '"en"', "frame/nb.toml is read by en, as is another frame"),
        ("frame/nb.toml", '"no"', '"xx"', "frame/nb.toml is read by xx, which names no language"),
    ],
)
def test_a_fault_in_a_file_is_named(folder: Path, file: str, old: str, new: str, fault: str) -> None:
    target = folder / file
    target.write_text(target.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TemplatesIncomplete, match=fault):
        load(folder)


def test_a_template_that_nothing_triggers_is_found(folder: Path) -> None:
    shutil.copytree(folder / "pair_created", folder / "forgotten")
    with pytest.raises(TemplatesIncomplete, match="nothing triggers the templates forgotten"):
        load(folder)


def test_a_trigger_without_a_template_is_found() -> None:
    with pytest.raises(TemplatesIncomplete, match=r"unwritten/en\.toml is missing"):
        load(triggers=[*TRIGGERS, replace(PAIR_CREATED, template="unwritten")])
