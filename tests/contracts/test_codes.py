"""docs/codes.md names every code with which something is refused."""

import ast
import re
from pathlib import Path

import pytest

from shared.contracts.faults import Fault as Told
from shared.messaging.reading.outcome import Fault
from shared.messaging.reading.sentences import SENTENCES, told

REPOSITORY = Path(__file__).parents[2]
REFUSALS = {
    "_Refused",
    "Rejected",
    "Dead",
    "Fault",
    "JsonRefused",
    "PydanticCustomError",
    "DomainError",
    "Unready",
    "Refused",
}
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)+")


def codes() -> set[str]:
    """The codes that stand first in a refusal, wherever one is made."""
    found = set()
    for folder in ("services", "shared"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", None) in REFUSALS and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        found.add(first.value)
    return {code for code in found if CODE.fullmatch(code)}


def test_there_are_codes_to_look_for() -> None:
    assert {"lone_surrogate", "approval_incomplete", "id_collision", "date_invalid"} <= codes()


@pytest.mark.parametrize("code", sorted(codes() | SENTENCES.keys()))
def test_a_code_is_explained(code: str) -> None:
    page = (REPOSITORY / "docs" / "codes.md").read_text()
    assert re.search(rf"^\| `{code}` \| \S", page, re.MULTILINE), f"docs/codes.md has no line for {code}"


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_codes_sentence_fits_into_its_contract(code: str) -> None:
    (fault,) = told([Fault(code, "subject", "envelope")])
    assert Told.model_validate(fault).message == SENTENCES[code]
