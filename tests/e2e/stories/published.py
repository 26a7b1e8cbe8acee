"""What topics say of a municipality's programme."""

from collections import Counter
from dataclasses import dataclass

from deploy.demo.client import Document, event_name
from shared.contracts import topics
from shared.contracts.programmes import ProgrammePack
from tests.e2e.stories.world import World

OPEN = frozenset({"proposed", "accepted", "active", "paused"})
SIDES = ("receiving", "giving")


@dataclass(slots=True)
class Published:
    """States, rounds and figures of what `municipality` runs under `pack`."""

    world: World
    municipality: str
    pack: ProgrammePack

    @property
    def pool(self) -> str:
        """The subject of rounds."""
        return f"{self.municipality}/{self.pack.name}"

    def pairs(self, *statuses: str) -> list[Document]:
        """The programme's pairs by `pairs.v1`, of these statuses alone where any are given."""
        return [
            {"pair": subject, **document["data"]}
            for subject, document in self.world.client.states[topics.PAIRS.name].items()
            if self._is_here(document["data"]) and (not statuses or document["data"]["status"] in statuses)
        ]

    def needed(self) -> list[Document]:
        """Which guides the pool lacks, by what was told of it last."""
        told = [
            document["data"]["needs"]
            for document in self.world.client.records[topics.ROUNDS.name]
            if event_name(document) == "RecruitmentNeeded" and document["subject"] == self.pool
        ]
        return told[-1] if told else []

    def rounds_run(self) -> int:
        """How many rounds have run, on demand and by themselves."""
        records = self.world.client.records[topics.ROUNDS.name]
        return sum(
            event_name(document) == "RoundCompleted" and document["subject"] == self.pool
            for document in records
        )

    def pair(self, subject: str) -> Document:
        """One pair by `pairs.v1`."""
        state: Document = self.world.client.states[topics.PAIRS.name][subject]["data"]
        return state

    def waiting_by_topics(self) -> tuple[int, int]:
        """How many refugees and guides wait by what `refugees.v1`, `volunteers.v1` and `pairs.v1` say."""
        held = Counter(pair[side] for pair in self.pairs(*OPEN) for side in SIDES)
        states = self.world.client.states
        receiving = sum(
            held[subject] == 0
            for subject, document in states[topics.REFUGEES.name].items()
            if self._is_ready(document["data"])
        )
        giving = sum(
            held[subject] < document["data"]["capacity"]
            for subject, document in states[topics.VOLUNTEERS.name].items()
            if self._is_ready(document["data"]) and document["data"]["status"] == "approved"
        )
        return receiving, giving

    def figure(self, period: str, name: str) -> int | str | None:
        """A figure of the programme, or else of the municipality, as published for good: `open` before that,
        None where it is withheld.
        """
        published = self.world.client.states[topics.INDICATORS.name]
        for place in (self.pool, f"{self.municipality}/all"):
            shown = published.get(f"{place}/{period}")
            if shown is None or not shown["data"]["closed"]:
                return "open"
            for figure in shown["data"]["figures"]:
                if figure["name"] == name:
                    value: int | None = figure.get("value")
                    return value
        raise LookupError(f"no figure {name}")

    def _is_here(self, state: Document) -> bool:
        return (state["municipality"], state["programme"]) == (self.municipality, self.pack.name)

    def _is_ready(self, state: Document) -> bool:
        return state["municipality"] == self.municipality and any(
            part["programme"] == self.pack.name and part["status"] == "ready"
            for part in state.get("participations", ())
        )
