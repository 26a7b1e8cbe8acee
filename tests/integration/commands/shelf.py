"""What was arranged once for a row, and is put back for each of its columns."""

from dataclasses import dataclass, field

from shared.contracts.topics import Service
from shared.messaging.wiring import Resources
from shared.mongo import Database, Document
from tests.integration.commands.bench import Bench
from tests.integration.commands.benches import bench_of
from tests.integration.commands.row import Arrange
from tests.support.cluster import Corner


@dataclass(frozen=True, slots=True)
class _Kept:
    """A bench as an arrangement left it, with the reference that this gave and all that was stored."""

    bench: Bench
    reference: str
    resources: Resources
    documents: dict[str, list[Document]]


@dataclass
class Shelf:
    """One service's database, and what stood in it after each arrangement."""

    service: Service
    corner: Corner
    database: Database
    _kept: dict[Arrange, _Kept] = field(default_factory=dict)

    async def bench(self, given: Arrange) -> tuple[Bench, str]:
        """A bench at which this is arranged, and the reference that it gives."""
        if given not in self._kept:
            bench = bench_of(self.service, self.corner, self.database)
            await bench.put_back(bench.resources, {})
            reference = await given(bench)
            documents = await bench.dump(bench.wiring.collections)
            self._kept[given] = _Kept(bench, reference, bench.resources, documents)
            return bench, reference
        kept = self._kept[given]
        await kept.bench.put_back(kept.resources, kept.documents)
        return kept.bench, kept.reference
