"""Reporting's decisions: what counts, in which period, and what of it may be known."""
