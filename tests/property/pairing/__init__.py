"""Intake and matching side by side on the real database, held against a plain model."""

import pytest

pytest.register_assert_rewrite("tests.property.pairing.checks")
