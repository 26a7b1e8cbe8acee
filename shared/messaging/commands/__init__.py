"""Operators' commands: who may, what came of it, one final reply each; the desk of dead letters."""
