"""The recorded example and the administrators' records: who may act, and which rules hold where."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.equality.events import (
    MUNICIPALITIES,
    WITHOUT_PROGRAMME,
    Document,
    Record,
    commands_topic,
    settlements_topic,
    structured,
)
from tests.equality.people import REFUSED
from tests.equality.pools import ORGANISATION_2

FOLDER = "examples/bergen-2016-06"
MUNICIPALITY = "no-4601"
OPERATORS = ("bergen-redcross-1", "bergen-redcross-2", "bergen-intro-1")
_PUBLIC_KEY = "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo="
"""Sealed replies open with its other half, which nobody has kept."""


def office(municipality: str) -> str:
    """The coordinator of a municipality."""
    return f"eq-{municipality}" if municipality != MUNICIPALITY else OPERATORS[0]


EVERYBODY = (*OPERATORS, *map(office, MUNICIPALITIES), ORGANISATION_2, *REFUSED)
"""Who has topics of their own."""


@dataclass(frozen=True, slots=True)
class Bergen:
    """The example's files. The pack and its version are the compared checkout's, `tree`: another release may
    write the same rules otherwise. All else is this checkout's, so that both get the same bytes.
    """

    tree: Path
    own: Path = Path(__file__).parents[2]

    def administration(self) -> Iterator[Record]:
        """Operators, the pack, and the municipalities that run it."""
        yield from self._lines(self.own, "operators.jsonl", "operators.v1")
        for name, content in _operators():
            yield structured("operators.v1", _event("OperatorRegistered", name, content))
        for record in self._lines(self.tree, "programmes.jsonl", "programmes.v1"):
            yield record
            event = json.loads(record.value or b"")
            if event["type"] == "no.kobling.ProgrammeActivated.v1":
                for municipality in MUNICIPALITIES:
                    subject = event["subject"].replace(MUNICIPALITY, municipality)
                    data = event["data"] | {"municipality": municipality}
                    yield structured("programmes.v1", event | {"subject": subject, "data": data})

    def settlements(self) -> Iterator[Record]:
        """All 32 records."""
        topic = settlements_topic(MUNICIPALITY)
        yield from self._lines(self.own, f"settlements.{MUNICIPALITY}.jsonl", topic)

    def commands(self, *operators: str) -> Iterator[Record]:
        """What these operators say; a refugee is `case:<municipality>/<case>`, as everywhere here."""
        for operator in operators:
            topic = commands_topic("intake", operator)
            yield from self._lines(self.own, f"commands.intake.{operator}.jsonl", topic)

    @staticmethod
    def _lines(tree: Path, name: str, topic: str) -> Iterator[Record]:
        for line in (tree / FOLDER / name).read_text().splitlines():
            yield Record(topic, json.loads(line)["subject"].encode(), line.encode())


def _operators() -> Iterator[tuple[str, Document]]:
    everything = ["coordinator", "approver", "dead_letters"]
    for municipality in MUNICIPALITIES:
        own: Document = {
            "organisation": "red_cross_bergen",
            "municipalities": [municipality, WITHOUT_PROGRAMME],
            "roles": everything,
        }
        if municipality != MUNICIPALITIES[-1]:
            own |= {"public_key": _PUBLIC_KEY, "key_id": "equality-1"}
        yield office(municipality), own
    yield (
        ORGANISATION_2,
        {
            "organisation": "introduction_programme_bergen",
            "municipalities": list(MUNICIPALITIES),
            "roles": ["approver"],
        },
    )
    auditor, elsewhere, expired, _ = REFUSED
    there = {"organisation": "red_cross_bergen", "municipalities": list(MUNICIPALITIES)}
    yield auditor, there | {"roles": ["auditor"]}
    yield elsewhere, there | {"municipalities": ["no-0301"], "roles": everything}
    yield expired, there | {"roles": everything, "valid_until": "2016-01-01T00:00:00Z"}


def _event(name: str, subject: str, content: Document) -> Document:
    number = sum(map(ord, subject))
    person = {"operator": subject, "person": f"person_{number}", "valid_until": "2029-12-31T23:00:00Z"}
    return {
        "specversion": "1.0",
        "id": f"00000000-0000-4000-8000-{number:012}",
        "source": "/administrators",
        "type": f"no.kobling.{name}.v1",
        "subject": subject,
        "time": "2016-02-01T07:00:00Z",
        "data": person | content,
    }
