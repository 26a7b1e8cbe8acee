"""How counts are rounded, so that a published figure leaves at least five possible counts.

The rule looks at no other figure and at nothing that is withheld. For whole numbers, floor(a) + floor(b) is
never more than floor(a + b): so the counts that are published satisfy every bound of `identities` as they
stand, and of any one of them the true count may be up to four more, with those that bound it from above.
"""

BASE = 5
"""A figure is a multiple of this: counts of 0 to 4 are withheld as 0."""


def down(count: int) -> int:
    """The greatest multiple that is not more."""
    return count - count % BASE
