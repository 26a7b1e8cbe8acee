"""Matching: pools, rounds, proposals and the life of a pair."""
