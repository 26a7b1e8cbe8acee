"""People who will be paired, made so that each round has one best outcome, whatever references they get.

Each group speaks a language that nobody else speaks, so that it is decided alone. In it the intended couples
have so many interests in common that what else they differ in (years of birth, two at most) weighs less.
Whoever waits in a group is ready on the same day, so that waiting decides nothing.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from langcodes.data_dicts import LIKELY_SUBTAGS

from shared.languages import normal_tag, spoken_language
from tests.equality.events import (
    PROGRAMME,
    Document,
    Record,
    command,
    commands_topic,
    new_volunteer,
    settlement_event,
    settlements_topic,
    structured,
)

ORGANISATION_2 = "eq-intro"
"""The operator of the second organisation that approves."""
FATES = (
    "signed",
    "signed",
    "signed",
    "half",
    "declined",
    "refused",
    "unsigned",
    "ended",
    "withdrawn",
    "silent",
)
"""What becomes of a couple; the receiving case's reference ends with it, so that the answers follow from it.

signed: a pair; half: one side answers; declined, refused: the receiving, the giving side says no; unsigned:
not all sign; ended: a pair, of which the refugee then leaves; withdrawn: they leave with the proposal open;
silent: nobody answers.
"""
LASTING = tuple(fate for fate in FATES if fate not in {"declined", "refused", "ended", "withdrawn"})
"""Of these a second round finds nobody free again."""


@dataclass(frozen=True, slots=True)
class Refugee:
    """One who will wait for a guide."""

    case: str
    born: int
    interests: list[str]
    wave: int = 1


@dataclass(frozen=True, slots=True)
class Guide:
    """One who will be free to guide."""

    subject: str
    born: int
    interests: list[str]
    gender: str
    capacity: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """Who can be paired with each other and with nobody else."""

    language: str
    ready_on: str
    minors: int
    wish: str | None
    refugees: list[Refugee]
    guides: list[Guide]


@dataclass(frozen=True, slots=True)
class Pool:
    """The groups of one municipality, and the records that make them ready."""

    municipality: str
    operator: str
    chance: random.Random
    groups: list[Group]

    @classmethod
    def made(cls, municipality: str, operator: str, chance: random.Random, count: int) -> "Pool":
        """A pool of so many groups: 500 at most, since there are no more languages."""
        return cls(municipality, operator, chance, [_group(chance, number) for number in range(count)])

    def settlements(self, wave: int) -> Iterator[Record]:
        """The settlements of those who come in this wave."""
        for group in self.groups:
            for refugee in group.refugees:
                if refugee.wave == wave:
                    yield structured(settlements_topic(self.municipality), self._settlement(group, refugee))

    def _settlement(self, group: Group, refugee: Refugee) -> Document:
        data: Document = {
            "protection": "none",
            "settled_on": "2016-01-15",
            "person": _person(refugee.case, refugee.born, "female", "ti"),
            "languages": [{"code": group.language, "level": "native"}],
            "household": {"adults": 1, "minors": group.minors},
            "interests": refugee.interests,
        }
        time = f"2016-02-0{refugee.wave}T08:00:00Z"
        return settlement_event(self.chance, self.municipality, refugee.case, time, "PersonSettled", data)

    def preparations(self, wave: int) -> Iterator[Record]:
        """The coordinator's commands on those who come in this wave; all guides come in the first."""
        for group in self.groups:
            for refugee in group.refugees:
                if refugee.wave == wave:
                    subject = f"case:{self.municipality}/{refugee.case}"
                    yield from self._steps(subject, group, group.wish)
            for guide in group.guides if wave == 1 else ():
                yield self._command("RegisterVolunteer", guide.subject, self._registration(group, guide))
                yield from self._steps(guide.subject, group, None)
                checks = ["police_certificate", "confidentiality_declaration", "training"]
                for kind in (*checks, *(["child_certificate"] if group.minors else [])):
                    yield self._command("RecordCheck", guide.subject, {"kind": kind, "seen_on": "2016-02-20"})
                yield self._command("ApproveVolunteer", guide.subject, _APPROVAL)

    def approvals(self) -> Iterator[Record]:
        """The second organisation's."""
        for group in self.groups:
            for guide in group.guides:
                document = command(self.chance, ORGANISATION_2, "ApproveVolunteer", guide.subject, _APPROVAL)
                yield structured(commands_topic("intake", ORGANISATION_2), document)

    def departures(self) -> Iterator[Record]:
        """Those leave whose fate it is: withdrawn, or moved."""
        for group in self.groups:
            for refugee in group.refugees:
                if not refugee.case.endswith(("-ended", "-withdrawn")):
                    continue
                name, data = self.chance.choice(_DEPARTURES)
                time = "2016-06-14T08:00:00Z"
                event = settlement_event(self.chance, self.municipality, refugee.case, time, name, data)
                yield structured(settlements_topic(self.municipality), event)

    def _command(self, name: str, subject: str, data: Document) -> Record:
        document = command(self.chance, self.operator, name, subject, data)
        return structured(commands_topic("intake", self.operator), document)

    def _steps(self, subject: str, group: Group, wish: str | None) -> Iterator[Record]:
        day = group.ready_on
        yield self._command("JoinProgramme", subject, {"programme": PROGRAMME, "joined_on": day})
        for purpose in ("matching", "contact"):
            consent = {"purpose": purpose, "text_version": "consent-1", "given_on": day}
            yield self._command("RecordConsent", subject, consent)
        interview = {
            "programme": PROGRAMME,
            "held_on": day,
            "expectations": {"weekly_hours": 2, "activities": ["walks"], "contact": "in_person"},
            "availability": {"weekday_evening": 3, "weekend": 1.5},
            "wishes": {"guide_gender": wish} if wish else {},
        }
        yield self._command("RecordInterview", subject, interview)

    def _registration(self, group: Group, guide: Guide) -> Document:
        return {
            "municipality": self.municipality,
            "person": _person(guide.subject[-6:], guide.born, guide.gender, "nb"),
            "languages": [{"code": "nb", "level": "native"}, {"code": group.language, "level": "fluent"}],
            "interests": guide.interests,
            "capacity": guide.capacity,
            "registered_on": "2016-02-01",
        }


