"""Commands on pairs, made of a pair and a few numbers."""

from datetime import timedelta
from typing import Any

from tests.property.pairing.life import Life, Order
from tests.property.pairing.model import Pair

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
