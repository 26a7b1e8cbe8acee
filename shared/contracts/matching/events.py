"""What matching publishes: pairs and rounds."""

from shared.contracts import topics
from shared.contracts.example import OPERATOR, VOLUNTEER_BEFORE, Data, Example
from shared.contracts.matching.rounds import RecruitmentNeeded, RoundCompleted
from shared.contracts.matching.states import PairState
from shared.contracts.message import event

_PROPOSED = {"status": "proposed", "from": "2026-11-18", "to": "2026-11-20"}


_ACCEPTED = {"status": "accepted", "from": "2026-11-20", "to": "2026-11-22"}


_YES = {"side": "receiving", "accept": True, "on": "2026-11-19"}


_NO = {"side": "giving", "accept": False, "on": "2026-11-19"}


_BOTH_ACCEPTED: Data = {
    "status": "accepted",
    "spells": [_PROPOSED, {"status": "accepted", "from": "2026-11-20"}],
    "answers": [_YES, {"side": "giving", "accept": True, "on": "2026-11-20"}],
}


_SIGNATURES = [
    {"signatory": signatory, "text_version": "agreement-2026-1", "on": "2026-11-22"}
    for signatory in ("refugee", "guide", "red_cross_bergen")
]


_CREATED: Data = {
    **_BOTH_ACCEPTED,
    "status": "active",
    "spells": [_PROPOSED, _ACCEPTED, {"status": "active", "from": "2026-11-22"}],
    "signatures": _SIGNATURES,
    "created_on": "2026-11-22",
}


_ACTIVE = {"status": "active", "from": "2026-11-22", "to": "2026-12-20"}


_MEETINGS: Data = {**_CREATED, "meetings": [{"held_on": "2026-12-02", "hours": 2.0}]}


_PAUSED: Data = {
    **_MEETINGS,
    "status": "paused",
    "spells": [_PROPOSED, _ACCEPTED, _ACTIVE, {"status": "paused", "from": "2026-12-20"}],
    "holds": [{"by": "coordinator", "since": "2026-12-20", "until": "2027-01-10"}],
}


_RESUMED: Data = {
    **_MEETINGS,
    "spells": [
        _PROPOSED,
        _ACCEPTED,
        _ACTIVE,
        {"status": "paused", "from": "2026-12-20", "to": "2027-01-08"},
        {"status": "active", "from": "2027-01-08"},
    ],
}


_PLANNED: Data = {
    "name": "three_months",
    "due_on": "2027-02-22",
    "asks": ["receiving", "giving"],
    "status": "planned",
}


def _milestone(status: str) -> Data:
    return {**_MEETINGS, "milestones": [{**_PLANNED, "status": status}]}


_EVALUATED: Data = {
    **_milestone("due"),
    "evaluations": [
        {
            "milestone": "three_months",
            "side": "giving",
            "on": "2027-02-22",
            "answers": [
                {"question": "language_progress", "answer": 4},
                {"question": "would_go_on", "answer": True},
            ],
        }
    ],
}


_REPLACED: Data = {
    **_MEETINGS,
    "signatures": [item for item in _SIGNATURES if item["signatory"] != "guide"],
    "meetings": [{"held_on": "2026-12-02", "hours": 2.0, "giving": VOLUNTEER_BEFORE}],
    "former_guides": [{"giving": VOLUNTEER_BEFORE, "from": "2026-11-22", "to": "2027-01-15"}],
}


_COMPLETED: Data = {
    **_MEETINGS,
    "status": "completed",
    "spells": [
        _PROPOSED,
        _ACCEPTED,
        {"status": "active", "from": "2026-11-22", "to": "2027-09-01"},
        {"status": "completed", "from": "2027-09-01"},
    ],
    "ended_on": "2027-09-01",
    "outcome": {"receiving": "rests", "giving": "waits", "may_meet_again": False},
}


_ENDED: Data = {
    **_CREATED,
    "status": "ended",
    "spells": [
        _PROPOSED,
        _ACCEPTED,
        {"status": "active", "from": "2026-11-22", "to": "2027-03-01"},
        {"status": "ended", "from": "2027-03-01"},
    ],
    "ended_on": "2027-03-01",
    "end_reason": "moved",
}


