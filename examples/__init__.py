"""Inputs to try Kobling with, and what makes them."""
