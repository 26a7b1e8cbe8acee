"""Contract events and replies ↔ domain; packs are mapped in `packs`."""

from dataclasses import replace
from typing import Any, TypeVar

from pydantic import TypeAdapter

from services.matching import receipts
from services.matching.domain.notices import Told
from services.matching.domain.pair import (
    Answer,
    EndReason,
    Evaluation,
    Fact,
    FormerGuide,
    Hold,
    Meeting,
    Milestone,
    Outcome,
    Pair,
    PairStatus,
    Signature,
    Spell,
    StepHeld,
)
from services.matching.domain.party import Availability, Expectations, Giving, Pool, Receiving
from services.matching.domain.waiting import Party, Waits
from services.matching.readers import PersonRead, RefugeeRead, VolunteerRead
from shared.contracts import topics
from shared.contracts.catalogue import events_of
from shared.contracts.matching import states as public
from shared.contracts.notices import Notice
from shared.languages import spoken_language
from shared.values import fields_of

EVENTS = events_of(Fact, topics.PAIRS)

P = TypeVar("P", Receiving, Giving)

_STATUS: TypeAdapter[PairStatus] = TypeAdapter(PairStatus)


_HELD = {"approved": {"lapsed"}, "lapsed": {"lapsed"}, "paused": {"lapsed", "ready"}}
"""By a volunteer's status, which of their participations are held."""


def receiving(subject: str, state: RefugeeRead) -> Party | None:
    """A refugee who may be matched somewhere, or may again; None for all others."""
    waits = _waits(state) if state.status == "ready" else ()
    held = _held(state, {"lapsed"}) if state.status in {"consented", "ready"} else ()
    formerly, lacks = tuple(state.former_codes or ()), _lacks(state)
    if not waits:
        return Party(state.municipality, held=held, lacks=lacks, formerly=formerly) if held or lacks else None
    attributes = Receiving(
        subject=subject,
        municipality=state.municipality,
        ready_since=min(wait.since for wait in waits),
        wished_gender=state.wishes.guide_gender if state.wishes else None,
        interpreter_ok=state.wishes.interpreter_ok if state.wishes else False,
        **_attributes(state),
    )
    return Party(state.municipality, attributes, waits, held, lacks, formerly=formerly)


def giving(subject: str, state: VolunteerRead) -> Party | None:
    """A volunteer who may be matched somewhere, or may again; None for all others."""
    waits = _waits(state) if state.status == "approved" else ()
    held = _held(state, _HELD.get(state.status, set()))
    formerly, lacks = tuple(state.former_codes or ()), _lacks(state)
    if not waits:
        return Party(state.municipality, held=held, lacks=lacks, formerly=formerly) if held or lacks else None
    attributes = Giving(
        subject=subject,
        municipality=state.municipality,
        ready_since=min(wait.since for wait in waits),
        wished_gender=state.wishes.guide_gender if state.wishes else None,
        capacity=state.capacity,
        checks=frozenset(check.kind for check in state.checks),
        **_attributes(state),
    )
    return Party(state.municipality, attributes, waits, held, lacks, formerly=formerly)


def _waits(state: PersonRead) -> tuple[Waits, ...]:
    return tuple(
        Waits(part.programme, part.pack_version, part.ready_since)
        for part in state.participations
        if part.status == "ready" and part.ready_since is not None
    )


def _held(state: PersonRead, statuses: set[str]) -> tuple[str, ...]:
    return tuple(part.programme for part in state.participations if part.status in statuses)


def _lacks(state: PersonRead) -> dict[str, tuple[str, ...]]:
    """What is missing where they have joined and were never ready."""
    return {
        part.programme: tuple(part.missing)
        for part in state.participations
        if part.status in {"joined", "consented"} and part.missing
    }


def _attributes(state: PersonRead) -> dict[str, Any]:
    household, expects, free = state.household, state.expectations, state.availability
    return {
        "birth_year": state.birth_year,
        "gender": state.gender,
        "languages": tuple((language.code, language.level) for language in state.languages),
        "adults": household.adults if household else 0,
        "minors": household.minors if household else 0,
        "household_ref": household.ref if household else None,
        "occupation_field": state.occupation_field,
        "education_level": state.education_level,
        "interests": frozenset(state.interests),
        "expectations": None if expects is None else Expectations(expects.weekly_hours, expects.contact),
        "availability": Availability()
        if free is None
        else Availability(free.weekday_morning, free.weekday_afternoon, free.weekday_evening, free.weekend),
    }


def compared(pool: Pool) -> Pool:
    """A pool as it is solved: with the language behind each tag, which others may have under another tag.

    Tags stay in the parties as their states have them, so that what two people share can be said anew.
    """
    return replace(
        pool,
        receiving=tuple(_speaking(party) for party in pool.receiving),
        giving=tuple(_speaking(party) for party in pool.giving),
    )


def _speaking(party: P) -> P:
    return replace(party, languages=tuple((spoken_language(tag), level) for tag, level in party.languages))


