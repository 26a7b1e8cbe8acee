"""The commands that intake takes: one module for each kind of subject, one record for each command."""
