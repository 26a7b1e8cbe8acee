"""Kinds of due rows that matching schedules for a pair, each of which has one row of it at most."""

EXPIRE = "expire_proposal"
"""Ends a proposal that was not answered in time."""
RESUME = "resume_pair"
"""Has a pair go on whose pause is over."""
COMPLETE = "complete_pair"
"""Completes a pair that has lasted as long as its pack allows."""
MILESTONE = "milestone_due"
"""Has a milestone of a pair come due, or be overdue."""
PAIR_KINDS = (EXPIRE, RESUME, COMPLETE, MILESTONE)
