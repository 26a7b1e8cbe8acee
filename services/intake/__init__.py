"""Intake: who has been settled, who volunteers, what they agreed to, and when they may be matched."""
