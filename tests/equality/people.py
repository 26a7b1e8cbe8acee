"""Commands to intake about people of every kind, sound and not, alone and in any order."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.equality.events import (
    FAR,
    PROGRAMME,
    WITHOUT_PROGRAMME,
    Document,
    Record,
    binary,
    command,
    commands_topic,
    new_id,
    new_volunteer,
    structured,
)
from tests.equality.poison import ANY_EVENT, PERSONAL_NUMBER, Spoil, spoiled, with_attributes, with_data
from tests.equality.settlements import EDUCATION, INTERESTS, OCCUPATIONS, details

SPOKEN = ("nb", "en", "fr", "nb-NO")
REFUSED = ("eq-auditor", "eq-elsewhere", "eq-expired", "eq-unheard")
"""Operators who may not: without the role, in another municipality, no more, and nobody at all."""
SERVICE = "intake"

REGISTRATION_WAYS: tuple[Spoil, ...] = (
    *ANY_EVENT,
    *(with_data(name) for name in ("reason", "municipality", "person", "languages", "registered_on")),
    with_data("reason", value="No Code"),
    with_data("capacity", value=0),
    with_data("capacity", value=1.5),
    with_data("travel_km", value=5000),
    with_data("adults", value=0),
    with_data("registered_on", value=FAR),
    with_data("registered_on", value="15.06.2016"),
    with_data("person", "birth_date", value=FAR),
    with_data("person", "email", value="nobody"),
    with_data("occupation", value=f"{PERSONAL_NUMBER}"),
    with_data("interests", value=["Two words"]),
    with_data("municipality", value="Bergen"),
    with_attributes(type="no.kobling.command.RegisterVolunteer.v2"),
    with_attributes(type="no.kobling.command.RunRound.v1"),
    with_attributes(type="no.kobling.command.Unheard.v1"),
)
STEP_WAYS: tuple[Spoil, ...] = (
    *ANY_EVENT,
    with_data("reason"),
    with_data("programme", value="Not A Programme"),
    with_data("joined_on", value="2016-02-30"),
    with_data("given_on", value="0001-01-01"),
    with_data("purpose", value="For Everything"),
    with_data("text_version", value="two words"),
    with_data("kind", value=f"a{PERSONAL_NUMBER}"),
    with_data("availability", value={"weekend": 200}),
    with_data("expectations", value={"weekly_hours": -1, "activities": [], "contact": "in_person"}),
    with_data("wishes", value={"guide_gender": "any"}),
    with_data("held_on", value=20160101),
)


def registration(chance: random.Random, municipality: str, number: int) -> Document:
    """The data of a volunteer's registration."""
    data: Document = {
        "municipality": municipality,
        "person": {**details(chance, number), "preferred_language": "nb"},
        "languages": [
            {"code": code, "level": "fluent"} for code in chance.sample(SPOKEN, chance.randrange(1, 3))
        ],
        "registered_on": f"2016-0{chance.randrange(1, 6)}-10",
    }
    optional: Document = {
        "interests": chance.sample(INTERESTS, 3),
        "occupation": chance.choice(OCCUPATIONS),
        "education": chance.choice(EDUCATION),
        "adults": chance.randrange(1, 4),
        "minors": chance.randrange(3),
        "capacity": chance.randrange(1, 4),
        "travel_km": chance.randrange(50),
    }
    return data | {name: value for name, value in optional.items() if chance.random() < 0.6}


def interview(chance: random.Random) -> Document:
    """The data of an interview."""
    hours = {
        part: chance.choice((0, 1, 2.5, 4))
        for part in ("weekday_morning", "weekday_afternoon", "weekday_evening", "weekend")
        if chance.random() < 0.7
    }
    wishes = chance.choice(({}, {"guide_gender": "female"}, {"guide_gender": "male", "interpreter_ok": True}))
    data: Document = {
        "programme": PROGRAMME,
        "held_on": f"2016-0{chance.randrange(2, 6)}-20",
        "expectations": {
            "weekly_hours": chance.choice((1, 2.5, 3.0)),
            "activities": chance.sample(INTERESTS, chance.randrange(3)),
            "contact": chance.choice(("in_person", "phone", "mixed")),
        },
        "availability": hours,
        "wishes": wishes,
    }
    return data | ({"interests": chance.sample(INTERESTS, 2)} if chance.random() < 0.3 else {})


def steps(chance: random.Random) -> list[tuple[str, Document]]:
    """What is said of somebody: each command's name and data."""
    day = f"2016-0{chance.randrange(2, 6)}-15"
    programme = PROGRAMME if chance.random() < 0.95 else "no-such-programme"
    return [
        ("JoinProgramme", {"programme": programme, "joined_on": day}),
        ("RecordConsent", {"purpose": "matching", "text_version": "consent-1", "given_on": day}),
        ("RecordConsent", {"purpose": "contact", "text_version": "consent-1", "given_on": day}),
        ("RecordConsent", {"purpose": "matching", "text_version": "consent-2", "given_on": "2016-03-01"}),
        ("RecordInterview", interview(chance)),
        ("RecordInterview", interview(chance)),
        ("RecordCheck", {"kind": "police_certificate", "seen_on": day}),
        ("RecordCheck", {"kind": "child_certificate", "seen_on": day, "role": "guide"}),
        ("RecordCheck", {"kind": "confidentiality_declaration", "seen_on": day}),
        ("RecordCheck", {"kind": "training", "seen_on": chance.choice((day, "2016-05-30", FAR))}),
        ("ApproveVolunteer", {"programme": programme, "decided_on": day}),
        ("JoinProgramme", {"programme": PROGRAMME, "joined_on": chance.choice((day, FAR))}),
    ]