_LANGUAGES = [
    code
    for code in sorted(LIKELY_SUBTAGS)
    if len(code) == 3 and normal_tag(code) == code == spoken_language(code)
]
_DEPARTURES: tuple[tuple[str, Document], ...] = (
    ("SettlementWithdrawn", {"reason": "entered_in_error"}),
    ("PersonMoved", {"to_municipality": "no-0301", "moved_on": "2016-06-10"}),
)
"""Not protection: the subject is then withdrawn and erased at once, and which of the two ends the pair
depends on where matching's batch ends.
"""
_APPROVAL = {"programme": PROGRAMME, "decided_on": "2016-03-07"}


def _person(name: str, born: int, gender: str, language: str) -> Document:
    person: Document = {
        "given_name": f"Prøve {name}",
        "family_name": "Eksempel-Par",
        "birth_date": f"{born}-05-05",
        "gender": gender,
        "preferred_language": language,
    }
    # Some have no address: messages to them fail.
    silent = name.endswith(("3", "x")) or name[4:5] == "3"
    return person if silent else {**person, "email": f"{name.lower()}@example.org"}


def _group(chance: random.Random, number: int) -> Group:
    size = chance.choice((1, 1, 1, 2, 2, 3))
    fates = FATES if size == 1 else LASTING
    born = chance.randrange(1955, 1990)
    guides = [
        Guide(
            new_volunteer(chance),
            born + chance.randrange(3),
            [f"shared_{place}_{part}" for part in "abc"],
            chance.choice(("female", "male")),
        )
        for place in range(size)
    ]
    refugees = [
        Refugee(
            f"P-{number:03}-{place}-{chance.choice(fates)}", born + chance.randrange(3), list(guide.interests)
        )
        for place, guide in enumerate(guides)
    ]
    wish = None
    match chance.randrange(5):
        case 0 if size > 1:
            # The first would suit the second's guide better, and gets the other: the pool's sum decides.
            refugees[0].interests[2:] = guides[1].interests
        case 1:
            spare = Guide(new_volunteer(chance), born, guides[0].interests[:1], "male")
            guides.append(spare)
        case 2:
            refugees.append(Refugee(f"P-{number:03}-{size}-silent", born, ["nothing_shared"]))
        case 3 if size == 1 and not refugees[0].case.endswith(("declined", "refused", "ended", "withdrawn")):
            guides[0] = Guide(guides[0].subject, born, guides[0].interests, guides[0].gender, capacity=2)
            later = Refugee(f"P-{number:03}-1-signed", born, list(guides[0].interests), wave=2)
            refugees.append(later)
        case _ if size == 1:
            wish = guides[0].gender
    language = _LANGUAGES[number]
    ready_on = f"2016-0{chance.randrange(3, 6)}-1{chance.randrange(10)}"
    return Group(language, ready_on, chance.choice((0, 0, 2)), wish, refugees, guides)
