"""What each command on a pair does, and whether it is accepted: plain steps on the model's pairs."""

from collections.abc import Callable
from datetime import date
from typing import Any

from tests.property.pairing.model import (
    ANSWER_DAYS,
    AT_LEAST,
    COMPLETION,
    ENDINGS,
    EVALUATION_DAYS,
    MILESTONE,
    RECORDED_DAYS,
    Model,
    Pair,
    months_after,
)

Data = dict[str, Any]


def _day(data: Data, name: str) -> date:
    return date.fromisoformat(data[name])


def _has_come(model: Model, pair: Pair, on: date) -> bool:
    return pair.proposed_on <= on <= model.today


def meet(model: Model, pair: Pair, data: Data) -> bool:
    """RecordIntroductionMeeting."""
    on = _day(data, "held_on")
    if pair.met_on == on:
        return True
    if pair.status not in {"proposed", "accepted", "expired", "active", "paused"} or pair.answers:
        return False
    if not _has_come(model, pair, on):
        return False
    pair.met_on = on
    return True


def answer(model: Model, pair: Pair, data: Data) -> bool:
    """AnswerProposal."""
    side, accept, on = data["side"], data["accept"], _day(data, "answered_on")
    if side in pair.answers and pair.status not in {"ended", "completed"}:
        return pair.answers[side][0] is bool(accept)
    is_late = pair.status == "expired" or model.today > pair.respond_on
    if not _may_answer(model, pair, on, is_late=is_late):
        return False
    if is_late and accept:
        if not pair.is_open and not model.could_open(*pair.people, pair.municipality):
            return False
        pair.status, pair.respond_on = "proposed", model.today + ANSWER_DAYS
    pair.answers[side] = accept, on
    if not accept:
        pair.become("declined", on)
    elif len(pair.answers) > 1:
        pair.become("accepted", *(day for _, day in pair.answers.values()))
    return True


def _may_answer(model: Model, pair: Pair, on: date, *, is_late: bool) -> bool:
    """Whether an answer that was given on a day still counts."""
    if pair.status in {"ended", "completed", "declined"} or not _has_come(model, pair, on):
        return False
    if is_late and (on > pair.respond_on or model.today > pair.respond_on + RECORDED_DAYS):
        return False
    return pair.met_on is not None and on >= pair.met_on


def take_back(model: Model, pair: Pair, data: Data) -> bool:
    """TakeBackAnswer."""
    side, on = data["side"], _day(data, "taken_back_on")
    if pair.status in {"ended", "completed", "expired"} or side not in pair.answers or pair.signatures:
        return False
    if not _has_come(model, pair, on) or on < pair.answers[side][1]:
        return False
    is_late = model.today > pair.respond_on
    if pair.status == "declined":
        if model.today > pair.since + RECORDED_DAYS:
            return False
        if not model.could_open(*pair.people, pair.municipality):
            return False
    if is_late:
        pair.respond_on = model.today + ANSWER_DAYS
    del pair.answers[side]
    if pair.status != "proposed":
        pair.become("proposed", on)
    return True


def sign(model: Model, pair: Pair, data: Data) -> bool:
    """SignAgreement."""
    who, text, on = data["signatory"], data["text_version"], _day(data, "signed_on")
    if pair.status not in {"accepted", "active", "paused"}:
        return False
    if who in pair.signatures:
        return pair.signatures[who][0] == str(text)
    if pair.created_on is not None and not pair.former:
        return False
    if any(other != text for other, _ in pair.signatures.values()) or not _has_come(model, pair, on):
        return False
    pair.signatures[who] = text, on
    if pair.created_on is None and len(pair.signatures) > 1:
        pair.become("active", *(day for _, day in pair.signatures.values()))
        pair.created_on = pair.since
    return True


def log_meeting(model: Model, pair: Pair, data: Data) -> bool:
    """LogMeeting: one a day, a later record replaces it, and none of no hours."""
    on, hours = _day(data, "held_on"), data["hours"]
    if pair.created_on is None or hours > 24 or not pair.created_on <= on <= model.today:
        return False
    if pair.ended_on is not None and on > pair.ended_on:
        return False
    pair.meetings.pop(on, None)
    if hours:
        pair.meetings[on] = hours
    return True


def evaluate(model: Model, pair: Pair, data: Data) -> bool:
    """RecordEvaluation: one for each side, a later record replaces it."""
    side, on = data["side"], _day(data, "on")
    if pair.created_on is None or side == "coordinator":
        return False
    first = months_after(pair.created_on, MILESTONE) - EVALUATION_DAYS
    if not first <= on <= model.today or (pair.ended_on is not None and pair.ended_on < first):
        return False
    pair.evaluations[side] = on, data["answers"][0]["answer"]
    return True


def pause(model: Model, pair: Pair, data: Data) -> bool:
    """PausePair."""
    on = _day(data, "paused_on")
    until = _day(data, "until") if "until" in data else None
    if not pair.is_open or pair.created_on is None or not _has_come(model, pair, on):
        return False
    if until is not None and until <= model.today:
        return False
    pair.holds["coordinator"] = until
    if pair.status != "paused":
        pair.become("paused", on)
    return True


def resume(model: Model, pair: Pair, data: Data) -> bool:
    """ResumePair: what holds a side holds on."""
    on = _day(data, "resumed_on")
    if not pair.is_open or pair.created_on is None or not _has_come(model, pair, on):
        return False
    pair.release("coordinator", on)
    return True


def complete(model: Model, pair: Pair, data: Data) -> bool:
    """CompletePair."""
    on = _day(data, "completed_on")
    if pair.status == "completed":
        return True
    if not pair.is_open or pair.created_on is None or not _has_come(model, pair, on):
        return False
    if on < months_after(pair.created_on, AT_LEAST):
        return False
    pair.over("completed", on, None, COMPLETION)
    return True


def end(model: Model, pair: Pair, data: Data) -> bool:
    """EndPair."""
    reason, on = data["end_reason"], _day(data, "ended_on")
    if reason not in ENDINGS:
        return False
    if pair.status == "ended" and (pair.end_reason, pair.ended_on, pair.outcome) == (
        reason,
        on,
        ENDINGS[reason],
    ):
        return True
    if not pair.is_open or not _has_come(model, pair, on):
        return False
    pair.over("ended", on, reason, ENDINGS[reason])
    return True


def replace_guide(model: Model, pair: Pair, data: Data) -> bool:
    """ReplaceGuide: what held the former guide holds no more, and the new one has yet to sign."""
    guide, on = data["giving"], _day(data, "replaced_on")
    if guide == pair.giving:
        return True
    if not pair.is_open or pair.created_on is None or not _has_come(model, pair, on):
        return False
    if not model.may_propose(pair.receiving, guide, pair.municipality, pair.subject):
        return False
    if on < max([pair.created_on, *(to for _, to in pair.former)]):
        return False
    pair.former.append((pair.giving, on))
    pair.giving = guide
    pair.release("giving", on)
    pair.signatures.pop("guide", None)
    return True


STEPS: dict[str, Callable[[Model, Pair, Data], bool]] = {
    "RecordIntroductionMeeting": meet,
    "AnswerProposal": answer,
    "TakeBackAnswer": take_back,
    "SignAgreement": sign,
    "LogMeeting": log_meeting,
    "RecordEvaluation": evaluate,
    "PausePair": pause,
    "ResumePair": resume,
    "CompletePair": complete,
    "EndPair": end,
    "ReplaceGuide": replace_guide,
}
"""By the command's name."""
