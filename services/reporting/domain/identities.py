"""What binds the published figures to each other, as data. A reader is taken to know all of it.

Every name stands for a count since the programme began, at one moment, or for a level at that moment.
Readings of one municipality's programmes lie side by side: each bound holds for each of them.
"""

from services.reporting.domain import figures
from shared.values import value

ENDED = "pairs_ended"
"""Pairs created and no longer active: not published itself, but created less active."""


@value
class AtMost:
    """The sum of `less` is never more than `more`, at any moment."""

    less: tuple[str, ...]
    more: str


BOUNDS = (
    AtMost((figures.PAIRS_CREATED.name, figures.PROPOSALS_DECLINED.name), figures.PAIRS_PROPOSED.name),
    AtMost((ENDED,), figures.PAIRS_CREATED.name),
    AtMost((figures.REFUGEES_WAITING.name, figures.PAIRS_ACTIVE.name), figures.SETTLEMENTS_REGISTERED.name),
)

OF_EACH_MONTH = tuple(
    AtMost((figures.late(one.name),), one.name) for one in figures.FIGURES if one.kind == "flow"
)
"""The same of what each month counts, so far or in the end."""

ACTIVE_IS = (figures.PAIRS_CREATED.name, ENDED)
"""Pairs active are the first less the second."""

RISING = (*figures.flows(figures.ALL), *figures.flows("any"), ENDED)
"""They never fall. A month's is the difference of two moments', and a year's the sum of its months'."""

OF_ANY_DAYS = (AtMost((figures.PROPOSALS_DECLINED.name,), figures.PAIRS_PROPOSED.name),)
"""What any days add to the one is never more than what they and the days before add to the other: a proposal
is declined within the days that the pack gives for the answer, and packs are public.
"""


@value
class InEachRound:
    """What any days add to `less`, late ones aside, is at most `of` as it is then for each round of these
    days: nobody has two open pairs in a programme. So without a round it is none.
    """

    less: str
    of: str


BY_ROUNDS = (InEachRound(figures.PAIRS_PROPOSED.name, figures.SETTLEMENTS_REGISTERED.name),)
"""Rounds are shown as they were counted. How many guides there are, and for how many each, is not published:
these bound nothing that a reader could count.
"""
