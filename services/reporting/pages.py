"""`GET /indicators`: what stands on `indicators.v1`, for those without Kafka; and `GET /reconciliation`."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute

from services.reporting.reconciling import Reconciling
from services.reporting.store import Repository
from services.reporting.store.indicators import key_of
from shared.clock import Clock
from shared.contracts.fields import format_instant
from shared.logging import describe_error, get_logger
from shared.messaging.routes import error, route
from shared.mongo import DatabaseError

log = get_logger(__name__)

PAGE, LARGEST_PAGE = 100, 1000
"""How many figures an answer has if nothing is said, and at most. One is half a kilobyte."""


class Pages:
    """The endpoints over published figures, and the one that has them reconciled."""

    def __init__(self, repository: Repository, reconciling: Reconciling, clock: Clock) -> None:
        self._repository = repository
        self._reconciling = reconciling
        self._clock = clock

    @property
    def routes(self) -> list[BaseRoute]:
        """All figures page by page, those of one place and period, and whether everybody is somewhere."""
        return [
            route("/indicators", self._all, "after", "limit"),
            route("/indicators/{municipality}/{programme}/{period}", self._one),
            route("/reconciliation", self._reconciled),
        ]

    async def _all(self, request: Request) -> JSONResponse:
        """A page of all figures, and under `next` the address of the one behind it, if there is one."""
        limit = _limit(request.query_params.get("limit", str(PAGE)))
        if limit is None:
            return error(
                400, "limit_invalid", f"limit: a whole number from 1 to {LARGEST_PAGE}; {PAGE} if left out."
            )
        try:
            found = await self._repository.indicators.page(request.query_params.get("after", ""), limit + 1)
        except DatabaseError as failure:
            return _unavailable(failure)
        page = found[:limit]
        if len(found) <= limit:
            return JSONResponse({"indicators": page})
        last = page[-1]
        after = key_of((last["municipality"], last["programme"]), last["period"])
        behind = urlencode({"after": after, "limit": limit}, safe="/")
        return JSONResponse({"indicators": page, "next": f"/indicators?{behind}"})

    async def _one(self, request: Request) -> JSONResponse:
        asked = request.path_params
        key = key_of((asked["municipality"], asked["programme"]), asked["period"])
        try:
            found = await self._repository.indicators.find(key)
        except DatabaseError as failure:
            return _unavailable(failure)
        if found is None:
            return error(
                404,
                "not_published",
                "Nothing is published under this municipality, programme and period. GET /indicators lists "
                "what is. A period is 2016 or 2016-06; a municipality's own programme is called all.",
            )
        return JSONResponse(found)

    async def _reconciled(self, _: Request) -> JSONResponse:
        """By how many refugees the two sides differed when they were compared last; has it done anew."""
        try:
            await self._reconciling.ask(self._clock.now())
            found = await self._repository.settled.reconciled()
        except DatabaseError as failure:
            return _unavailable(failure)
        if found is None:
            return JSONResponse({"difference": None, "compared_at": None})
        return JSONResponse({"difference": found.difference, "compared_at": format_instant(found.at)})


def _limit(text: str) -> int | None:
    """The size of a page; None where the text is none."""
    digits = len(text) <= len(str(LARGEST_PAGE)) and text.isascii() and text.isdigit()
    return int(text) if digits and 1 <= int(text) <= LARGEST_PAGE else None


def _unavailable(failure: DatabaseError) -> JSONResponse:
    log.warning("indicators_unavailable", **describe_error(failure))
    return error(503, "database_unavailable", "The database does not answer. Try again in a few seconds.")
