"""The figures that are published: what counts does so under these constants, and a page is made from them."""

from services.reporting.domain.figure import Figure, Kind

ALL = "all"
"""Stands for a programme where a figure belongs to the municipality and to no programme."""

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
VOLUNTEERS_REGISTERED = Figure(
    "volunteers_registered",
    "flow",
    "municipality",
    "Volunteers who were registered, by the day of their registration. Who withdrew and comes back is "
    "registered anew; who moves counts in each municipality.",
    "spell `registered` on volunteers.v1",
)
VOLUNTEERS_APPROVED = Figure(
    "volunteers_approved",
    "flow",
    "municipality",
    "Volunteers who were approved for the first time, for any programme, by that day.",
    "approved_on on volunteers.v1",
)
VOLUNTEERS_WITHDRAWN = Figure(
    "volunteers_withdrawn",
    "flow",
    "municipality",
    "Volunteers who withdrew, approved or not, by that day.",
    "spell `withdrawn` on volunteers.v1",
)
VOLUNTEERS_PAUSED = Figure(
    "volunteers_paused",
    "level",
    "municipality",
    "Volunteers who were approved and are away.",
    "status, approved_on on volunteers.v1",
)
VOLUNTEERS_LAPSED = Figure(
    "volunteers_lapsed",
    "level",
    "municipality",
    "Volunteers who were approved and lack something again that their programmes ask, such as a certificate.",
    "status, approved_on on volunteers.v1",
)
REFUGEES_WAITING = Figure(
    "refugees_waiting",
    "level",
    "programme",
    "Refugees ready for the programme with no open pair in it, themselves or as a household, who do not rest "
    "after one.",
    "participations on refugees.v1, open pairs and `outcome` on pairs.v1",
)
WOMEN_WAITING = Figure(
    "refugees_waiting_women",
    "level",
    "programme",
    "Of the refugees who wait, the women.",
    "the same, gender on refugees.v1",
)
MEN_WAITING = Figure(
    "refugees_waiting_men",
    "level",
    "programme",
    "Of the refugees who wait, the men.",
    "the same, gender on refugees.v1",
)
WOMEN_MEDIAN = Figure(
    "waiting_days_median_women",
    "level",
    "programme",
    "Half of the women who wait have waited for so many days or longer; in whole weeks.",
    "ready_since on refugees.v1, ended_on and `outcome` on pairs.v1",
    unit="days",
)
WOMEN_TENTH = Figure(
    "waiting_days_p90_women",
    "level",
    "programme",
    "A tenth of the women who wait have waited for so many days or longer; in whole weeks.",
    "the same",
    unit="days",
)
MEN_MEDIAN = Figure(
    "waiting_days_median_men",
    "level",
    "programme",
    "Half of the men who wait have waited for so many days or longer; in whole weeks.",
    "the same",
    unit="days",
)
MEN_TENTH = Figure(
    "waiting_days_p90_men",
    "level",
    "programme",
    "A tenth of the men who wait have waited for so many days or longer; in whole weeks.",
    "the same",
    unit="days",
)
VOLUNTEERS_WAITING = Figure(
    "volunteers_waiting",
    "level",
    "programme",
    "Approved volunteers ready for the programme with fewer open pairs, in any programme, than capacity, who "
    "do not rest after one.",
    "status, participations and capacity on volunteers.v1, open pairs on pairs.v1",
)
PAIRS_PROPOSED = Figure(
    "pairs_proposed",
    "flow",
    "programme",
    "Pairs proposed, by the day of the proposal.",
    "proposed_on on pairs.v1",
    unit="pairs",
)
PROPOSALS_DECLINED = Figure(
    "proposals_declined",
    "flow",
    "programme",
    "Proposals that either side declined, by the day of the answer; not those whose answer was taken back.",
    "status `declined` on pairs.v1",
    unit="pairs",
    at_close=True,
)
PAIRS_CREATED = Figure(
    "pairs_created",
    "flow",
    "programme",
    "Pairs whose agreement all signatories signed, by the day of the last signature.",
    "created_on on pairs.v1",
    unit="pairs",
)
PAIRS_ACTIVE = Figure(
    "pairs_active",
    "level",
    "programme",
    "Pairs created and neither completed nor ended; paused ones count.",
    "status on pairs.v1",
    unit="pairs",
)
PAIRS_COMPLETED = Figure(
    "pairs_completed",
    "flow",
    "programme",
    "Pairs that had their time, by the day of their end.",
    "status, ended_on on pairs.v1",
    unit="pairs",
    at_close=True,
)
ENDED_MISMATCHED_EXPECTATIONS = Figure(
    "pairs_ended_mismatched_expectations",
    "flow",
    "programme",
    "Pairs that ended early because what they expected differed, by that day.",
    "ended_on, end_reason on pairs.v1",
    unit="pairs",
    at_close=True,
)
ENDED_PERSONAL_RECEIVING = Figure(
    "pairs_ended_personal_receiving",
    "flow",
    "programme",
    "Pairs that ended early for the refugee's personal reasons, by that day.",
    "ended_on, end_reason on pairs.v1",
    unit="pairs",
    at_close=True,
)
ENDED_PERSONAL_GIVING = Figure(
    "pairs_ended_personal_giving",
    "flow",
    "programme",
    "Pairs that ended early for the guide's personal reasons, by that day.",
    "ended_on, end_reason on pairs.v1",
    unit="pairs",
    at_close=True,
)
ENDED_MOVED = Figure(
    "pairs_ended_moved",
    "flow",
    "programme",
    "Pairs that ended early because somebody moved, by that day.",
    "ended_on, end_reason on pairs.v1",
    unit="pairs",
    at_close=True,
)
ENDED_FAMILY_REUNIFICATION = Figure(
    "pairs_ended_family_reunification",
    "flow",
    "programme",
    "Pairs that ended early because of a family reunification, by that day.",
    "ended_on, end_reason on pairs.v1",
    unit="pairs",
    at_close=True,
)
ENDED_PERMANENT_HOUSING = Figure(
    "pairs_ended_permanent_housing",
    "flow",
    "programme",
    "Pairs that ended early because of permanent housing, by that day.",
    "ended_on, end_reason on pairs.v1",
    unit="pairs",
    at_close=True,
)
PAIRS_MET_EARLY = Figure(
    "pairs_met_within_14_days",
    "flow",
    "programme",
    "Pairs whose first meeting was within 14 days of their creation, by its day.",
    "meetings, created_on on pairs.v1",
    unit="pairs",
    at_close=True,
)
PAIRS_IN_CONTACT = Figure(
    "pairs_in_contact_at_6_months",
    "flow",
    "programme",
    "Pairs that met in the sixth calendar month after that of their creation, by that month.",
    "meetings, created_on on pairs.v1",
    unit="pairs",
    at_close=True,
)
HOURS_OF_DOSE = Figure(
    "hours_of_dose",
    "share",
    "programme",
    "Hours for which pairs met, in percent of those that their pack asks a week for the days on which they "
    "were active; paused days ask nothing.",
    "meetings, spells on pairs.v1, dose of the pack",
    unit="percent",
)
ROUNDS_RUN = Figure(
    "rounds_run",
    "flow",
    "programme",
    "Matching rounds run, by the event's time.",
    "RoundCompleted on rounds.v1",
    unit="rounds",
)

FIGURES: tuple[Figure, ...] = tuple(value for value in tuple(globals().values()) if isinstance(value, Figure))
"""All of them, in the order of this module."""

MINUTES_MET, MINUTES_ASKED = "minutes_met", "minutes_asked"
"""What the share of hours is made of; neither is a figure."""


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
