"""Writes `examples/bergen-2016-06/` from the tables in `bergen_people`: `python -m examples.generate`.

The same bytes every time: references, ids and what no hard rule depends on come from a fixed seed, and only
through `getrandbits`, which is the same in every version of Python.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from examples import bergen_people as people
from examples.recording import Draws, Sent, Writer, days_after, office_day, office_time
from examples.settlements import MUNICIPALITY, case_reference, contact, languages, settled_on, settlements
from shared.contracts.administrators import Operator, Role
from shared.contracts.commands import Command
from shared.contracts.intake.commands.people import JoinProgramme, RecordCheck, RecordConsent, RecordInterview
from shared.contracts.intake.commands.volunteers import ApproveVolunteer, RegisterVolunteer
from shared.contracts.municipal import Person
from shared.contracts.people import Availability, Expectations, Wishes
from shared.contracts.programmes import ActiveProgramme
from shared.programmes import shipped_packs

TARGET = Path(__file__).parent / "bergen-2016-06"
SEED = "bergen-2016-06"
PROGRAMME = "flyktningguide-bergen"
PACK = shipped_packs()[f"{PROGRAMME}@1.0"]
FIRST_DAY = date(2016, 2, 1)
TRAINING_DAYS = (date(2016, 3, 2), date(2016, 4, 6), date(2016, 5, 11), date(2016, 6, 1))
RED_CROSS = ("bergen-redcross-1", "bergen-redcross-2")
INTRODUCTION_PROGRAMME = "bergen-intro-1"
PURPOSES = ("matching", "contact")


def availability(text: str) -> Availability:
    """`evening=3 weekend=0.5` as the contract has it; parts that are not named have no free hours."""
    hours = dict(part.split("=") for part in text.split())
    return Availability.model_validate(
        {part if part == "weekend" else f"weekday_{part}": float(value) for part, value in hours.items()}
    )


def operators(draws: Draws) -> Iterator[Sent]:
    """Two coordinators of the Red Cross, the first of whom sees to dead letters, and one of the introduction
    programme, who may see who has looked at whom. All approve.
    """
    writer = Writer(draws, "/administrators")
    organisations = dict.fromkeys(RED_CROSS, "red_cross_bergen")
    organisations[INTRODUCTION_PROGRAMME] = "introduction_programme_bergen"
    for slot, (operator, organisation) in enumerate(organisations.items()):
        roles: list[Role] = ["coordinator", "approver"]
        if slot == 0:
            roles.append("dead_letters")
        if operator == INTRODUCTION_PROGRAMME:
            roles.append("auditor")
        account = Operator(
            operator=operator,
            person=draws.reference("person_"),
            organisation=organisation,
            municipalities=[MUNICIPALITY],
            roles=roles,
            valid_until=datetime(2029, 12, 31, 23, 0, tzinfo=UTC),
        )
        yield writer.record("OperatorRegistered", operator, office_time(FIRST_DAY, slot), account)


def programmes(draws: Draws) -> Iterator[Sent]:
    """The pack, and that Bergen runs it."""
    writer = Writer(draws, "/administrators")
    key = f"{PACK.name}@{PACK.version}"
    yield writer.record("ProgrammePublished", key, office_time(FIRST_DAY, 12), PACK)
    key = f"active/{MUNICIPALITY}/{PROGRAMME}"
    active = ActiveProgramme(
        municipality=MUNICIPALITY,
        programme=PROGRAMME,
        pack_version=PACK.version,
        districts=list(people.DISTRICTS),
        topics=people.TOPICS,
    )
    yield writer.record("ProgrammeActivated", key, office_time(FIRST_DAY, 13), active)


@dataclass(slots=True)
class Desk:
    """One operator writing about one subject on `day`, which moves on; no two commands at the same time."""

    draws: Draws
    operator: str
    subject: str
    slot: int
    day: date
    written: int = 0

    def write(self, command: Command) -> Sent:
        """One command."""
        at = office_time(self.day, self.slot) + timedelta(minutes=2 * self.written)
        self.written += 1
        writer = Writer(self.draws, f"/operators/{self.operator}")
        return writer.record(type(command).__name__, self.subject, at, command)

    def join(self, spoken: str) -> Iterator[Sent]:
        """Joining the programme and both consents, given to a text in the person's own language."""
        yield self.write(JoinProgramme(reason="asked_to_join", programme=PROGRAMME, joined_on=self.day))
        for purpose in PURPOSES:
            version = f"{purpose}-2016-1.{spoken}"
            yield self.write(
                RecordConsent(
                    reason="consent_given", purpose=purpose, text_version=version, given_on=self.day
                )
            )

    def interview(self, free: str, wish: people.Gender | None) -> Sent:
        """The interview; what it found beside the hours and the wish is drawn."""
        activities = self.draws.some(people.ACTIVITIES, 2 + self.draws.below(3))
        return self.write(
            RecordInterview(
                reason="interview_held",
                programme=PROGRAMME,
                held_on=self.day,
                expectations=Expectations(
                    weekly_hours=self.draws.one((1.0, 2.0, 2.0, 3.0)),
                    activities=activities,
                    contact=self.draws.one(("in_person", "in_person", "mixed")),
                ),
                availability=availability(free),
                wishes=Wishes(guide_gender=wish) if wish else Wishes(),
                interests=self.draws.some(people.INTERESTS, 3 + self.draws.below(3)),
            )
        )


