"""The people of a large pool, and others about whom records arrive meanwhile, as their states tell them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from services.matching.domain.party import Giving, Receiving
from shared.contracts import topics
from shared.contracts.catalogue import BY_NAME
from shared.contracts.fields import format_instant
from shared.contracts.topics import Topic
from tests.bench.matching import people
from tests.bench.pipeline.load import MUNICIPALITIES
from tests.support.ids import foreign_id

PROGRAMME, PACK_VERSION = "flyktningguide-bergen", "1.0"
CITY, *ELSEWHERE = MUNICIPALITIES

State = tuple[Topic, str, bytes]
"""A topic, a key and a structured CloudEvent."""


@dataclass(slots=True)
class Person:
    """Somebody's state and the revision that was sent last."""

    topic: Topic
    name: str
    subject: str
    data: dict[str, Any]
    revision: int = 0

    def next(self) -> State:
        """Their next state: the same, told anew."""
        self.revision += 1
        message = BY_NAME[self.name]
        envelope = {
            "specversion": "1.0",
            "id": foreign_id(),
            "source": "/kobling/bench",
            "type": message.type,
            "subject": self.subject,
            "time": format_instant(datetime.now(UTC)),
            "dataschema": message.dataschema,
            "revision": self.revision,
            "data": self.data,
        }
        return self.topic, self.subject, orjson.dumps(envelope)


@dataclass(slots=True)
class Crowd:
    """Who waits in the city, refugees and guides in turn, and as many elsewhere."""

    here: list[Person]
    elsewhere: list[Person]
    _turns: dict[str, int] = field(default_factory=dict, init=False)

    def everybody(self) -> Iterator[State]:
        """Everybody's first state."""
        for person in (*self.here, *self.elsewhere):
            yield person.next()

    def changes(self, rate: int, here: int) -> Callable[[int], State]:
        """What the n-th record of a stream is: of `rate` records `here`, evenly spread, are about the pool's
        own people, the others about people of other municipalities.
        """

        def of(number: int) -> State:
            ours = (number + 1) * here // rate > number * here // rate
            return self._in_turn("here", self.here) if ours else self._in_turn("elsewhere", self.elsewhere)

        return of

    def _in_turn(self, name: str, people_: list[Person]) -> State:
        turn = self._turns.get(name, 0)
        self._turns[name] = turn + 1
        return people_[turn % len(people_)].next()


def crowd(size: int) -> Crowd:
    """`size` refugees and as many guides who wait in one city, and as many again in other municipalities."""
    pool, others = people.city(size), people.city(size + 1)
    here = _people(pool.receiving, pool.giving, lambda _: CITY, "")
    elsewhere = _people(
        others.receiving[:size],
        others.giving[:size],
        lambda number: ELSEWHERE[number % len(ELSEWHERE)],
        "elsewhere",
    )
    return Crowd(here, elsewhere)


def _people(
    receiving: tuple[Receiving, ...], giving: tuple[Giving, ...], where: Callable[[int], str], apart: str
) -> list[Person]:
    found = []
    for number, (party, guide) in enumerate(zip(receiving, giving, strict=True)):
        town = where(number)
        wish = {"wishes": {"guide_gender": party.wished_gender}} if party.wished_gender else {}
        found.append(
            Person(
                topics.REFUGEES,
                "RefugeeReady",
                _subject("refugee", number, apart),
                {**_state(party, town), **wish, "status": "ready"},
            )
        )
        checks = [{"kind": kind, "seen_on": "2026-01-01"} for kind in sorted(guide.checks)]
        wish = {"wishes": {"guide_gender": guide.wished_gender}} if guide.wished_gender else {}
        found.append(
            Person(
                topics.VOLUNTEERS,
                "VolunteerApproved",
                _subject("volunteer", number, apart),
                {**_state(guide, town), **wish, "status": "approved", "capacity": 1, "checks": checks},
            )
        )
    return found


def _subject(kind: str, number: int, apart: str) -> str:
    return f"{kind}-{apart}{number:0>{20 - len(apart)}}"


def _state(person: Receiving | Giving, town: str) -> Mapping[str, Any]:
    hours = person.availability
    since = person.ready_since
    return {
        "municipality": town,
        "participations": [
            {
                "programme": PROGRAMME,
                "pack_version": PACK_VERSION,
                "status": "ready",
                "ready_since": None if since is None else since.isoformat(),
            }
        ],
        "birth_year": person.birth_year,
        "gender": person.gender,
        "languages": [{"code": code, "level": level} for code, level in person.languages],
        "household": {"adults": person.adults, "minors": person.minors},
        "education_level": person.education_level,
        "interests": sorted(person.interests),
        "availability": {"weekday_evening": hours.weekday_evening, "weekend": hours.weekend},
        **({} if person.occupation_field is None else {"occupation_field": person.occupation_field}),
    }
