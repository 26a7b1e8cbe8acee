"""What was arranged once for a row is put back for each of its columns."""

from dataclasses import dataclass, field

from shared.contracts.topics import Service
from shared.mongo import Database, Document
from tests.integration.commands.bench import Bench
from tests.integration.commands.benches import bench_of
from tests.integration.commands.row import Arrange
from tests.support.cluster import Corner


@dataclass
class Shelf:
    """One service's database, and what stood in it after each arrangement."""

    service: Service
    corner: Corner
    database: Database

    async def bench(self, given: Arrange) -> tuple[Bench, str]:
        """A bench at which this is arranged, and the reference that it gives."""
        bench = bench_of(self.service, self.corner, self.database)
        await bench.clear()
        return bench, await given(bench)
