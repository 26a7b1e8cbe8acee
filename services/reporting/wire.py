"""Contract events ↔ what reporting keeps and publishes; the only file that knows both."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import zip_longest

from services.reporting.domain import figures
from services.reporting.domain.book import Month
from services.reporting.domain.figure import Figure as Counted
from services.reporting.domain.figures import ALL
from services.reporting.domain.occurrences import Occurrence, Place
from services.reporting.domain.periods import month_of, shifted
from services.reporting.domain.projection import AWAY, Live, Pair, Refugee, Volunteer
from services.reporting.readers import PairRead, RefugeeRead, Spell, VolunteerRead
from shared.clock import local_day
from shared.contracts.intake.events import REFUGEE_SETTLED
from shared.contracts.intake.states import RefugeeReferral
from shared.contracts.matching.rounds import RoundCompleted
from shared.contracts.reporting.events import Figure, IndicatorsPublished
from shared.messaging.reading.records import Received

_LEFT = frozenset({"withdrawn", "moved", "merged", "referred", "restricted", "erased"})
_OPEN = frozenset({"proposed", "accepted", "active", "paused"})
_ACTIVE = frozenset({"active", "paused"})
_REASONS = {
    "mismatched_expectations": figures.ENDED_MISMATCHED_EXPECTATIONS,
    "personal_receiving": figures.ENDED_PERSONAL_RECEIVING,
    "personal_giving": figures.ENDED_PERSONAL_GIVING,
    "moved": figures.ENDED_MOVED,
    "family_reunification": figures.ENDED_FAMILY_REUNIFICATION,
    "permanent_housing": figures.ENDED_PERMANENT_HOUSING,
}
"""Of all reasons those that are published. The others, withdrawals among them, are a rest that nobody knows:
with it, what was created, is active, was completed and ended would add up, and tell of each other.
"""
EARLY = timedelta(days=14)
"""How soon a first meeting is to be."""
IN_CONTACT = 6
"""Months after which pairs are looked at again."""
MINUTES = 60


def projected(record: Received) -> tuple[Live | None, list[Occurrence]]:
    """What to keep of a state, and what occurred by it."""
    match record.data:
        case RefugeeReferral() as referral:
            month = _local_month(record, referral.municipality)
            referred = Refugee(referral.municipality, None, (), status="referred")
            return referred, [Occurrence(figures.REFUGEES_REFERRED.name, referral.municipality, ALL, month)]
        case RefugeeRead() as refugee:
            return _refugee(refugee, record)
        case VolunteerRead() as volunteer:
            return _volunteer(volunteer, record)
        case PairRead() as pair:
            return _pair(pair)
        case _:
            raise TypeError(type(record.data).__name__)


def _refugee(state: RefugeeRead, record: Received) -> tuple[Refugee, list[Occurrence]]:
    occurrences: list[Occurrence] = []
    # The envelope's type and not the catalogue's: a name that is not known yet is read as any state.
    if record.envelope.type == REFUGEE_SETTLED.type:
        month = _local_month(record, state.municipality)
        occurrences.append(Occurrence(figures.SETTLEMENTS_REGISTERED.name, state.municipality, ALL, month))
    elif state.spells:
        # Counts where the first record is gone from the topic, which keeps the newest of somebody.
        month = month_of(state.spells[0].since)
        occurrences.append(Occurrence(figures.SETTLEMENTS_REGISTERED.name, state.municipality, ALL, month))
    household = state.household.ref if state.household is not None else None
    ready, since = ((), ()) if state.status in _LEFT else _ready(state)
    return Refugee(state.municipality, household, ready, since, state.status, state.gender), occurrences


def _ready(state: RefugeeRead | VolunteerRead) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The programmes that somebody is ready for, and since when."""
    if not state.participations:
        return (), ()
    days = {
        part.programme: str(part.ready_since or "") for part in state.participations if part.status == "ready"
    }
    return tuple(sorted(days)), tuple(days[programme] for programme in sorted(days))


def _volunteer(state: VolunteerRead, record: Received) -> tuple[Volunteer, list[Occurrence]]:
    """A step of which no day is known counts by the event's time: nobody is approved and not registered."""
    here, spells = state.municipality, _since_moved(state.spells)
    days = {spell.status: spell.since for spell in reversed(spells)}
    steps = [(figures.VOLUNTEERS_REGISTERED, spells[0].since if spells else None)]
    approved = state.approved_on or days.get("approved")
    if approved is not None or state.status == "approved":
        steps.append((figures.VOLUNTEERS_APPROVED, approved))
    if state.status == "withdrawn":
        steps.append((figures.VOLUNTEERS_WITHDRAWN, days.get("withdrawn")))
    occurrences = [
        Occurrence(figure.name, here, ALL, _local_month(record, here) if day is None else month_of(day))
        for figure, day in steps
    ]
    ready, since = _ready(state) if state.status == "approved" else ((), ())
    away = state.status if state.status in AWAY and approved is not None else None
    return Volunteer(here, state.capacity, ready, since, away), occurrences


