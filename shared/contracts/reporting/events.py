"""What reporting publishes: indicators of a municipality's programme in a period."""

from typing import Annotated

from pydantic import StringConstraints

from shared.contracts import topics
from shared.contracts.example import example
from shared.contracts.fields import Code, Contract, Count, Municipality, ProgrammeName
from shared.contracts.message import event

Period = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2})?$")]
"""A calendar year or month by the municipality's clock: `2016` or `2016-06`."""


class Figure(Contract):
    """A count; where it is small, `value` is absent and `suppressed` true. `late` of the value fell in an
    earlier period, which was closed already.
    """

    name: Code
    value: Count | None = None
    suppressed: bool = False
    late: Count | None = None


class IndicatorsPublished(Contract):
    """All figures of one municipality, programme and period; `closed` figures never change again.

    `programme` is `all` for what belongs to the municipality and to no programme.
    """

    model_config = example(
        {
            "period": "2026-11",
            "closed": True,
            "figures": [
                {"name": "pairs_created", "value": 25, "late": 5},
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
