"""The process around a service: its HTTP server, signals, and how rarely garbage is collected."""

import asyncio
import contextlib
import gc
import signal
import socket

import uvicorn

from shared.logging import get_logger, quiet_loop_exceptions
from shared.messaging.runtime import App

log = get_logger(__name__)


class _Server(uvicorn.Server):
    """uvicorn's server, with signals left to `serve`, which exits with 0 after draining."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Says where the health endpoint listens: the port may have been left to the system."""
        await super().startup(sockets)
        bound = [one.getsockname() for server in self.servers for one in server.sockets]
        log.info("health_listens", addresses=[f"{host}:{port}" for host, port, *_ in bound])

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


async def serve(app: App) -> None:
    """Runs until SIGTERM or SIGINT, then drains."""
    _collect_rarely()
    settings = app.runtime.settings
    server = _Server(
        uvicorn.Config(
            app.http(),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            lifespan="on",
        )
    )
    loop = asyncio.get_running_loop()
    quiet_loop_exceptions(loop)

    def leave() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    await server.serve()


def _collect_rarely() -> None:
    """A batch makes tens of thousands of objects and hardly a cycle: by Python's own thresholds they are
    looked through dozens of times. What the start has made is never garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
