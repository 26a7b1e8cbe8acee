"""Commands on pairs, made of a pair and a few numbers."""

from datetime import timedelta
from typing import Any

from tests.property.pairing.desk import PROPOSING, Order
from tests.property.pairing.life import Life
from tests.property.pairing.model import SIDES, Pair
from tests.property.pairing.town import HERE, POOL

NAMES = (
    *("RecordIntroductionMeeting", "AnswerProposal", "AnswerProposal", "AnswerProposal", "TakeBackAnswer"),
    *("SignAgreement", "LogMeeting", "LogMeeting", "LogMeeting", "RecordEvaluation", "RecordEvaluation"),
    *("PausePair", "ResumePair", "CompletePair", "EndPair", "ReplaceGuide", "ReplaceGuide"),
)
"""Each as often as it is to be met."""
HOURS = (2.0, 1.5, 0.0, 3.0, 0.5, 2.0, 25.0, 1.0)
REASONS = ("mismatched_expectations", "personal_giving", "personal_receiving", "moved")
"""The last is none of the pack's."""
SIGNATORY = {"receiving": "refugee", "giving": "guide"}


UNDECIDED, GOING = frozenset({"proposed", "accepted", "expired"}), frozenset({"active", "paused"})
FITTING = {
    "AnswerProposal": frozenset({"proposed", "expired"}),
    "TakeBackAnswer": frozenset({"accepted", "declined"}),
    "RecordIntroductionMeeting": UNDECIDED,
    "SignAgreement": frozenset({"accepted"}) | GOING,
    **dict.fromkeys(("LogMeeting", "RecordEvaluation"), GOING | {"ended", "completed"}),
}
"""The statuses in which a command may do something; of all others those of a pair that goes on."""
AGREEING = ("AnswerProposal", "SignAgreement")
Step = tuple[int, str, int, str, int, bool]
"""Which pair, the command's name, how many days ago, a side, a number that the rest is made of, and whether
it may be a dry run.
"""


def orders_of(life: Life, steps: list[Step]) -> list[Order]:
    """Commands on pairs, three in four of them on a pair that they suit."""
    found = []
    for which, name, ago, side, number, tries in steps:
        pair = life.pair(which, FITTING.get(name, GOING)) if which % 4 else life.pair(which)
        if pair is not None:
            dry = tries and number % 3 == 0
            found.append(order(life, name, pair, ago=ago, side=side, number=number, dry=dry))
    return found


def on_couple(life: Life, name: str, numbers: tuple[int, int], *, suits: bool) -> Order:
    """A command on two: any two, or, where it `suits`, two whom it does something to, if there are any."""
    model, (one, other) = life.model, numbers
    any_two = life.refugees[one % len(life.refugees)], life.volunteers[other % len(life.volunteers)]
    apart = [pair.people for pair in model.pairs.values() if model.apart(*pair.people, HERE)]
    suiting = model.couples(HERE) if name == "ProposePair" else apart
    receiving, giving = suiting[one % len(suiting)] if suits and suiting else any_two
    return name, POOL, {**PROPOSING, "receiving": receiving, "giving": giving}, False


def agreement(life: Life, pair: Pair, steps: int = 5, *, declines: bool = False) -> list[Order]:
    """The first of these steps, all of today: the two meet, both accept, both sign. Where somebody `declines`
    the last answer is a no.
    """
    orders = [order(life, "RecordIntroductionMeeting", pair, ago=0, side="giving")]
    orders += [order(life, name, pair, ago=0, side=side) for name in AGREEING for side in SIDES]
    some = orders[:steps]
    if declines and some[-1][0] == AGREEING[0]:
        some[-1] = order(life, AGREEING[0], pair, ago=0, side=SIDES[steps - 2], number=0)
    return some


def order(
    life: Life, name: str, pair: Pair, *, ago: int, side: str, number: int = 1, dry: bool = False
) -> Order:
    """A command on a pair that says something happened so many days ago."""
    on = (life.model.today - timedelta(days=ago)).isoformat()
    until = (life.model.today + timedelta(days=number % 9)).isoformat()
    guide = life.volunteers[number % len(life.volunteers)]
    said: dict[str, dict[str, Any]] = {
        "RecordIntroductionMeeting": {"held_on": on},
        "AnswerProposal": {"side": side, "accept": number % 4 != 0, "answered_on": on},
        "TakeBackAnswer": {"side": side, "taken_back_on": on},
        "SignAgreement": {
            "signatory": SIGNATORY[side],
            "text_version": "2" if number % 10 == 9 else "1",
            "signed_on": on,
        },
        "LogMeeting": {"held_on": on, "hours": HOURS[number % len(HOURS)]},
        "RecordEvaluation": {
            "side": side,
            "milestone": "one_month",
            "on": on,
            "answers": [{"question": "would_go_on", "answer": number % 2 == 0}],
        },
        "PausePair": {"paused_on": on, **({"until": until} if number % 3 else {})},
        "ResumePair": {"resumed_on": on},
        "CompletePair": {"completed_on": on},
        "EndPair": {"end_reason": REASONS[number % len(REASONS)], "ended_on": on},
        "ReplaceGuide": {"giving": guide, "replaced_on": on},
    }
    return name, pair.subject, said[name], dry
