"""Brings pairs, open and over, under the codes that their municipalities have now."""

from collections.abc import Collection

from services.matching.domain.pair import Fact
from services.matching.domain.presence import renamed
from services.matching.publish import Publisher
from services.matching.store import Pairs, StoredPair
from shared.messaging.due import Task
from shared.messaging.reading.records import Cause
from shared.messaging.renaming import AT_ONCE
from shared.messaging.tables import Programmes
from shared.messaging.work import Work
from shared.programmes.successors import Successors


async def bring(
    pairs: Pairs,
    programmes: Programmes,
    publisher: Publisher,
    codes: Collection[str],
    after: str,
    task: Task,
    work: Work,
) -> str:
    """Brings some, as `Renaming` asks. An open one whose people were heard of before has followed them."""
    found = await pairs.under(codes, after, AT_ONCE, work.session)
    changed = [
        _under_its_code(stored, programmes.successors, publisher, task.row.cause, work) for stored in found
    ]
    await pairs.save(changed, work.session)
    return found[-1].pair.subject if found else ""


def _under_its_code(
    stored: StoredPair, successors: Successors, publisher: Publisher, cause: Cause, work: Work
) -> StoredPair:
    pair = stored.pair
    formerly, municipality = [], pair.municipality
    while (successor := successors.of_codes.get(municipality)) is not None:
        formerly.append(municipality)
        municipality = successor
    after = renamed(pair, municipality, formerly)
    if after == pair:
        return stored
    return publisher.publish(stored, after, (Fact.PAIR_UPDATED,), cause, work)
