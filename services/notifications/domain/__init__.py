"""Notifications' decisions: pure, standard library only."""