def _since_moved(spells: Sequence[Spell]) -> Sequence[Spell]:
    """A volunteer's spells where they live now: who was approved is registered again by a move alone."""
    first, was_approved = 0, False
    for number, spell in enumerate(spells):
        if spell.status == "registered" and was_approved:
            first, was_approved = number, False
        was_approved |= spell.status == "approved"
    return spells[first:]


def _pair(state: PairRead) -> tuple[Pair, list[Occurrence]]:
    def occurrence(figure: Counted, day: date) -> Occurrence:
        return Occurrence(figure.name, state.municipality, state.programme, month_of(day))

    occurrences = [occurrence(figures.PAIRS_PROPOSED, state.proposed_on)]
    if state.status == "declined":
        # An answer that was taken back has left a spell, and declined nothing.
        occurrences.append(occurrence(figures.PROPOSALS_DECLINED, state.spells[-1].since))
    over_on = None
    if state.created_on is not None:
        occurrences.append(occurrence(figures.PAIRS_CREATED, state.created_on))
        over_on = state.ended_on
        if over_on is not None:
            ends = {"completed": figures.PAIRS_COMPLETED, "ended": _REASONS.get(state.end_reason or "")}
            end = ends.get(state.status)
            occurrences.extend([] if end is None else [occurrence(end, over_on)])
        occurrences.extend(_met(state, state.created_on))
    then = state.outcome if over_on is not None else None
    pair = Pair(
        state.municipality,
        state.programme,
        state.receiving,
        state.giving,
        is_open=state.status in _OPEN,
        is_active=state.status in _ACTIVE,
        pack_version=state.pack_version,
        active=_active(state),
        over_on=None if over_on is None else str(over_on),
        receiving_then=None if then is None or then.receiving == "waits" else then.receiving,
        giving_then=None if then is None or then.giving == "waits" else then.giving,
    )
    return pair, occurrences


def _met(state: PairRead, created_on: date) -> list[Occurrence]:
    """What a created pair's meetings count for, the time of each by itself."""
    place = state.municipality, state.programme
    held = sorted(meeting.held_on for meeting in state.meetings)
    found = [
        Occurrence(
            figures.MINUTES_MET, *place, month_of(one.held_on), round(one.hours * MINUTES), str(one.held_on)
        )
        for one in state.meetings
    ]
    if held and held[0] <= created_on + EARLY:
        found.append(Occurrence(figures.PAIRS_MET_EARLY.name, *place, month_of(held[0])))
    sixth = shifted(month_of(created_on), IN_CONTACT)
    if any(month_of(day) == sixth for day in held):
        found.append(Occurrence(figures.PAIRS_IN_CONTACT.name, *place, sixth))
    return found


def _active(state: PairRead) -> tuple[str, ...]:
    """The days from which and until which a pair was active, in turn."""
    turns: list[str] = []
    for spell, following in zip_longest(state.spells, state.spells[1:]):
        if spell.status == "active":
            turns += [str(spell.since)] + ([] if following is None else [str(following.since)])
    return tuple(turns)


def round_run(record: Received) -> Occurrence | None:
    """The occurrence that a round was run."""
    if not isinstance(record.data, RoundCompleted):
        return None
    month = _local_month(record, record.data.municipality)
    return Occurrence(figures.ROUNDS_RUN.name, record.data.municipality, record.data.programme, month)


def _local_month(record: Received, municipality: str) -> str:
    """The month of an event there: as the days are that states name."""
    return month_of(local_day(record.envelope.time, municipality))


def indicators(
    place: tuple[str, str],
    period: str,
    shown: Mapping[str, int],
    *,
    closed: bool,
) -> IndicatorsPublished:
    """The figures of a period; what is not shown is withheld."""
    municipality, programme = place
    return IndicatorsPublished(
        municipality=municipality,
        programme=programme,
        period=period,
        closed=closed,
        figures=[
            Figure(
                name=name,
                value=shown.get(name),
                suppressed=name not in shown,
                late=shown.get(figures.late(name)) or None,
            )
            for name in figures.names(programme)
        ],
    )


def place(published: IndicatorsPublished) -> Place:
    """Of which municipality and programme figures are."""
    return published.municipality, published.programme


def published(data: IndicatorsPublished) -> Month:
    """A period as it was published; what was withheld is lost."""
    values = {figure.name: figure.value for figure in data.figures if figure.value is not None}
    values |= {figures.late(figure.name): figure.late for figure in data.figures if figure.late is not None}
    return Month(data.period, values, values)
