"""How long the property tests may take."""

import os

from hypothesis import HealthCheck, Phase, settings

SCALE = int(os.environ.get("KOBLING_PROPERTY_SCALE", "1"))
"""So many times the gate's examples; above 1 they differ from run to run, and sweeps leave nothing out."""


def profile(examples: int, steps: int) -> settings:
    """The gate's examples are the same in every run, and it does not spend minutes on making one smaller.

    There are no deadlines, since the servers are real.
    """
    return settings(
        max_examples=examples * SCALE,
        stateful_step_count=steps,
        derandomize=SCALE == 1,
        database=None,
        deadline=None,
        phases=[Phase.generate] if SCALE == 1 else [Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
