"""What municipalities send: settlements, corrections and departures of every kind, sound and not."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.equality.events import (
    Document,
    Record,
    binary,
    new_id,
    settlement_event,
    settlements_topic,
    structured,
)
from tests.equality.poison import (
    spoiled,
)
from tests.equality.settlement_faults import ODD_CASES, WAYS

LANGUAGES = ("ti", "ar", "so", "prs", "kmr", "ar-SY")
"""None of them is a volunteer's in `people`, so that only those whom `pools` makes can be paired."""
GIVEN_NAMES = ("Ada", "Yonas", "Åse", "Zoë", "محمد", "Ngũgĩ", "Li-Na", "O'Hara", "Sélam")
OCCUPATIONS = ("nurse", "cook", "Bilmekaniker", "lærer i grunnskolen", "baker", "electrician")
EDUCATION = ("none", "primary", "secondary", "vocational", "bachelor", "master", "doctorate")
INTERESTS = ("football", "music", "cooking", "hiking", "chess", "reading", "knitting", "skiing")
FIRST = datetime(2016, 1, 4, 8, tzinfo=UTC)


def details(chance: random.Random, number: int) -> Document:
    """A person who does not exist."""
    month, day = chance.randrange(1, 13), chance.randrange(1, 29)
    person: Document = {
        "given_name": chance.choice(GIVEN_NAMES),
        "family_name": f"Eksempel-{number}",
        "birth_date": f"{chance.randrange(1950, 1997)}-{month:02}-{day:02}",
        "gender": chance.choice(("female", "male", "female", "male", "other")),
        "preferred_language": chance.choice(("ti", "ar", "nb", "en", "ar-SY")),
    }
    if chance.random() < 0.6:
        person["email"] = f"person-{number}@example.org"
    if chance.random() < 0.5:
        person["phone"] = f"+47 000 {number % 100:02} {number % 1000:03}"
    if chance.random() < 0.4:
        person["address"] = f"Eksempelveien {number}, Åsane"
    return person


def dates(chance: random.Random) -> Document:
    """Expected, arrived, settled: at least one of them."""
    day = (FIRST + timedelta(days=chance.randrange(150))).date().isoformat()
    match chance.randrange(5):
        case 0:
            return {"expected_arrival_on": chance.choice(("2016-07-01", "2017-02-01", day))}
        case 1:
            return {"arrived_on": day}
        case 2:
            return {"expected_arrival_on": day, "arrived_on": day, "settled_on": day}
        case _:
            return {"settled_on": day}


def settled(chance: random.Random, number: int) -> Document:
    """The data of a sound settlement of somebody who is neither protected nor a minor alone."""
    data: Document = {"protection": "none", **dates(chance), "person": details(chance, number)}
    data["languages"] = [
        {"code": code, "level": chance.choice(("native", "fluent", "basic"))}
        for code in chance.sample(LANGUAGES, chance.randrange(3))
    ]
    optional: Document = {
        "placement": {
            "kind": chance.choice(("temporary", "permanent", "private_host")),
            "placed_on": "2016-05-01",
            "district": chance.choice(("sentrum", "Åsane", "Fyllingsdalen")),
        },
        "household": {"adults": chance.randrange(1, 4), "minors": chance.randrange(4)},
        "unaccompanied_minor": False,
        "occupation": chance.choice(OCCUPATIONS),
        "education": chance.choice(EDUCATION),
        "interests": chance.sample(INTERESTS, chance.randrange(4)),
    }
    return data | {name: value for name, value in optional.items() if chance.random() < 0.6}