def _closed(status: str, on: str) -> Data:
    return {"status": status, "spells": [{**_PROPOSED, "to": on}, {"status": status, "from": on}]}


PAIR_PROPOSED = event(topics.PAIRS, PairState, "PairProposed")


ANSWER_RECORDED = event(topics.PAIRS, PairState, "AnswerRecorded", Example({"answers": [_YES]}, revision=2))


PROPOSAL_ACCEPTED = event(topics.PAIRS, PairState, "ProposalAccepted", Example(_BOTH_ACCEPTED, revision=3))


PROPOSAL_DECLINED = event(
    topics.PAIRS,
    PairState,
    "ProposalDeclined",
    Example({**_closed("declined", "2026-11-19"), "answers": [_NO]}, revision=2),
)


PROPOSAL_EXPIRED = event(
    topics.PAIRS, PairState, "ProposalExpired", Example(_closed("expired", "2026-12-02"), revision=2)
)


PROPOSAL_REOPENED = event(
    topics.PAIRS,
    PairState,
    "ProposalReopened",
    Example({"answers": [_YES], "respond_by": "2026-12-18T22:59:59Z"}, revision=3),
)


ANSWER_TAKEN_BACK = event(
    topics.PAIRS,
    PairState,
    "AnswerTakenBack",
    Example(
        {
            "spells": [_PROPOSED, _ACCEPTED, {"status": "proposed", "from": "2026-11-22"}],
            "answers": [_YES],
        },
        revision=4,
    ),
)


STEP_RECORDED = event(
    topics.PAIRS,
    PairState,
    "StepRecorded",
    Example({"steps": [{"step": "introduction_meeting", "held_on": "2026-11-19"}]}, revision=2),
)


COUPLE_ALLOWED = event(
    topics.PAIRS,
    PairState,
    "CoupleAllowed",
    Example({**_closed("declined", "2026-11-19"), "answers": [_NO], "allowed_on": "2026-12-01"}, revision=3),
)


COORDINATOR_CHANGED = event(
    topics.PAIRS, PairState, "CoordinatorChanged", Example({"coordinator": OPERATOR}, revision=2)
)


AGREEMENT_SIGNED = event(
    topics.PAIRS,
    PairState,
    "AgreementSigned",
    Example({**_BOTH_ACCEPTED, "signatures": _SIGNATURES[:1]}, revision=4),
)


PAIR_CREATED = event(topics.PAIRS, PairState, "PairCreated", Example(_CREATED, revision=7))


MEETING_LOGGED = event(topics.PAIRS, PairState, "MeetingLogged", Example(_MEETINGS, revision=8))


PAIR_PAUSED = event(topics.PAIRS, PairState, "PairPaused", Example(_PAUSED, revision=9))


PAIR_RESUMED = event(topics.PAIRS, PairState, "PairResumed", Example(_RESUMED, revision=10))


GUIDE_REPLACED = event(topics.PAIRS, PairState, "GuideReplaced", Example(_REPLACED, revision=9))


MILESTONE_DUE = event(topics.PAIRS, PairState, "MilestoneDue", Example(_milestone("due"), revision=9))


MILESTONE_OVERDUE = event(
    topics.PAIRS, PairState, "MilestoneOverdue", Example(_milestone("overdue"), revision=10)
)


PAIR_EVALUATED = event(topics.PAIRS, PairState, "PairEvaluated", Example(_EVALUATED, revision=10))


PAIR_CORRECTED = event(
    topics.PAIRS,
    PairState,
    "PairCorrected",
    Example(
        {**_MEETINGS, "former_guides": [{"from": "2026-11-22", "to": "2027-01-15"}]},
        revision=11,
    ),
)


PAIR_COMPLETED = event(topics.PAIRS, PairState, "PairCompleted", Example(_COMPLETED, revision=9))


PAIR_ENDED = event(topics.PAIRS, PairState, "PairEnded", Example(_ENDED, revision=8))


PAIR_UPDATED = event(
    topics.PAIRS,
    PairState,
    "PairUpdated",
    Example({**_CREATED, "municipality": "no-4602", "former_codes": ["no-4601"]}, revision=8),
)


ROUND_COMPLETED = event(topics.ROUNDS, RoundCompleted)


RECRUITMENT_NEEDED = event(topics.ROUNDS, RecruitmentNeeded)
