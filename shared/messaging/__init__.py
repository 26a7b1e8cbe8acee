"""Delivery: every record has exactly one effect, whatever stops, repeats or overlaps."""
