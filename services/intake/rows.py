"""Kinds of due rows that intake schedules."""

APPROVAL_KIND = "approval_window"
"""Ends the wait of an approval whose requirements are still missing."""
READINESS_KIND = "readiness"
"""Looks at somebody again on a day on which more is met."""
