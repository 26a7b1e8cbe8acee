"""`GET /indicators`: what stands on `indicators.v1`, for those without Kafka, and nothing else."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from services.reporting.store import Repository
from services.reporting.store.indicators import key_of
from shared.logging import describe_error, get_logger
from shared.mongo import DatabaseError

log = get_logger(__name__)


class Pages:
    """The endpoints over published figures."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    @property
    def routes(self) -> list[BaseRoute]:
        """All figures, or those of one municipality, programme and period."""
        return [
            Route("/indicators", self._all),
            Route("/indicators/{municipality}/{programme}/{period}", self._one),
        ]

    async def _all(self, _: Request) -> JSONResponse:
        try:
            return JSONResponse({"indicators": await self._repository.indicators.all()})
        except DatabaseError as error:
            return _unavailable(error)

    async def _one(self, request: Request) -> JSONResponse:
        asked = request.path_params
        key = key_of((asked["municipality"], asked["programme"]), asked["period"])
        try:
            found = await self._repository.indicators.find(key)
        except DatabaseError as error:
            return _unavailable(error)
        if found is None:
            return _error(
                404,
                "not_published",
                "Nothing is published under this municipality, programme and period. GET /indicators lists "
                "what is. A period is 2016 or 2016-06; a municipality's own programme is called all.",
            )
        return JSONResponse(found)


def _unavailable(error: DatabaseError) -> JSONResponse:
    log.warning("indicators_unavailable", **describe_error(error))
    return _error(503, "database_unavailable", "The database does not answer. Try again in a few seconds.")


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
