"""Operators' commands to matching, a module for what each is about: every command is one specification."""
