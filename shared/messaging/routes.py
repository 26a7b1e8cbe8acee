"""Pages over HTTP that take the parameters they name and no other: a filter that is not there would be taken
for applied.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Page = Callable[[Request], Awaitable[Response]]


def route(path: str, page: Page, *parameters: str) -> Route:
    """A page under a path; asked with other `parameters` it answers 400."""

    async def answer(request: Request) -> Response:
        if request.query_params.keys() <= set(parameters):
            return await page(request)
        known = f"This page takes {' and '.join(parameters)}" if parameters else "This page takes none"
        return error(400, "parameter_unknown", f"There is no such parameter. {known}.")

    return Route(path, answer)


def error(status: int, code: str, message: str) -> JSONResponse:
    """The answer to what can't be answered. `message` says what would help, and quotes nothing."""
    return JSONResponse({"error": {"code": code, "message": message}}, status)