def refugee_commands(draws: Draws, number: int, operator: str) -> Iterator[Sent]:
    """A refugee joins about a week after settling, and is interviewed one to two weeks later."""
    row = people.REFUGEES[number - 1]
    joined = days_after(settled_on(number), 6 + number % 3)
    desk = Desk(draws, operator, f"case:{MUNICIPALITY}/{case_reference(number)}", 3 * number, joined)
    yield from desk.join(languages(row.speaks)[0].code)
    desk.day = days_after(joined, 7 + number % 6)
    yield desk.interview(row.free, row.wish)


def guide_commands(draws: Draws, number: int, operator: str) -> tuple[list[Sent], Sent]:
    """All of a volunteer's way to approval, and apart from it the introduction programme's approval."""
    row = people.GUIDES[number - 1]
    # Steps of 23 through 55 days of registration: the rows' order is by language, not by date.
    registered = office_day(date(2016, 2, 3) + timedelta(days=(number * 23 % 55) * 9 // 5))
    desk = Desk(draws, operator, draws.reference("volunteer-"), 2 + number, registered)
    sent = [desk.write(_registration(draws, number, registered)), *desk.join("nb")]
    desk.day = days_after(registered, 5 + number % 4)
    sent.append(desk.interview(row.free, row.wish))
    certificate = days_after(desk.day, 4 + number % 3)
    trained = next(day for day in TRAINING_DAYS if day > certificate)
    certificates = ["police_certificate"] + ["child_certificate"] * row.child_certificate
    for day, kinds in ((certificate, certificates), (trained, ["confidentiality_declaration", "training"])):
        desk.day = day
        sent += [
            desk.write(RecordCheck(reason="document_seen", kind=kind, seen_on=day, role="guide"))
            for kind in kinds
        ]
    desk.day = days_after(trained, 1 + number % 2)
    sent.append(desk.write(_approval(desk.day)))
    other = Desk(draws, INTRODUCTION_PROGRAMME, desk.subject, number, days_after(desk.day, 4))
    return sent, other.write(_approval(other.day))


def _approval(day: date) -> ApproveVolunteer:
    return ApproveVolunteer(reason="quality_assured", programme=PROGRAMME, decided_on=day)


def _registration(draws: Draws, number: int, day: date) -> RegisterVolunteer:
    row = people.GUIDES[number - 1]
    retired = row.born < 1950  # noqa: PLR2004 (67 in 2016)
    return RegisterVolunteer(
        reason="offered_to_volunteer",
        municipality=MUNICIPALITY,
        person=Person(
            given_name=row.given_name,
            family_name=f"Eksempel-{row.family_name}",
            birth_date=date(row.born, 1 + draws.below(12), 1 + draws.below(28)).isoformat(),
            gender=row.gender,
            address=f"Eksempelveien {number}, {draws.one(people.DISTRICTS)}",
            preferred_language="nb",
            **contact("volunteer", number, number),
        ),
        languages=languages(row.speaks),
        occupation="pensioner" if retired else draws.one(people.GUIDE_OCCUPATIONS),
        education=draws.one(people.GUIDE_EDUCATION),
        adults=1 + draws.below(2),
        minors=draws.one((0, 0, 0, 1, 2)) if 1965 < row.born < 1990 else 0,  # noqa: PLR2004 (years of birth)
        capacity=1,
        registered_on=day,
    )


def build() -> dict[str, str]:
    """Each file's name and content."""
    draws = Draws(SEED)
    files = {
        "operators.jsonl": list(operators(draws)),
        "programmes.jsonl": list(programmes(draws)),
        f"settlements.{MUNICIPALITY}.jsonl": list(settlements(draws)),
    }
    desks: dict[str, list[Sent]] = {operator: [] for operator in (*RED_CROSS, INTRODUCTION_PROGRAMME)}
    for number in range(1, len(people.GUIDES) + 1):
        operator = RED_CROSS[number % 2]
        way, second_approval = guide_commands(draws, number, operator)
        desks[operator] += way
        desks[INTRODUCTION_PROGRAMME].append(second_approval)
    for number in range(1, len(people.REFUGEES) + 1):
        operator = RED_CROSS[number % 2]
        desks[operator] += refugee_commands(draws, number, operator)
    files |= {f"commands.intake.{operator}.jsonl": sent for operator, sent in desks.items()}
    # A stable sort: what one desk wrote at one moment keeps its order.
    return {
        name: "".join(f"{record.line}\n" for record in sorted(sent, key=lambda record: record.at))
        for name, sent in files.items()
    }


def main() -> None:
    """Writes the files, and says how many lines each has."""
    TARGET.mkdir(exist_ok=True)
    for name, content in build().items():
        (TARGET / name).write_text(content, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{content.count(chr(10)):5} {name}\n")


if __name__ == "__main__":
    main()
