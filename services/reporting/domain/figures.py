"""The figures that are published: what counts does so under these constants, and a page is made from them."""

from typing import Literal

from shared.values import value

Kind = Literal["flow", "level"]
Scope = Literal["municipality", "programme"]

ALL = "all"
"""Stands for a programme where a figure belongs to the municipality and to no programme."""


@value
class Figure:
    """One figure, by its code.

    A `flow` is counted once, in the month it falls in, or in the first open one if that is closed already; a
    year's is the sum of its months'. A `level` is how many there are when the month
    closes; a year's is that of its last month. `source` names the fields
    and records that define it.
    """

    name: str
    kind: Kind
    scope: Scope
    meaning: str
    source: str
    of_people: bool = True
    """Whether it counts people or pairs, and so is rounded; else it is shown as it was counted."""


SETTLEMENTS_REGISTERED = Figure(
    "settlements_registered",
    "flow",
    "municipality",
    "Refugees whose settlement in the municipality was first registered, by the event's time. Somebody "
    "who moves counts in each municipality; protected people and unaccompanied minors do not count.",
    "RefugeeSettled on refugees.v1",
)
REFUGEES_REFERRED = Figure(
    "refugees_referred",
    "flow",
    "municipality",
    "Unaccompanied minors referred to child welfare, by the event's time.",
    "RefugeeReferred on refugees.v1",
)
REFUGEES_WAITING = Figure(
    "refugees_waiting",
    "level",
    "programme",
    "Refugees ready for the programme with no open pair in it, themselves or as a household.",
    "participations on refugees.v1, open pairs on pairs.v1",
)
VOLUNTEERS_WAITING = Figure(
    "volunteers_waiting",
    "level",
    "programme",
    "Approved volunteers ready for the programme with fewer open pairs, in any programme, than capacity.",
    "status, participations and capacity on volunteers.v1, open pairs on pairs.v1",
)
PAIRS_PROPOSED = Figure(
    "pairs_proposed",
    "flow",
    "programme",
    "Pairs proposed, by the day of the proposal.",
    "proposed_on on pairs.v1",
)
PROPOSALS_DECLINED = Figure(
    "proposals_declined",
    "flow",
    "programme",
    "Proposals that either side declined, by the day of the answer.",
    "spell `declined` on pairs.v1",
)
PAIRS_CREATED = Figure(
    "pairs_created",
    "flow",
    "programme",
    "Pairs whose agreement all signatories signed, by the day of the last signature.",
    "created_on on pairs.v1",
)
PAIRS_ACTIVE = Figure(
    "pairs_active",
    "level",
    "programme",
    "Pairs created and neither completed nor ended; paused ones count.",
    "status on pairs.v1",
)
ROUNDS_RUN = Figure(
    "rounds_run",
    "flow",
    "programme",
    "Matching rounds run, by the event's time.",
    "RoundCompleted on rounds.v1",
    of_people=False,
)

FIGURES: tuple[Figure, ...] = tuple(value for value in tuple(globals().values()) if isinstance(value, Figure))
"""All of them, in the order of this module. Hours of meetings are to come."""


def names(programme: str, kind: Kind | None = None) -> tuple[str, ...]:
    """The figures published of a programme, or of a municipality under `all`, in the table's order."""
    scope = "municipality" if programme == ALL else "programme"
    return tuple(figure.name for figure in FIGURES if figure.scope == scope and kind in {None, figure.kind})


def late(name: str) -> str:
    """What is counted of a flow although it fell in an earlier month, whose figures were closed when its
    record came: published beside the flow, not as a figure of its own.
    """
    return f"{name}_late"


def flows(programme: str) -> tuple[str, ...]:
    """All that is counted once: the flows, and what of them was late."""
    counted = names(programme, "flow")
    return (*counted, *map(late, counted))
