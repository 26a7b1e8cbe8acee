"""Intake's decisions: pure functions on immutable states."""
