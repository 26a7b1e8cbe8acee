"""The real Prometheus beside a running installation, with the alert rules at a faster pace."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from deploy.local.ports import LOOPBACK, free_ports
from tests.alerts.scaling import hastened
from tests.alerts.tools import DEPLOYED, PROMETHEUS

LOOK = 0.3
STARTS_WITHIN = 30.0
PORTS = {"intake": 8081, "matching": 8082, "notifications": 8083, "reporting": 8084}
"""Of the targets in prometheus.yml."""


@dataclass(slots=True)
class Watch:
    """Prometheus, running; `services` are the addresses' own."""

    directory: Path
    services: Mapping[str, Mapping[str, Any]]
    url: str = ""

    def configure(self, every: int) -> Path:
        """Writes the shipped configuration with this installation's addresses and a scrape each so many
        seconds.
        """
        config = (DEPLOYED / "prometheus.yml").read_text(encoding="utf-8")
        for service, port in PORTS.items():
            own = urlsplit(self.services[service]["health"]).netloc
            config = config.replace(f"127.0.0.1:{port}", own)
        config = re.sub(r"_interval: 15s", f"_interval: {every}s", config)
        path = self.directory / "prometheus.yml"
        path.write_text(config, encoding="utf-8")
        rules = hastened((DEPLOYED / "alerts.yml").read_text(encoding="utf-8"))
        (self.directory / "alerts.yml").write_text(rules, encoding="utf-8")
        return path

    @asynccontextmanager
    async def running(self, every: int = 1) -> AsyncIterator["Watch"]:
        """Started, on a port of the loopback interface; ended at the end."""
        (port,) = free_ports(1)
        self.url = f"http://{LOOPBACK}:{port}"
        with (self.directory / "prometheus.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                str(PROMETHEUS),
                f"--config.file={self.configure(every)}",
                f"--storage.tsdb.path={self.directory / f'data-{port}'}",
                f"--web.listen-address={LOOPBACK}:{port}",
                stdout=log,
                stderr=log,
            )
        try:
            await self.until(self._answers, STARTS_WITHIN, "Prometheus answers")
            yield self
        finally:
            process.terminate()
            await process.wait()

    async def firing(self) -> set[str]:
        """The names of alerts that fire."""
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            answer = (await client.get(f"{self.url}/api/v1/alerts")).json()
        return {
            alert["labels"]["alertname"] for alert in answer["data"]["alerts"] if alert["state"] == "firing"
        }

    async def scraped(self, times: int) -> None:
        """Waits until every service has been scraped so often: after its start, Prometheus takes some seconds
        to begin.
        """

        async def look() -> bool:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                query = {"query": 'count_over_time(up{job="kobling"}[1h])'}
                answer = (await client.get(f"{self.url}/api/v1/query", params=query)).json()
            counts = [int(one["value"][1]) for one in answer["data"]["result"]]
            return len(counts) == len(PORTS) and min(counts) >= times

        await self.until(look, STARTS_WITHIN, f"each service is scraped {times} times")

    async def fires(self, *alerts: str, within: float = 90.0) -> None:
        """Waits until each of these has fired: some are over sooner than others begin."""
        awaited = set(alerts)

        async def look() -> bool:
            awaited.difference_update(await self.firing())
            return not awaited

        await self.until(look, within, f"{alerts} fire")

    async def clears(self, *alerts: str, within: float = 150.0) -> None:
        """Waits until none of these fires."""

        async def look() -> bool:
            return not set(alerts) & await self.firing()

        await self.until(look, within, f"{alerts} clear")

    async def _answers(self) -> bool:
        try:
            async with httpx.AsyncClient(timeout=1, trust_env=False) as client:
                return (await client.get(f"{self.url}/-/ready")).is_success
        except httpx.TransportError:
            return False

    @staticmethod
    async def _seen(look: Any) -> bool:
        """What is seen; nothing where Prometheus does not answer this time."""
        try:
            return bool(await look())
        except httpx.TransportError:
            return False

    async def until(self, look: Any, within: float, what: str) -> None:
        """Looks until it is so. Raises AssertionError with what else fires."""
        deadline = time.monotonic() + within
        while not await self._seen(look):
            assert time.monotonic() < deadline, f"not within {within:.0f} s: {what}; {await self.firing()} do"
            # Prometheus tells nobody when an alert changes but an Alertmanager.
            await asyncio.sleep(LOOK)
