"""What reporting publishes: indicators of a municipality's programme in a period."""

from typing import Annotated

from pydantic import StringConstraints

from shared.contracts import topics
from shared.contracts.example import example
from shared.contracts.fields import Code, Contract, Count, Municipality, ProgrammeName
from shared.contracts.message import event

Period = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2})?$")]
"""A calendar year or month in UTC: `2016` or `2016-06`."""


class Figure(Contract):
    """A count of people or pairs; where it is small, `value` is absent and `suppressed` true."""

    name: Code
    value: Count | None = None
    suppressed: bool = False


class IndicatorsPublished(Contract):
    """All figures of one municipality, programme and period; `closed` figures never change again.

    `programme` is `all` for what belongs to the municipality and to no programme.
    """

    model_config = example(
        {
            "period": "2026-11",
            "closed": True,
            "figures": [
                {"name": "pairs_created", "value": 23},
                {"name": "proposals_declined", "suppressed": True},
            ],
        },
        revision=31,
    )

    municipality: Municipality
    programme: ProgrammeName
    period: Period
    closed: bool
    figures: list[Figure]


INDICATORS_PUBLISHED = event(topics.INDICATORS, IndicatorsPublished)