@dataclass(slots=True)
class CaseSystem:
    """One municipality's: makes its records in order, and remembers which cases it has."""

    municipality: str
    chance: random.Random
    cases: dict[str, Document] = field(default_factory=dict)
    _number: int = 0
    _minutes: int = 0
    _sent: list[Document] = field(default_factory=list)

    @property
    def topic(self) -> str:
        """Where it sends."""
        return settlements_topic(self.municipality)

    def records(self, count: int) -> Iterator[Record]:
        """So many records of every kind."""
        for _ in range(count):
            if not self._sent:
                yield self._keep(self.opened())
                continue
            kind = self.chance.choices(tuple(_KINDS), tuple(_KINDS.values()))[0]
            yield kind(self)

    def event(self, case: str, name: str, data: Document) -> Document:
        """An event of a case, later than all before."""
        self._minutes += 1
        time = (FIRST + timedelta(minutes=self._minutes)).isoformat().replace("+00:00", "Z")
        return settlement_event(self.chance, self.municipality, case, time, name, data)

    def new_case(self) -> str:
        """A reference that no case has yet."""
        self._number += 1
        return f"EQ-{self.chance.choice(('2015', '2016'))}-{self._number:05}"

    def opened(self, **data: object) -> Document:
        """A new case."""
        return self.event(self.new_case(), "PersonSettled", settled(self.chance, self._number) | data)

    def moved_here(self, municipality: str, case: str) -> Record:
        """A new case of somebody whom another municipality knew."""
        return self._keep(self.opened(**{"from": {"municipality": municipality, "case": case}}))

    def leaves(self, case: str) -> Record:
        """A case's end: withdrawn, or moved."""
        if self.chance.random() < 0.5:
            return structured(
                self.topic, self.event(case, "SettlementWithdrawn", {"reason": "entered_in_error"})
            )
        moved = {"to_municipality": self.chance.choice(("no-0301", "dk-101")), "moved_on": "2016-06-01"}
        return structured(self.topic, self.event(case, "PersonMoved", moved))

    def hidden(self, case: str) -> Record:
        """Somebody who turns out to be protected, or a minor alone."""
        data = settled(self.chance, self._number)
        match self.chance.randrange(5):
            case 0:
                del data["protection"]
            case 1:
                data["protection"] = "strictly_confidential"
                del data["person"]
            case 2:
                data["protection"] = "confidential"
            case _:
                data["unaccompanied_minor"] = True
        return structured(self.topic, self.event(case, "PersonSettled", data))

    def corrected(self, case: str) -> Record:
        """A later settlement of a case."""
        return structured(self.topic, self.event(case, "PersonSettled", settled(self.chance, self._number)))

    def some_case(self) -> str:
        """A case that was opened before."""
        return self.chance.choice(list(self.cases))

    def _keep(self, document: Document) -> Record:
        self.cases[document["subject"]] = document
        self._sent.append(document)
        return structured(self.topic, document)

    def _opens(self) -> Record:
        document = self.opened()
        record = self._keep(document)
        return binary(self.topic, document) if self.chance.random() < 0.05 else record

    def _opens_oddly(self) -> Record:
        """A foreign id, a trace, extensions that are taken and not used, spelling that is allowed."""
        odd: tuple[Document, ...] = (
            {"id": f"saksystem/{self._minutes}"},
            {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
            {"correlationid": new_id(self.chance), "tracestate": "a=b", "partitionkey": "x"},
            {"correlationid": f"chain {self._minutes}"},
            {"datacontenttype": "Application/JSON; charset=utf-8"},
            {"time": "2016-05-01t08:00:00.123456789+02:00", "source": "urn:something"},
        )
        return self._keep({**self.opened(), **self.chance.choice(odd)})

    def _corrects(self) -> Record:
        return self.corrected(self.some_case())

    def _repeats(self) -> Record:
        return structured(self.topic, self.chance.choice(self._sent))

    def _collides(self) -> Record:
        before = self.chance.choice(self._sent)
        data = settled(self.chance, self._number)
        return structured(self.topic, {**before, "data": data})

    def _is_late(self) -> Record:
        early = {"time": "2015-12-01T08:00:00Z"}
        if self.chance.random() < 0.3:
            early = {"time": self.cases[self.some_case()]["time"]}
        event = self.event(self.some_case(), "PersonSettled", settled(self.chance, self._number))
        return structured(self.topic, event | early)

    def _leaves(self) -> Record:
        return self.leaves(self.new_case() if self.chance.random() < 0.2 else self.some_case())

    def _moves_within(self) -> Record:
        """From another case of the same municipality, known, or heard of only later."""
        known = self.chance.random() < 0.7
        former = self.some_case() if known else f"EQ-2016-{self._number + 2:05}"
        return self.moved_here(self.municipality, former)

    def _hides(self) -> Record:
        return self.hidden(self.new_case() if self.chance.random() < 0.5 else self.some_case())

    def _errs(self) -> Record:
        return spoiled(self.topic, self.opened(), self.chance, WAYS)

    def _errs_in_case(self) -> Record:
        return spoiled(self.topic, self.opened(), self.chance, ODD_CASES)


_KINDS: dict[Callable[[CaseSystem], Record], int] = {
    CaseSystem._opens: 46,
    CaseSystem._opens_oddly: 4,
    CaseSystem._corrects: 14,
    CaseSystem._repeats: 4,
    CaseSystem._collides: 2,
    CaseSystem._is_late: 5,
    CaseSystem._leaves: 5,
    CaseSystem._moves_within: 3,
    CaseSystem._hides: 6,
    CaseSystem._errs: 9,
    CaseSystem._errs_in_case: 2,
}
"""How often each kind comes."""
