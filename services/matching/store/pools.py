"""What a pool keeps from one round to the next."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from services.matching.domain.cohorts import Cohorts
from services.matching.domain.recruitment import Need
from shared.mongo import Database, Session

_COHORTS = TypeAdapter(Cohorts)


@dataclass(frozen=True, slots=True)
class Told:
    """Which guides recruitment was last told to look for, and on which day."""

    needs: tuple[Need, ...]
    on: date


_TOLD = TypeAdapter(Told)


class Pools:
    """By a pool's name, `<municipality>/<programme>`."""

    def __init__(self, database: Database) -> None:
        self._collection = database["pools"]

    async def cohorts(self, pool: str, session: Session) -> Cohorts:
        """The controller as it was left."""
        found = await self._collection.find_one({"_id": pool, "cohorts": {"$exists": True}}, session=session)
        return Cohorts() if found is None else _COHORTS.validate_python(found["cohorts"])

    async def keep_cohorts(self, pool: str, cohorts: Cohorts, session: Session) -> None:
        """Stores the controller."""
        await self._set(pool, "cohorts", _COHORTS.dump_python(cohorts, mode="json"), session)

    async def told(self, pool: str, session: Session) -> Told | None:
        """What recruitment was last told."""
        found = await self._collection.find_one({"_id": pool, "told": {"$exists": True}}, session=session)
        return None if found is None else _TOLD.validate_python(found["told"])

    async def keep_told(self, pool: str, told: Told, session: Session) -> None:
        """Stores what recruitment is told."""
        await self._set(pool, "told", _TOLD.dump_python(told, mode="json"), session)

    async def _set(self, pool: str, name: str, content: Any, session: Session) -> None:
        await self._collection.update_one(
            {"_id": pool}, {"$set": {name: content}}, upsert=True, session=session
        )
