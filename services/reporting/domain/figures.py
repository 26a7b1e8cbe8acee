"""The figures that are published, in one table from which documents and tests are made."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["fact", "level"]
Scope = Literal["municipality", "programme"]

ALL = "all"
"""Stands for a programme where a figure belongs to the municipality and to no programme."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, by its code.

    A `fact` is counted once, in the month it falls in, or in the first open one if that is closed already; a
    year's is the sum of its months'. A `level` is how many there are at the moment of publishing, which for
    a period is for the last time at its close; a year's is that of its last month. `source` names the fields
    and records that define it.
    """

    name: str
    kind: Kind
    scope: Scope
    meaning: str
    source: str


FIGURES = (
    Figure(
        "settlements_registered",
        "fact",
        "municipality",
        "Refugees whose settlement in the municipality was first registered, by the event's time. Somebody "
        "who moves counts in each municipality; protected people and unaccompanied minors do not count.",
        "RefugeeSettled on refugees.v1",
    ),
    Figure(
        "refugees_referred",
        "fact",
        "municipality",
        "Unaccompanied minors referred to child welfare, by the event's time.",
        "RefugeeReferred on refugees.v1",
    ),
    Figure(
        "notifications_sent",
        "fact",
        "municipality",
        "Messages handed to the mail server about a person or pair of the municipality, by the event's time.",
        "NotificationSent on notifications.v1; the municipality is that of what it is about",
    ),
    Figure(
        "refugees_waiting",
        "level",
        "programme",
        "Refugees ready for the programme with no open pair in it, themselves or as a household.",
        "participations on refugees.v1, open pairs on pairs.v1",
    ),
    Figure(
        "volunteers_waiting",
        "level",
        "programme",
        "Approved volunteers ready for the programme with fewer open pairs, in any programme, than capacity.",
        "status, participations and capacity on volunteers.v1, open pairs on pairs.v1",
    ),
    Figure(
        "pairs_proposed",
        "fact",
        "programme",
        "Pairs proposed, by the day of the proposal.",
        "proposed_on on pairs.v1",
    ),
    Figure(
        "proposals_declined",
        "fact",
        "programme",
        "Proposals that either side declined, by the day of the answer.",
        "spell `declined` on pairs.v1",
    ),
    Figure(
        "pairs_created",
        "fact",
        "programme",
        "Pairs whose agreement all signatories signed, by the day of the last signature.",
        "created_on on pairs.v1",
    ),
    Figure(
        "pairs_active",
        "level",
        "programme",
        "Pairs created and neither completed nor ended; paused ones count.",
        "status on pairs.v1",
    ),
    Figure(
        "rounds_run",
        "fact",
        "programme",
        "Matching rounds run, by the event's time.",
        "RoundCompleted on rounds.v1",
    ),
)
"""Hours of meetings are to come: no event says yet that a pair met.

No round says that there was no proposal, and a message often that there was one: so these two are withheld
where they are few, like counts of people.
"""


def names(programme: str, kind: Kind | None = None) -> tuple[str, ...]:
    """The figures published of a programme, or of a municipality under `all`, in the table's order."""
    scope = "municipality" if programme == ALL else "programme"
    return tuple(figure.name for figure in FIGURES if figure.scope == scope and kind in {None, figure.kind})
