"""Matching's commands on a proposal or a pair."""

from collections.abc import Mapping
from typing import Any

from tests.integration.commands import couples
from tests.integration.commands.row import Cell, NotApplicable, Refusal, Row
from tests.integration.matching.couples import TODAY

UNKNOWN = Refusal("unknown_subject", subject=couples.NO_PAIR)
ENDED = Refusal("pair_closed", given=couples.ended)
TOMORROW, YESTERDAY = "2016-06-16", "2016-06-14"


def _row(command: str, given: Any, rejected: Cell, **columns: Any) -> Row:
    standard: Mapping[str, Any] = {"unknown": UNKNOWN, "wrong_state": ENDED}
    return Row(service="matching", command=command, given=given, rejected=rejected, **{**standard, **columns})


ROWS: tuple[Row, ...] = (
    _row(
        "RecordIntroductionMeeting",
        couples.proposed_to_meet,
        Refusal("date_before_proposal", data={"held_on": YESTERDAY}, field="held_on"),
        data={"held_on": TODAY},
        events=("StepRecorded",),
        wrong_state=Refusal("already_answered", given=couples.met, data={"held_on": YESTERDAY}),
        further=(Refusal("step_not_asked", given=couples.proposed),),
    ),
    _row(
        "AnswerProposal",
        couples.proposed,
        Refusal("date_before_proposal", data={"answered_on": YESTERDAY}, field="answered_on"),
        data=couples.answer("receiving"),
        events=("AnswerRecorded",),
        result={"status": "proposed"},
        wrong_state=Refusal("pair_closed", given=couples.declined),
        further=(
            Refusal("already_answered", given=couples.answered, data={"accept": False}),
            Refusal("step_missing", given=couples.proposed_to_meet),
        ),
    ),
    _row(
        "TakeBackAnswer",
        couples.answered,
        Refusal("not_answered", data={"side": "giving"}, field="side"),
        data={"side": "receiving", "taken_back_on": TODAY},
        events=("AnswerTakenBack", "NoticeGiven proposal_reopened"),
        further=(Refusal("already_signed", given=couples.signed_by_one, data={"side": "giving"}),),
    ),
    _row(
        "SignAgreement",
        couples.agreed,
        Refusal("unknown_signatory", data={"signatory": "mayor"}, field="signatory"),
        data={"signatory": "refugee", "text_version": "1", "signed_on": TODAY},
        events=("AgreementSigned",),
        wrong_state=Refusal("not_accepted", given=couples.proposed),
        further=(
            ENDED,
            Refusal("text_version_differs", given=couples.signed_by_one, field="text_version"),
            Refusal("already_signed", given=couples.signed_by_one, data={"signatory": "guide"}),
        ),
    ),
    _row(
        "LogMeeting",
        couples.active,
        Refusal("date_before_pair", data={"held_on": YESTERDAY}, field="held_on"),
        data={"held_on": TODAY, "hours": 2},
        events=("MeetingLogged",),
        wrong_state=Refusal("not_created", given=couples.proposed),
        further=(Refusal("date_in_future", data={"held_on": TOMORROW}, field="held_on"),),
    ),
    _row(
        "RecordEvaluation",
        couples.three_months_on,
        Refusal("not_listed", data={"milestone": "two_months"}, field="milestone"),
        data={
            "side": "giving",
            "milestone": "three_months",
            "on": "2016-09-01",
            "answers": [{"question": "language_progress", "answer": 4}],
        },
        events=("PairEvaluated",),
        wrong_state=Refusal("not_created", given=couples.proposed_three_months_ago),
        further=(
            Refusal("side_not_asked", data={"side": "coordinator"}, field="side"),
            Refusal("milestone_not_due", data={"on": "2016-08-31"}, field="on"),
            Refusal("answer_invalid", data={"answers": [{"question": "would_go_on", "answer": 3}]}),
        ),
    ),
    _row(
        "ReplaceGuide",
        couples.with_another_guide,
        Refusal("not_waiting", data={"giving": couples.giving(9)}, field="giving"),
        data={"giving": couples.giving(2), "replaced_on": TODAY},
        events=("GuideReplaced", "NoticeGiven guide_replaced"),
        result={"giving": couples.giving(2)},
        further=(Refusal("not_active", given=couples.proposed),),
    ),
    _row(
        "PausePair",
        couples.active,
        Refusal("until_not_later", data={"until": TODAY}, field="until"),
        data={"paused_on": TODAY},
        events=("PairPaused",),
        result={"status": "paused"},
        further=(Refusal("not_active", given=couples.proposed),),
    ),
    _row(
        "ResumePair",
        couples.paused,
        Refusal("date_in_future", data={"resumed_on": TOMORROW}, field="resumed_on"),
        data={"resumed_on": TODAY},
        events=("PairResumed",),
        result={"status": "active"},
        further=(Refusal("not_active", given=couples.proposed),),
    ),
    _row(
        "CompletePair",
        couples.active,
        Refusal("too_early", given=couples.active_for_nine_months, field="completed_on"),
        data={"completed_on": TODAY},
        events=("PairCompleted", "NoticeGiven pair_completed"),
        result={"status": "completed"},
        further=(Refusal("not_active", given=couples.proposed),),
    ),
    _row(
        "EndPair",
        couples.active,
        Refusal("not_listed", data={"end_reason": "family_reunification"}, field="end_reason"),
        data={"end_reason": "personal_giving", "ended_on": TODAY},
        events=("PairEnded", "NoticeGiven pair_ended"),
        result={"status": "ended"},
        wrong_state=Refusal("pair_closed", given=couples.declined),
    ),
    _row(
        "ExplainPair",
        couples.proposed,
        NotApplicable("nothing but which pair it is about can be wrong with it"),
        result={"status": "proposed"},
        wrong_state=NotApplicable("why a pair was proposed is told in whatever state it is"),
    ),
)
