"""Kinds of due rows that intake schedules."""

APPROVAL_KIND = "approval_window"
"""Ends the wait of an approval whose requirements are still missing."""
REFERRAL_KIND = "referral"
"""Publishes the referral of somebody who was known outside as one who is no minor."""
READINESS_KIND = "readiness"
"""Looks at somebody again on a day on which more is met."""