def pair_state(pair: Pair) -> public.PairState:
    """A pair's whole public state."""
    return public.PairState.model_validate(
        {
            "municipality": pair.municipality,
            "former_codes": list(pair.formerly) or None,
            "programme": pair.programme,
            "pack_version": pair.pack_version,
            "receiving": pair.receiving,
            "giving": pair.giving,
            "relation": pair.relation,
            "slot": pair.slot,
            "coordinator": pair.coordinator,
            "status": pair.status,
            "spells": [
                {"status": spell.status, "from": spell.since, "to": spell.to} for spell in pair.spells
            ],
            "receipt": receipts.fields(pair.receipt),
            "answers": [{"side": item.side, "accept": item.accept, "on": item.on} for item in pair.answers],
            "respond_by": pair.respond_by,
            "signatures": [
                {"signatory": item.signatory, "text_version": item.text_version, "on": item.on}
                for item in pair.signatures
            ],
            "proposed_on": pair.proposed_on,
            "steps": [fields_of(step) for step in pair.steps],
            **_course(pair),
        }
    )


def notice(pair: Pair, told: Told) -> Notice:
    """What coordinators are told of a pair."""
    return Notice(
        code=told.code,
        municipality=pair.municipality,
        programme=pair.programme,
        about=[pair.receiving, pair.giving, *told.others],
        on=told.on,
        due_on=told.due_on,
        details=list(told.details),
    )


def _course(pair: Pair) -> dict[str, Any]:
    """What happened to it once all had signed, and its end."""
    return {
        "created_on": pair.created_on,
        "ends_on": pair.ends_on,
        "meetings": [fields_of(meeting) | _former_guide(pair, meeting) for meeting in pair.meetings],
        "holds": [fields_of(hold) for hold in pair.holds],
        "ended_on": pair.ended_on,
        "end_reason": pair.end_reason,
        "outcome": None if pair.outcome is None else fields_of(pair.outcome),
        "former_guides": [
            {"giving": item.giving, "from": item.since, "to": item.to, "allowed_on": item.allowed_on}
            for item in pair.former_guides
        ],
        "milestones": [fields_of(item) | {"asks": list(item.asks)} for item in pair.milestones],
        "evaluations": [
            fields_of(item) | {"answers": [{"question": code, "answer": said} for code, said in item.answers]}
            for item in pair.evaluations
        ],
        "allowed_on": pair.allowed_on,
    }


def _former_guide(pair: Pair, meeting: Meeting) -> dict[str, str | None]:
    """With whom a meeting was, where that was a former guide."""
    guide = pair.guide_on(meeting.held_on)
    return {} if guide == pair.giving else {"giving": guide}


def pair(subject: str, state: public.PairState) -> Pair:
    """A pair as its public state tells it; raises ValueError where a release before slots wrote it."""
    if state.relation is None or state.slot is None or state.respond_by is None:
        raise ValueError(f"the state of {subject} holds no relation, slot or respond_by")
    return Pair(
        subject=subject,
        municipality=state.municipality,
        programme=state.programme,
        pack_version=state.pack_version,
        relation=state.relation,
        receiving=state.receiving,
        giving=state.giving,
        coordinator=state.coordinator,
        status=state.status,
        spells=tuple(
            Spell(_STATUS.validate_python(spell.status), spell.since, spell.to) for spell in state.spells
        ),
        receipt=receipts.read(state.receipt),
        slot=state.slot,
        proposed_on=state.proposed_on,
        respond_by=state.respond_by,
        answers=tuple(Answer(answer.side, answer.accept, answer.on) for answer in state.answers),
        signatures=tuple(Signature(item.signatory, item.text_version, item.on) for item in state.signatures),
        created_on=state.created_on,
        ends_on=state.ends_on,
        meetings=tuple(Meeting(item.held_on, item.hours) for item in state.meetings),
        holds=tuple(Hold(item.by, item.since, item.until) for item in state.holds),
        ended_on=state.ended_on,
        end_reason=None if state.end_reason is None else EndReason(state.end_reason),
        outcome=_outcome(state.outcome),
        steps=tuple(StepHeld(item.step, item.held_on) for item in state.steps),
        former_guides=tuple(_former(item) for item in state.former_guides),
        milestones=tuple(
            Milestone(item.name, item.due_on, tuple(item.asks), item.status) for item in state.milestones
        ),
        evaluations=tuple(_evaluation(item) for item in state.evaluations),
        allowed_on=state.allowed_on,
        formerly=tuple(state.former_codes or ()),
    )


def _former(told: public.FormerGuide) -> FormerGuide:
    return FormerGuide(told.giving, told.since, told.to, told.allowed_on)


def _outcome(outcome: public.PairOutcome | None) -> Outcome | None:
    if outcome is None:
        return None
    return Outcome(outcome.receiving, outcome.giving, outcome.may_meet_again)


def _evaluation(said: public.Evaluation) -> Evaluation:
    answers = tuple((item.question, item.answer) for item in said.answers)
    return Evaluation(said.milestone, said.side, said.on, answers)
