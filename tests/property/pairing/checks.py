"""Holds what matching keeps and has published against the model."""

from collections import Counter
from datetime import date
from typing import Any

from tests.property.pairing.model import ANSWER_DAYS, Model, Pair
from tests.property.pairing.people import Told
from tests.property.pairing.town import Event, Town

FINAL = {"CommandAccepted", "CommandPreviewed", "CommandRejected"}


def name_of(event: Event) -> str:
    """An event's name."""
    return str(event["type"]).split(".")[-2]


def finals(town: Town, id_: str) -> list[Event]:
    """What a command was told in the end; the same told again is one."""
    found: list[Event] = []
    for reply in town.replies.get(id_, []):
        told = {name: reply[name] for name in ("type", "revision", "data")}
        if name_of(reply) in FINAL and told not in found:
            found.append(told)
    return found


async def check(town: Town, model: Model) -> None:
    """All that holds at every moment, and all that the model knows."""
    stored = {one["_id"]: one async for one in town.database["pairs"].find({})}
    assert stored.keys() == model.pairs.keys()
    for subject, events in town.pairs.items():
        _check_revisions(subject, events, stored, model)
    for pair in model.pairs.values():
        _check_pair(pair, _latest(town, pair.subject), stored[pair.subject])
    _check_places(list(stored.values()))
    _check_people(model)
    for id_ in town.commands:
        assert len(finals(town, id_)) <= 1, "two final replies to one command"


def _latest(town: Town, subject: str) -> dict[str, Any]:
    event = town.pairs[subject][-1]
    assert event is not None, "a pair that is there was erased"
    data: dict[str, Any] = event["data"]
    return data


def _check_revisions(subject: str, events: list[Event | None], stored: dict[str, Any], model: Model) -> None:
    """Numbered 1, 2, … to what is stored; of a pair that must not be known any more the last is null."""
    told = [one for one in events if one is not None]
    assert [one["revision"] for one in told] == list(range(1, len(told) + 1)), "a gap in the revisions"
    if subject in model.forgotten:
        assert events[-1] is None, "a pair of somebody erased is still told of"
    else:
        assert stored[subject]["state"][0] == len(told)


def _check_pair(pair: Pair, data: dict[str, Any], stored: dict[str, Any]) -> None:
    """A pair's published state, and what is stored of it, is what the model says."""
    assert stored["open"] == pair.is_open, pair
    assert (data["status"], stored["status"]) == (pair.status, pair.status), pair
    assert (data["receiving"], data["giving"]) == pair.people
    assert {one["side"]: (one["accept"], _day(one["on"])) for one in data["answers"]} == pair.answers
    assert len(data["answers"]) == len(pair.answers), "a side has answered twice"
    signed = [(one["signatory"], (one["text_version"], _day(one["on"]))) for one in data["signatures"]]
    assert sorted(signed) == sorted(pair.signatures.items())
    hours = [(_day(one["held_on"]), one["hours"]) for one in data["meetings"]]
    assert hours == sorted(pair.meetings.items()), "hours of a day are counted once, as last told"
    said = [
        (one["side"], (_day(one["on"]), one["answers"][0]["answer"])) for one in data.get("evaluations", ())
    ]
    assert sorted(said) == sorted(pair.evaluations.items()), "one evaluation of each side"
    holds = {one["by"]: _day(one["until"]) if "until" in one else None for one in data.get("holds", ())}
    assert holds == pair.holds
    former = [(one.get("giving"), _day(one["to"])) for one in data.get("former_guides", ())]
    assert former == pair.former
    assert _maybe_day(data.get("created_on")) == pair.created_on
    assert data.get("end_reason") == pair.end_reason, pair
    assert date.fromisoformat(data["respond_by"][:10]) == pair.respond_on
    pair.slot = data["slot"]
    spell = data["spells"][-1]
    pair.since = _day(spell["from"])
    assert _maybe_day(data.get("ended_on")) == (pair.since if pair.ended_on else None)
    pair.ended_on = _maybe_day(data.get("ended_on"))


def _check_places(stored: list[dict[str, Any]]) -> None:
    """Nobody has two guides in the programme, and no place of a guide two people."""
    there = [one for one in stored if one["open"]]
    refugees = Counter((one["receiving"], one["programme"]) for one in there)
    places = Counter((one["giving"], one["slot"]) for one in there)
    assert max(refugees.values(), default=1) == 1, "a refugee has two open pairs"
    assert max(places.values(), default=1) == 1, "two open pairs in one place of a guide"


def _check_people(model: Model) -> None:
    """Nobody who may not be is in an open proposal; a pair of somebody who is away pauses."""
    for pair in (one for one in model.pairs.values() if one.is_open):
        for side, person in zip(("receiving", "giving"), pair.people, strict=True):
            told = model.told[person]
            stands = told.stands(person.partition("-")[0])
            assert not told.erased, "an open pair of somebody erased"
            assert told.municipality == pair.municipality, "an open pair of somebody who has moved"
            assert stands != "gone", "an open pair of somebody who has left"
            assert (stands == "held") == (side in pair.holds), "who is away holds their pair, and nobody else"
            if pair.created_on is None:
                assert stands == "there", "an open proposal to somebody who may not be matched"
                assert told.consents, "an open proposal to somebody without consent"
            elif stands == "held":
                assert pair.status == "paused"


def adopt(town: Town, model: Model) -> list[Pair]:
    """Takes over the proposals that are new, each of which must be one that may be there now."""
    found = []
    for pair in _new(town, model):
        assert pair.respond_on == model.today + ANSWER_DAYS
        assert model.may_propose(*pair.people, pair.municipality), "a proposal that the rules forbid"
        capacity = model.told.get(pair.giving, Told()).capacity
        assert pair.slot < capacity, "a place beyond the guide's capacity"
        model.pairs[pair.subject] = pair
        found.append(pair)
    return found


def adopt_couple(town: Town, model: Model, couple: tuple[str, str]) -> bool:
    """Takes over the new proposal of two; whether there is one."""
    found = [one for one in _new(town, model) if one.people == couple]
    model.pairs |= {one.subject: one for one in found}
    return bool(found)


def _new(town: Town, model: Model) -> list[Pair]:
    found = []
    for subject, events in town.pairs.items():
        first = events[0]
        if first is not None and subject not in model.pairs.keys() | model.forgotten:
            assert name_of(first) == "PairProposed"
            found.append(_proposed(subject, first["data"]))
    return found


def _proposed(subject: str, data: dict[str, Any]) -> Pair:
    return Pair(
        subject=subject,
        municipality=data["municipality"],
        receiving=data["receiving"],
        giving=data["giving"],
        slot=data["slot"],
        proposed_on=_day(data["proposed_on"]),
        respond_on=date.fromisoformat(data["respond_by"][:10]),
        since=_day(data["proposed_on"]),
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _maybe_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