@dataclass(slots=True)
class Office:
    """One coordinator's: makes commands in order, about a municipality's cases and volunteers of its own."""

    operator: str
    municipality: str
    chance: random.Random
    cases: list[str]
    """References of cases whose people only this operator speaks of."""
    volunteers: list[str] = field(default_factory=list)
    sent: list[Document] = field(default_factory=list)
    _number: int = 0

    @property
    def topic(self) -> str:
        """Where it sends."""
        return commands_topic(SERVICE, self.operator)

    def command(self, name: str, subject: str, data: Document, **attributes: object) -> Document:
        """A new command."""
        return command(self.chance, self.operator, name, subject, data, **attributes)

    def records(self, count: int) -> Iterator[Record]:
        """So many commands, or a few more: all of somebody's are made together."""
        made = 0
        while made < count:
            for record in self._of_volunteer() if self.chance.random() < 0.5 else self._of_case():
                made += 1
                yield record

    def _of_volunteer(self) -> Iterator[Record]:
        self._number += 1
        subject = new_volunteer(self.chance)
        data = registration(self.chance, self.municipality, self._number)
        document = self.command("RegisterVolunteer", subject, data)
        if self.chance.random() < 0.15:
            yield spoiled(self.topic, document, self.chance, REGISTRATION_WAYS)
            return
        if self.chance.random() < 0.1:
            yield structured(self.topic, self.command("RegisterVolunteer", subject, data, dryrun=True))
        if self.chance.random() < 0.05:
            document["id"] = f"{self.operator} {self._number}"
        yield self._keep(document)
        self.volunteers.append(subject)
        if self.chance.random() < 0.3:
            join = {"programme": PROGRAMME, "joined_on": "2016-03-03"}
            expected = self.chance.choice((1, 1, 0, 2))
            yield structured(
                self.topic, self.command("JoinProgramme", subject, join, expectedrevision=expected)
            )
        yield from self._steps(subject)
        if self.chance.random() < 0.1:
            yield structured(self.topic, self.command("RegisterVolunteer", subject, data))

    def _of_case(self) -> Iterator[Record]:
        case = self.chance.choice(self.cases)
        asked = {"municipality": self.municipality, "case": case}
        yield self._keep(self.command("FindPerson", case, asked))
        yield from self._steps(f"case:{self.municipality}/{case}")

    def _steps(self, subject: str) -> Iterator[Record]:
        said = [step for step in steps(self.chance) if self.chance.random() < 0.6]
        if self.chance.random() < 0.3:
            self.chance.shuffle(said)
        for name, data in said:
            document = self.command(name, subject, data)
            way = self.chance.random()
            if way < 0.06:
                yield structured(self.topic, {**document, "dryrun": True})
            elif way < 0.10:
                yield spoiled(self.topic, document, self.chance, STEP_WAYS)
            elif way < 0.14 and self.sent:
                yield structured(self.topic, self.chance.choice(self.sent))
            elif way < 0.15 and self.sent:
                yield structured(self.topic, {**document, "id": self.chance.choice(self.sent)["id"]})
            elif way < 0.17:
                yield structured(self.topic, {**document, "expectedrevision": self.chance.randrange(9)})
            elif way < 0.19:
                yield binary(self.topic, document)
            else:
                yield self._keep(document)

    def _keep(self, document: Document) -> Record:
        self.sent.append(document)
        return structured(self.topic, document)


def refused(chance: random.Random, office: Office) -> Iterator[Record]:
    """One of every command from each operator who may not give it."""
    subject = new_volunteer(chance)
    place = {"municipality": office.municipality}
    for operator in REFUSED:
        said = [
            ("RegisterVolunteer", new_volunteer(chance), registration(chance, office.municipality, 1)),
            ("FindPerson", office.cases[0], {**place, "case": office.cases[0]}),
            *((name, subject, data) for name, data in steps(chance)),
        ]
        for name, about, data in said:
            yield structured(commands_topic(SERVICE, operator), command(chance, operator, name, about, data))


def unusual(chance: random.Random, office: Office) -> Iterator[Record]:
    """Subjects that are unknown, late, or have no form; programmes that nobody runs."""
    late = new_volunteer(chance)
    join = {"programme": PROGRAMME, "joined_on": "2016-03-03"}
    yield structured(office.topic, office.command("JoinProgramme", late, join))
    for name, data in steps(chance):
        yield structured(office.topic, office.command(name, new_volunteer(chance), data))
    yield structured(
        office.topic,
        office.command("RegisterVolunteer", late, registration(chance, office.municipality, 2)),
    )
    for subject in (
        "volunteer-short",
        "refugee-" + "a" * 24,
        "Kari Eksempel",
        PERSONAL_NUMBER,
        new_id(chance),
    ):
        data = registration(chance, office.municipality, 3)
        yield structured(office.topic, office.command("RegisterVolunteer", subject, data))
        yield structured(office.topic, office.command("JoinProgramme", subject, join))
    for case in ("EQ-no-such-case", PERSONAL_NUMBER, "EQ-2016-99999"):
        asked = {"municipality": office.municipality, "case": case}
        yield structured(office.topic, office.command("FindPerson", case, asked))
    elsewhere = new_volunteer(chance)
    data = registration(chance, WITHOUT_PROGRAMME, 4)
    yield structured(office.topic, office.command("RegisterVolunteer", elsewhere, data))
    yield structured(office.topic, office.command("JoinProgramme", elsewhere, join))
