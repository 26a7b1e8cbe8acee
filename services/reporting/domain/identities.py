"""What binds the published figures to each other, as data. A reader is taken to know all of it.

Every name stands for a count since the programme began, at one moment, or for a level at that moment.
Readings of one municipality's programmes lie side by side: each bound holds for each of them.
"""

from services.reporting.domain import figures
from services.reporting.domain.around import AWAY, MOST_PAIRS
from services.reporting.domain.outcomes import CREATED, OVER, Course, Duration, courses
from shared.values import value

ENDED = "pairs_ended"
"""Pairs created and no longer active: not published itself, but created less active."""


@value
class AtMost:
    """The sum of `less` is never more than `more`, or so many `times` that, at any moment."""

    less: tuple[str, ...]
    more: str
    times: int = 1


REFUGEES, GUIDES = figures.SETTLEMENTS_REGISTERED.name, figures.VOLUNTEERS_APPROVED.name
BOUNDS = (
    AtMost((figures.PAIRS_CREATED.name, figures.PROPOSALS_DECLINED.name), figures.PAIRS_PROPOSED.name),
    AtMost((ENDED,), figures.PAIRS_CREATED.name),
    AtMost((figures.REFUGEES_WAITING.name, figures.PAIRS_ACTIVE.name), REFUGEES),
    AtMost((figures.WOMEN_WAITING.name, figures.MEN_WAITING.name), figures.REFUGEES_WAITING.name),
    AtMost((GUIDES,), figures.VOLUNTEERS_REGISTERED.name),
    AtMost((figures.VOLUNTEERS_WITHDRAWN.name,), figures.VOLUNTEERS_REGISTERED.name),
    AtMost((*AWAY, figures.VOLUNTEERS_WAITING.name), GUIDES),
    AtMost((figures.PAIRS_ACTIVE.name,), GUIDES, MOST_PAIRS),
    AtMost(OVER, ENDED),
    AtMost((figures.PAIRS_MET_EARLY.name,), CREATED),
    AtMost((figures.PAIRS_IN_CONTACT.name,), CREATED),
)
"""No sum is known to be whole: volunteers who were approved are here, have left or were erased, and pairs end
for reasons that aren't shown. Else five parts of four each would be told by the whole.
"""

RESTS = (AtMost(OVER, ENDED),)
"""What these leave of `more` never falls either: pairs that ended otherwise."""


def in_course(duration: Duration) -> tuple[Course, ...]:
    """What any months add to an outcome is never more than what the months of these pairs' creation add to
    those created, late ones aside: packs, and so how long pairs last, are public.
    """
    return courses(duration)


WAITED = (
    (2, figures.WOMEN_WAITING.name, figures.WOMEN_MEDIAN.name),
    (10, figures.WOMEN_WAITING.name, figures.WOMEN_TENTH.name),
    (2, figures.MEN_WAITING.name, figures.MEN_MEDIAN.name),
    (10, figures.MEN_WAITING.name, figures.MEN_TENTH.name),
)
"""One of so many who wait has waited for so many days at least, and was registered before."""

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
    days: no refugee has two open pairs in a programme. So without a round it is none.
    """

    less: str
    of: str
    times: int = 1


BY_ROUNDS = (
    InEachRound(figures.PAIRS_PROPOSED.name, REFUGEES),
    InEachRound(figures.PAIRS_PROPOSED.name, GUIDES, MOST_PAIRS),
)
"""Rounds are shown as they were counted. For how many each guide is there is not published, but never for
more than MOST_PAIRS at once.
"""
