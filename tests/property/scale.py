"""How long the property tests may take."""

import os

SCALE = int(os.environ.get("KOBLING_PROPERTY_SCALE", "1"))
"""So many times the gate's examples; above 1 they differ from run to run, and sweeps leave nothing out."""
