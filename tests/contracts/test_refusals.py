"""Why a pack is refused: field by field, with what would be right, and nothing of what was typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.programmes import shipped_packs, why_refused

Change = Callable[[dict[str, Any]], None]
TYPED = "Ola Nordmann 01018012345"


def pack() -> dict[str, Any]:
    return shipped_packs()["flyktningguide-bergen@1.0"].model_dump(mode="json", exclude_unset=True)


def unknown_rule(given: dict[str, Any]) -> None:
    given["pairing"]["rules"][3]["code"] = TYPED


def no_code(given: dict[str, Any]) -> None:
    del given["pairing"]["rules"][3]["code"]


def unknown_requirement(given: dict[str, Any]) -> None:
    given["sides"]["giving"]["requirements"][0]["kind"] = TYPED


def unknown_strength(given: dict[str, Any]) -> None:
    given["pairing"]["rules"][2]["strength"] = TYPED


def no_hours(given: dict[str, Any]) -> None:
    del given["pairing"]["rules"][5]["hours"]


def too_many_hours(given: dict[str, Any]) -> None:
    given["pairing"]["rules"][5]["hours"] = 169


def unknown_kind(given: dict[str, Any]) -> None:
    given["kind"] = TYPED


def unknown_field(given: dict[str, Any]) -> None:
    given["pairing"]["ruls"] = TYPED


def unsafe_field(given: dict[str, Any]) -> None:
    given["pairing"][TYPED] = 1


def bad_deadline(given: dict[str, Any]) -> None:
    given["pairing"]["answer_within"] = TYPED


RULES = "self, municipality, language, gender_wish, age, availability, child_certificate, capacity, excluded"
REQUIREMENTS = "consent, interview, check, approval, age"
CASES: list[tuple[Change, str]] = [
    (unknown_rule, f"pairing.rules.3.code: unknown; those that exist: {RULES}"),
    (no_code, "pairing.rules.3.code: missing"),
    (
        unknown_requirement,
        f"sides.giving.requirements.0.kind: unknown; those that exist: {REQUIREMENTS}",
    ),
    (unknown_strength, "pairing.rules.2.strength: unknown; those that exist: hard, soft"),
    (no_hours, "pairing.rules.5.hours: missing"),
    (too_many_hours, "pairing.rules.5.hours: Input should be less than or equal to 168"),
    (unknown_kind, "kind: unknown; those that exist: guide"),
    (unknown_field, "pairing.ruls: there is no such field"),
    (unsafe_field, "pairing.?: there is no such field"),
    (
        bad_deadline,
        (
            "pairing.answer_within: String should match pattern "
            "'^P([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])D$'"
        ),
    ),
]


@pytest.mark.parametrize(("change", "expected"), CASES, ids=lambda case: getattr(case, "__name__", None))
def test_a_fault_is_told_by_its_field_and_what_would_be_right(change: Change, expected: str) -> None:
    wrong = pack()
    change(wrong)
    assert why_refused(wrong) == [expected]
    assert why_refused(json.dumps(wrong).encode()) == [expected]


def test_every_fault_is_told_and_none_of_a_pack_that_may_pass() -> None:
    wrong = pack()
    unknown_rule(wrong)
    no_hours(wrong)
    assert [fault.partition(":")[0] for fault in why_refused(wrong)] == [
        "pairing.rules.3.code",
        "pairing.rules.5.hours",
    ]
    assert why_refused(pack()) == []


def test_what_is_no_json_or_no_object_is_told_without_a_field() -> None:
    assert why_refused(b"[1]") == ["the pack: Input should be an object"]
    assert why_refused(b"{").pop().startswith("the pack: Invalid JSON: ")


def test_a_shipped_file_with_a_fault_is_named_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = pack()
    unknown_rule(wrong)
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "flyktningguide-bergen-1.0.json").write_text(json.dumps(wrong), encoding="utf-8")
    monkeypatch.setattr("shared.programmes.files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=r"bergen-1\.0\.json: pairing\.rules\.3\.code: unknown; those"):
        shipped_packs()
