"""Contract events ↔ what reporting keeps and publishes; the only file that knows both."""

from collections.abc import Mapping

from services.reporting.domain import figures
from services.reporting.domain.book import Month
from services.reporting.domain.figures import ALL
from services.reporting.domain.periods import month_of
from services.reporting.domain.projection import Live, Occurrence, Pair, Place, Refugee, Volunteer
from services.reporting.readers import PairRead, RefugeeRead, VolunteerRead
from shared.clock import local_day
from shared.contracts.intake.events import REFUGEE_SETTLED
from shared.contracts.intake.states import RefugeeReferral
from shared.contracts.matching.states import RoundCompleted
from shared.contracts.reporting.events import Figure, IndicatorsPublished
from shared.messaging.reading.records import Received

_LEFT = frozenset({"withdrawn", "moved", "merged", "referred", "restricted", "erased"})
_OPEN = frozenset({"proposed", "accepted", "active", "paused"})
_ACTIVE = frozenset({"active", "paused"})


def projected(record: Received) -> tuple[Live | None, list[Occurrence]]:
    """What to keep of a state, and what occurred by it; nothing lives on of somebody who was referred."""
    match record.data:
        case RefugeeReferral() as referral:
            month = _local_month(record, referral.municipality)
            return None, [Occurrence(figures.REFUGEES_REFERRED.name, referral.municipality, ALL, month)]
        case RefugeeRead() as refugee:
            return _refugee(refugee, record)
        case VolunteerRead() as volunteer:
            ready = _ready(volunteer) if volunteer.status == "approved" else ()
            return Volunteer(volunteer.municipality, volunteer.capacity, ready), []
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
    ready = () if state.status in _LEFT else _ready(state)
    return Refugee(state.municipality, household, ready), occurrences


def _ready(state: RefugeeRead | VolunteerRead) -> tuple[str, ...]:
    return tuple(sorted({part.programme for part in state.participations if part.status == "ready"}))


def _pair(state: PairRead) -> tuple[Pair, list[Occurrence]]:
    def occurrence(figure: figures.Figure, month: str) -> Occurrence:
        return Occurrence(figure.name, state.municipality, state.programme, month)

    occurrences = [occurrence(figures.PAIRS_PROPOSED, month_of(state.proposed_on))]
    if state.created_on is not None:
        occurrences.append(occurrence(figures.PAIRS_CREATED, month_of(state.created_on)))
    occurrences.extend(
        occurrence(figures.PROPOSALS_DECLINED, month_of(spell.since))
        for spell in state.spells
        if spell.status == "declined"
    )
    pair = Pair(
        state.municipality,
        state.programme,
        state.receiving,
        state.giving,
        is_open=state.status in _OPEN,
        is_active=state.status in _ACTIVE,
    )
    return pair, occurrences


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
