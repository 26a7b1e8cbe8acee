"""What waits in an outbox, row by row."""

from typing import Any

from shared.messaging.sending.outbox import OLDEST_FIRST, Bundle, Row
from shared.mongo import Database


async def waiting_rows(database: Database, **wanted: Any) -> list[Row]:
    """The rows of bundles with these fields, in the order in which a relay sends them."""
    bundles = await database["outbox"].find(wanted, sort=OLDEST_FIRST).to_list(None)
    return [row for bundle in bundles for row in Bundle.of(bundle).rows]
