"""Notifications: tells both sides of a pair by e-mail, and tells the others that it did."""
