"""Holds operators' answers to proposals, the replies, and what pairs have become against each other."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.client import read_all
from tests.faults.invariants import Verdict
from tests.faults.world import World

ANSWERED = {"AnswerRecorded", "ProposalAccepted", "ProposalDeclined"}
"""What happens to a pair by an answer, once for each side that has answered."""

Event = dict[str, Any]
Given = tuple[str, bool]
"""A side, and whether it accepts."""


@dataclass(slots=True)
class Told:
    """The commands that were sent, by id, and all that was published: replies, and states of pairs."""

    commands: dict[str, Event] = field(default_factory=dict)
    replies: list[Event] = field(default_factory=list)
    states: list[Event] = field(default_factory=list)

    def answers(self) -> list[str]:
        """The ids of the answers."""
        return [id_ for id_, one in self.commands.items() if ".AnswerProposal." in one["type"]]

    def rounds(self) -> list[str]:
        """The ids of the commands that ask for a round."""
        return [id_ for id_, one in self.commands.items() if ".RunRound." in one["type"]]

    def final(self) -> dict[str, list[Event]]:
        """The different final replies to each command, by its id; repeats of one are left out."""
        found: dict[str, dict[str, Event]] = {id_: {} for id_ in self.commands}
        for reply in self.replies:
            if not reply["type"].endswith(".CommandPending.v1"):
                content = json.dumps([reply["type"], reply["revision"], reply["data"]], sort_keys=True)
                found.setdefault(reply["subject"], {})[content] = reply
        return {id_: list(one.values()) for id_, one in found.items()}


async def read_events(world: World, names: Iterable[str]) -> list[Event]:
    """All committed events of topics, by their names without the prefix; null values are left out."""
    partitions = Counter(one.topic for one in world.observer.partitions())
    found: list[Event] = []
    for name in names:
        topic = world.prefix + name
        records = await read_all(world.servers.cluster, topic, partitions[topic])
        found += [json.loads(one.value) for one in records if one.value]
    return found


def check_answers(verdict: Verdict, told: Told, pairs: Sequence[Mapping[str, Any]], capacity: int) -> None:
    """Every command has one final reply, and every pair is what the accepted ones have made of it."""
    final = told.final()
    verdict.missing("answers", "final replies", [id_ for id_, found in final.items() if not found])
    verdict.twice("answers", "final replies", [id_ for id_, found in final.items() if len(found) > 1])
    accepted = {
        id_: found[0]["data"]
        for id_, found in final.items()
        if len(found) == 1 and found[0]["type"].endswith(".CommandAccepted.v1")
    }
    _check_places(verdict, pairs, capacity)
    _check_revisions(verdict, told, pairs)
    _check_given(verdict, told, accepted, pairs)
    _check_rounds(verdict, told, accepted, pairs)


def _check_places(verdict: Verdict, pairs: Sequence[Mapping[str, Any]], capacity: int) -> None:
    """Nobody has two guides, no guide's place two people, and no guide more than they want."""
    there = [one for one in pairs if one["open"]]
    refugees = Counter(one["receiving"] for one in there)
    places = Counter(f"{one['giving']}/{one['slot']}" for one in there)
    guides = Counter(one["giving"] for one in there)
    verdict.twice("pairs", "a refugee", [one for one, count in refugees.items() if count > 1])
    verdict.twice("pairs", "a guide's place", [one for one, count in places.items() if count > 1])
    verdict.twice("pairs", "a guide's capacity", [one for one, count in guides.items() if count > capacity])


def _check_revisions(verdict: Verdict, told: Told, pairs: Sequence[Mapping[str, Any]]) -> None:
    """Each pair's states are numbered 1, 2, … to what is stored, each number one event's."""
    numbers: dict[str, set[int]] = {}
    events: set[tuple[str, int, str]] = set()
    for state in told.states:
        numbers.setdefault(state["subject"], set()).add(state["revision"])
        events.add((state["subject"], state["revision"], state["id"]))
    stored = {one["_id"]: one["state"][0] for one in pairs}
    gaps = [
        subject
        for subject in numbers.keys() | stored.keys()
        if numbers.get(subject) != set(range(1, stored.get(subject, 0) + 1))
    ]
    verdict.missing("pairs", "revisions", gaps)
    counted = Counter((subject, revision) for subject, revision, _ in events)
    verdict.twice("pairs", "revisions", [one for (one, _), count in counted.items() if count > 1])


def _check_given(
    verdict: Verdict, told: Told, accepted: Mapping[str, Any], pairs: Sequence[Mapping[str, Any]]
) -> None:
    """A pair holds the answers that were accepted and no other, each has happened once, and it stands so."""
    given: dict[str, set[Given]] = {}
    sent: dict[str, set[Given]] = {}
    for id_ in told.answers():
        command = told.commands[id_]
        answer = command["data"]["side"], command["data"]["accept"]
        sent.setdefault(command["subject"], set()).add(answer)
        if id_ in accepted:
            given.setdefault(command["subject"], set()).add(answer)
    happened = Counter(
        subject
        for subject, _ in {
            (state["subject"], state["revision"])
            for state in told.states
            if state["type"].split(".")[-2] in ANSWERED
        }
    )
    wrong, lost, doubled = [], [], []
    for pair in pairs:
        subject, found = pair["_id"], given.get(pair["_id"], set())
        said = sent.get(subject, set())
        held = [(one["side"], one["accept"]) for one in pair["pair"]["answers"]]
        # Nothing is in the way of two that are said to accept and nothing else.
        lost += [subject] * len((said if all(accept for _, accept in said) else found) - set(held))
        doubled += [subject] * (len(held) - len({side for side, _ in held}))
        doubled += [subject] * (happened[subject] - len(held))
        if set(held) - found or pair["status"] != _stands(found):
            wrong.append(f"{subject} is {pair['status']} by {sorted(found)}, of {sorted(said)}")
    verdict.missing("answers", "accepted answers", lost)
    verdict.twice("answers", "answers", doubled)
    verdict.broken("answers", "pairs stand otherwise", wrong)


def _stands(given: set[Given]) -> str:
    """What a proposal is by its answers."""
    if any(not accept for _, accept in given):
        return "declined"
    return "accepted" if len(given) > 1 else "proposed"


def _check_rounds(
    verdict: Verdict, told: Told, accepted: Mapping[str, Any], pairs: Sequence[Mapping[str, Any]]
) -> None:
    """Each round was accepted, and has proposed as many as it says."""
    made = Counter(one["round"] for one in pairs)
    results = [accepted[id_]["result"] for id_ in told.rounds() if id_ in accepted]
    refused = [id_ for id_ in told.rounds() if id_ not in accepted]
    verdict.missing("rounds", "accepted rounds", refused)
    differ = [one["round"] for one in results if one["proposed"] != made[one["round"]]]
    verdict.broken("rounds", "proposals of a round differ from its reply", differ)
    verdict.twice(
        "rounds", "a round", [one for one, n in Counter(r["round"] for r in results).items() if n > 1]
    )
