"""Settlements are refused before they are sent for what intake would refuse them for."""

import json
from typing import Any

import pytest

from kobling.errors import AdministrationError
from kobling.settling import faults_of, read, subject_of
from shared.contracts.catalogue import BY_NAME
from shared.contracts.example_record import record

SETTLED: dict[str, Any] = record(BY_NAME["PersonSettled"])


def faults(*documents: Any, municipality: str = "no-4601") -> list[tuple[int, str, str | None]]:
    """Line, code and field of all that is wrong."""
    lines = b"\n".join(json.dumps(one).encode() for one in documents)
    return [(one.line, one.code, one.field) for one in faults_of(municipality, read(lines))]


def test_an_example_has_no_fault() -> None:
    assert faults(SETTLED) == []
    assert faults(SETTLED, SETTLED) == []


def test_faults_are_told_by_line() -> None:
    strange = {**SETTLED, "data": {**SETTLED["data"], "proteccion": "none"}}
    assert faults(SETTLED, strange) == [(2, "unknown_field", "data")]
    assert [code for _, code, _ in faults(SETTLED, municipality="no-0301")] == ["municipality_mismatch"]


def test_a_single_record_may_stand_on_several_lines() -> None:
    (one,) = read(json.dumps(SETTLED, indent=2).encode())
    assert subject_of(one) == SETTLED["subject"]


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"null"])
def test_what_is_no_record_is_a_fault_of_its_line(content: bytes) -> None:
    assert [fault.line for fault in faults_of("no-4601", read(content))] == [1]


def test_what_is_no_municipality_is_said() -> None:
    with pytest.raises(AdministrationError, match="is no municipality"):
        faults(SETTLED, municipality="bergen")


NUMBER = "01010750160"
"""Passes for a personal number; nobody's: its check digits alone are right."""


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"occupation": NUMBER}, "occupation"),
        ({"interests": ["cooking", f"a{NUMBER}"]}, "interests.1"),
    ],
)
def test_a_personal_number_in_a_field_is_refused_and_not_repeated(change: Any, field: str) -> None:
    (fault,) = faults_of(
        "no-4601", read(json.dumps({**SETTLED, "data": {**SETTLED["data"], **change}}).encode())
    )
    assert (fault.code, fault.field) == ("personal_number", field)
    assert NUMBER not in str(fault)


def test_a_personal_number_as_a_case_is_refused_and_not_repeated() -> None:
    told = list(faults_of("no-4601", read(json.dumps({**SETTLED, "subject": NUMBER}).encode())))
    assert "personal_number" in [fault.code for fault in told]
    assert NUMBER not in str(told)


def test_what_is_no_case_reference_is_a_fault() -> None:
    assert faults({**SETTLED, "subject": "Ada Eksempel"}) == [(1, "case_invalid", "subject")]
