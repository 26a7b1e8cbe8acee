"""Kinds of due rows that matching schedules."""

EXPIRE = "expire_proposal"
"""Ends a proposal that was not answered in time."""
