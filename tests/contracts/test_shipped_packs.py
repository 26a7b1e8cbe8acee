"""The shipped packs: their programmes' figures, and the codes that the contracts' examples use."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.intake import wire
from shared.contracts.pairing import PackRounds
from shared.contracts.programmes import ApprovalAsked
from shared.programmes import shipped_packs
from tests.contracts import bergen_rules as rules


def test_the_published_pack_is_the_shipped_one() -> None:
    published, activated = rules.events("programmes.jsonl")
    assert published["subject"] == "flyktningguide-bergen@1.0"
    pack = shipped_packs()[published["subject"]]
    assert published["data"] == pack.model_dump(mode="json", exclude_unset=True)
    assert activated["subject"] == "active/no-4601/flyktningguide-bergen"
    assert activated["data"]["pack_version"] == pack.version


def test_the_shipped_pack_has_bergens_rules() -> None:
    pack = shipped_packs()["flyktningguide-bergen@1.0"]
    asked = pack.sides.giving.requirements
    organisations = [item.organisation for item in asked if isinstance(item, ApprovalAsked)]
    assert organisations == ["red_cross_bergen", "introduction_programme_bergen"]
    assert pack.pairing.duration is None
    assert sum(pack.pairing.criteria.values()) == 100


def test_bergens_newer_version_has_rounds_each_day_and_nothing_else() -> None:
    older, newer = (shipped_packs()[f"flyktningguide-bergen@{version}"] for version in ("1.0", "1.1"))
    assert newer.pairing.rounds == PackRounds(every="P1D", at="06:00")
    pairing = newer.pairing.model_copy(update={"rounds": None})
    assert newer.model_copy(update={"version": "1.0", "pairing": pairing}) == older


def test_the_shipped_pack_has_tromsos_figures() -> None:
    pack = shipped_packs()["flyktningguide-tromso@1.0"]
    pairing = pack.pairing
    assert pairing.duration is not None
    assert (pairing.duration.at_least, pairing.duration.at_most) == ("P9M", "P12M")
    assert pairing.dose is not None
    assert pairing.dose.weekly_hours == 2
    # Evaluated after three months: language progress as guides see it, the Red Cross's part as both do.
    (milestone,) = pairing.milestones
    assert (milestone.after, milestone.asks) == ("P3M", ["receiving", "giving"])
    assert [(question.code, question.asks) for question in milestone.questions] == [
        ("language_progress", ["giving"]),
        ("part_of_the_red_cross", []),
    ]
    assert pairing.rounds is not None
    asked = {rule.code: rule for rule in pairing.rules}
    # They meet to practise Norwegian, and in what a refugee has free beside 37.5 hours of qualification.
    assert asked["language"].model_dump() == {"code": "language", "strength": "soft"}
    assert asked["availability"].model_dump() == {"code": "availability", "hours": 2}
    assert "gender_wish" in asked
    # Background (occupation), family situation or interests.
    assert {"interests", "life_situation", "occupation"} < pairing.criteria.keys()
    assert "language" not in pairing.criteria
    assert pairing.signatories == ["refugee", "guide", "red_cross_tromso"]
    organisations = [
        item.organisation for item in pack.sides.giving.requirements if isinstance(item, ApprovalAsked)
    ]
    assert organisations == ["red_cross_tromso"]
    assert sum(pairing.criteria.values()) == 100


def test_a_pack_under_another_name_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    content = shipped_packs()["flyktningguide-bergen@1.0"].model_dump_json()
    (tmp_path / "packs" / "flyktningguide-bergen-1.2.json").write_text(content, encoding="utf-8")
    monkeypatch.setattr("shared.programmes.files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="name it after its content"):
        shipped_packs()


def test_the_contracts_examples_hold_codes_that_the_shipped_programme_knows() -> None:
    pack = shipped_packs()["flyktningguide-bergen@1.0"]
    activated = next(
        json.loads(line)["data"]
        for line in (rules.EXAMPLE / "programmes.jsonl").read_text(encoding="utf-8").splitlines()
        if "ProgrammeActivated" in line
    )
    topics, districts = set(activated["topics"]), set(activated["districts"])
    words = wire.words([pack])
    known: dict[str, set[str] | frozenset[str]] = {
        "interests": topics,
        "activities": topics,
        "occupation": topics,
        "occupation_field": topics,
        "topics": topics,
        "district": districts,
        "districts": districts,
        "purpose": words.purposes,
        "role": words.roles,
    }
    found: set[str] = set()
    for path in Path("shared/contracts/examples").glob("*.json"):
        for name, value in _fields(json.loads(path.read_text(encoding="utf-8"))):
            if name in known and not isinstance(value, int):
                codes = value if isinstance(value, list) else [value]
                assert set(codes) <= known[name], f"{path.name}: {name}"
                found.add(name)
    assert found == known.keys()


def _fields(content: Any) -> Iterator[tuple[str, Any]]:
    """All fields, at whatever depth."""
    if isinstance(content, dict):
        for name, inner in content.items():
            yield name, inner
            yield from _fields(inner)
    elif isinstance(content, list):
        for inner in content:
            yield from _fields(inner)
