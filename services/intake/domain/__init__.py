"""Intake's decisions: pure functions on frozen states."""
