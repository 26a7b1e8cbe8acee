"""Whether everybody who was ever settled is somewhere: settled = ready + waiting + paired + no consent +
referred + closed, in each municipality.

The left side is counted when somebody is first settled or referred there; the right side anew from what is
kept of each refugee and of open pairs. So a record that counted twice, or was lost, a state that is read as
none of these, and an open pair of somebody who is not there make a difference.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from typing import Literal

from services.reporting.domain.projection import Pair, Refugee, Taken
from shared.values import value

Standing = Literal["ready", "waiting", "paired", "no_consent", "referred", "closed"]
"""What a refugee is, by the first of these that applies:

- `referred`: to child welfare, as an unaccompanied minor
- `closed`: withdrawn, moved on, merged, restricted or erased
- `paired`: has an open pair, from the proposal on, themselves or as a household
- `waiting`: ready for a programme, and in its pool
- `ready`: has consented and is in no pool, as they lack something else, or rest after a pair
- `no_consent`: has not consented (yet)
"""

_BY_STATUS: Mapping[str, Standing] = {
    "referred": "referred",
    **dict.fromkeys(("withdrawn", "moved", "merged", "restricted", "erased"), "closed"),
    **dict.fromkeys(("consented", "ready"), "ready"),
    **dict.fromkeys(("announced", "settled"), "no_consent"),
}


@value
class Kept:
    """What is kept of a refugee, and the municipalities in which they were ever settled or referred."""

    subject: str
    refugee: Refugee
    municipalities: Set[str]


def standing(subject: str, refugee: Refugee, taken: Taken, paired: frozenset[str]) -> Standing | None:
    """What a refugee is where they live now; None of a status that there is not. `paired` are all parties of
    open pairs.
    """
    found = _BY_STATUS.get(refugee.status)
    if found in {None, "referred", "closed"}:
        return found
    if subject in paired or refugee.household in paired:
        return "paired"
    return "waiting" if taken.waits(subject, refugee) else found


def standings(
    refugees: Iterable[Kept], pairs: Iterable[Pair], erased: Counter[str]
) -> dict[str, Counter[Standing]]:
    """How many there are of each standing, by municipality, with those erased as closed; and as paired those
    too whose open pair is left though they are not there.
    """
    known = list(pairs)
    taken = Taken(known)
    parties = {(pair.municipality, pair.receiving) for pair in known if pair.is_open}
    paired = frozenset(party for _, party in parties)
    found: dict[str, Counter[Standing]] = {}

    def add(municipality: str, what: Standing, count: int = 1) -> None:
        found.setdefault(municipality, Counter())[what] += count

    for one in refugees:
        here = one.refugee.municipality
        for municipality in one.municipalities - {here}:
            add(municipality, "closed")
        what = standing(one.subject, one.refugee, taken, paired)
        if what is None or (what == "closed" and here not in one.municipalities):
            continue
        add(here, what)
        if what == "paired":
            parties -= {(here, one.subject), (here, one.refugee.household or "")}
    for municipality, _ in parties:
        add(municipality, "paired")
    for municipality, count in erased.items():
        add(municipality, "closed", count)
    return found


def difference(settled: Counter[str], found: Mapping[str, Counter[Standing]]) -> int:
    """By how many the two sides differ, over all municipalities: what one has too many does not make up for
    what another lacks.
    """
    return sum(
        abs(settled[municipality] - sum(found.get(municipality, Counter()).values()))
        for municipality in settled.keys() | found.keys()
    )
