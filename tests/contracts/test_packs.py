"""The bounds of a pack's periods."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts.periods import AnswerDays, ExclusionDays, Months, number_of


@pytest.mark.parametrize(
    ("period", "least", "most", "unit"),
    [(AnswerDays, 1, 365, "D"), (ExclusionDays, 0, 3650, "D"), (Months, 1, 60, "M")],
)
def test_a_period_has_its_bounds(period: Any, least: int, most: int, unit: str) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(period)
    for number in range(least, most + 1):
        assert number_of(adapter.validate_python(f"P{number}{unit}")) == number
    for number in {-1, least - 1, most + 1, 10 * most} - {0 if least == 0 else -1}:
        with pytest.raises(ValidationError):
            adapter.validate_python(f"P{number}{unit}")
