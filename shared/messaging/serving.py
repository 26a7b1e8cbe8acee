"""The process around a service: its pages over HTTP, signals, and how rarely garbage is collected."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import uvicorn
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.logging import get_logger, quiet_loop_exceptions
from shared.messaging.metrics import CONTENT_TYPE
from shared.messaging.routes import route
from shared.messaging.runtime import App
from shared.messaging.wiring import Wiring
from shared.settings import ServiceSettings

log = get_logger(__name__)

PING_SECONDS = 2.0
ANSWER_SECONDS = 1
"""How long a stopping service waits for those who still read an answer; whoever reads nothing is cut off."""
LEAVE_SECONDS = 5.0
"""How much longer than `drain` a stopping process lives at most, whatever it still waits for."""


@dataclass(frozen=True, slots=True)
class _Pages:
    """What every service answers over HTTP."""

    app: App

    async def live(self, _: Request) -> JSONResponse:
        """503 where a part has given no sign of life for too long: the process is to be started anew."""
        stuck = self.app.resources.health.stuck
        return JSONResponse({"live": not stuck, "stuck": stuck}, 503 if stuck else 200)

    async def ready(self, _: Request) -> JSONResponse:
        """503 with the causes where anything is waited for. `notes` say what others should mend: one bad
        record of one municipality is no reason to take a service from all of them.
        """
        database = self.app.resources.database
        causes = dict(self.app.resources.health.causes)
        try:
            await asyncio.wait_for(database.ping(), PING_SECONDS)
        except (PyMongoError, TimeoutError) as error:
            causes["database"] = database.cause(error)
        notes = self.app.resources.health.notes
        page = {"ready": not causes, "causes": causes, "notes": notes}
        return JSONResponse(page, 503 if causes else 200)

    async def metrics(self, _: Request) -> Response:
        """Prometheus' page."""
        page = await self.app.metrics.render(self.app.resources.database, self.app.resources.clock)
        return Response(page, media_type=CONTENT_TYPE)


def http(app: App) -> Starlette:
    """The health endpoint and the service's own routes; starts and stops the service with itself."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        starting = asyncio.ensure_future(app.start())
        try:
            yield
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await app.stop()

    pages = _Pages(app)
    return Starlette(
        routes=[
            route("/health/live", pages.live),
            route("/health/ready", pages.ready),
            route("/metrics", pages.metrics),
            *app.wiring.routes,
        ],
        lifespan=lifespan,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, with signals left to `serve`, which exits with 0 after draining."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Says where the health endpoint listens: the port may have been left to the system."""
        await super().startup(sockets)
        bound = [endpoint.getsockname() for server in self.servers for endpoint in server.sockets]
        log.info("health_listens", addresses=[f"{host}:{port}" for host, port, *_ in bound])

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


async def serve(wiring: Wiring, settings: ServiceSettings) -> None:
    """Runs a service until SIGTERM or SIGINT, then drains; the same signal a second time ends it at once."""
    _collect_rarely()
    server = _Server(
        uvicorn.Config(
            http(App(wiring, settings)),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=ANSWER_SECONDS,
        )
    )
    loop = asyncio.get_running_loop()
    quiet_loop_exceptions(loop)

    def leave(number: signal.Signals) -> None:
        if not server.should_exit:
            # The system's own alarm, since what holds up a drain may be the loop itself, or a thread.
            signal.setitimer(signal.ITIMER_REAL, settings.drain.total_seconds() + LEAVE_SECONDS)
        server.should_exit = True
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave, number)
    await server.serve()


def _collect_rarely() -> None:
    """A batch makes tens of thousands of objects and hardly a cycle: by Python's own thresholds they are
    looked through dozens of times. What the start has made is never garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
