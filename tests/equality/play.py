"""Plays the stream through a checkout's services and writes what they say."""

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

from kobling.administration import ensure_topics
from tests.equality.bergen import EVERYBODY, MUNICIPALITY, Bergen
from tests.equality.compare import Line
from tests.equality.events import MUNICIPALITIES, WITHOUT_PROGRAMME, Record
from tests.equality.fleet import PREFIX, SERVICES, Fleet
from tests.equality.names import FROM_OUTSIDE, Names, line_of, topic_of
from tests.equality.poison import STATES
from tests.equality.stream import Stream
from tests.equality.topics import Came, Wire, read

JUNE = datetime(2016, 6, 15, 8, tzinfo=UTC)
JULY = datetime(2016, 7, 5, 8, tzinfo=UTC)
"""When open proposals have expired, approvals have waited in vain, and June is closed."""
FIRST_THREE = SERVICES[:3]
INDICATORS = "indicators.v1"


@dataclass(slots=True)
class Play:
    """One recording in progress."""

    fleet: Fleet
    stream: Stream
    wire: Wire = field(init=False)
    names: Names = field(init=False)
    lines: list[Line] = field(default_factory=list)
    _sent: int = 0
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.wire = Wire(self.fleet)
        self.names = Names(self.wire.sent)

    async def all(self) -> None:
        """Everything, in June and in July."""
        await self._open()
        await self._intake()
        await self._matching()
        await self.fleet.start("reporting")
        await self._handled(*SERVICES)
        await self._keep_indicators("June")
        await self._learn()
        await self._phase("dead letters", self.stream.letters(self.names.letters), *SERVICES)
        await self.fleet.stop(*SERVICES)
        self.fleet.at(JULY)
        await self.fleet.start(*FIRST_THREE)
        await self._handled(*FIRST_THREE)
        await self.fleet.start("reporting")
        await self._handled(*SERVICES)
        await self._keep_indicators("July")
        await self._keep_all()

    async def _open(self) -> None:
        municipalities = [*MUNICIPALITIES, MUNICIPALITY, WITHOUT_PROGRAMME]
        await ensure_topics(self.fleet.stack.cluster, municipalities, EVERYBODY, prefix=PREFIX)
        # Before the relays write anything: so the places of these are the same every time.
        await self.wire.send([*self.stream.bergen.administration(), *STATES])
        self.fleet.at(JUNE)
        await self.fleet.start(*FIRST_THREE)

    async def _intake(self) -> None:
        stream = self.stream
        await self._phase("settlements", stream.settlements())
        await self._learn("refugees.", "receipts.")
        await self._phase("commands", stream.commands(), with_unknown=True)
        await self._phase("approvals", stream.approvals())
        await self._phase("arrivals", stream.arrivals())
        for settlements, commands in stream.afterwards():
            await self._phase("settlements", settlements)
            await self._learn("refugees.", "receipts.")
            await self._phase("commands", commands)

    async def _matching(self) -> None:
        stream = self.stream
        await self._phase("who waits", stream.waiting())
        await self._phase("mistakes", stream.mistakes())
        await self._phase("rounds", stream.rounds())
        await self._learn("refugees.", "receipts.", "pairs.")
        await self._phase("answers", stream.answers(self.names.pairs))
        await self._phase("signatures", stream.signatures(self.names.pairs))
        await self._learn("refugees.", "receipts.")
        await self._phase("second wave", stream.second_wave())
        await self._phase("second rounds", stream.rounds())
        await self._phase("who waits now", stream.waiting())

    async def _phase(
        self, name: str, records: Iterable[Record], *services: str, with_unknown: bool = False
    ) -> None:
        """Sends and waits. Commands on people who are not public are left out unless `with_unknown`: they
        take half a minute.
        """
        known = [record for record in records if with_unknown or self.names.is_known(record)]
        count = await self.wire.send(map(self.names.resolved, known))
        self._sent += count
        await self._handled(*(services or FIRST_THREE))
        _say(f"{time.monotonic() - self._began:4.0f} s  {name}: {count} records, {self._sent} in all")

    async def _handled(self, *services: str) -> None:
        await self.wire.handled(*services)

    async def _learn(self, *topics: str) -> list[Came]:
        came = await read(self.fleet, *(topics or ("",)))
        came = [record for record in came if not topic_of(record).startswith(FROM_OUTSIDE)]
        self.names.learn(came)
        return came

    async def _keep_indicators(self, month: str) -> None:
        """The last of each period, open or closed: how many were published before depends on moments."""
        last: dict[tuple[str, bool], Line] = {}
        for came in await read(self.fleet, INDICATORS):
            line = line_of(came, self.names, f"{INDICATORS} in {month}")
            if "value" in line:
                line["revision"] = line["value"]["revision"] = 0
                last[str(line["key"]), bool(line["value"]["data"]["closed"])] = line
        self.lines += last.values()

    async def _keep_all(self) -> None:
        came = await self._learn()
        for record in came:
            is_tick = (record.key or b"").startswith(b"_")
            ours = (topic_of(record), record.offset) in self.wire.sent and record.partition == 0
            if not (is_tick or ours or topic_of(record) == INDICATORS):
                self.lines.append(line_of(record, self.names, topic_of(record)))
        self.lines += self._mails()

    def _mails(self) -> Iterable[Line]:
        for file in (self.fleet.mails / "new").iterdir():
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            headers = [
                [name, text]
                for name, text in mail.items()
                # Moments, digests of random references, and what the sink adds.
                if name not in {"Date", "Message-ID"} and not name.startswith("X-")
            ]
            body = mail.get_content()
            yield {
                "topic": "e-mails",
                "key": str(mail["To"]),
                "revision": None,
                "headers": headers,
                "bytes": self.names.named(body),
            }

    def write(self, out: Path) -> int:
        """Writes the lines in an order of their own; returns how many references in them have no name."""
        lines = sorted(self.lines, key=lambda line: (line["topic"], str(line["key"]), line["revision"] or 0))
        unnamed = self.names.unnamed(lines)
        with out.open("w") as file:
            file.writelines(sorted_texts(lines))
        for token, count in unnamed.most_common(5):
            _say(f"without a name: {token}, {count} times")
        _say(f"equality: {self._sent} records sent, {len(lines)} recorded, {len(unnamed)} references unnamed")
        return len(unnamed)


def sorted_texts(lines: Iterable[Line]) -> list[str]:
    """The lines as JSON, by topic, key, revision and content."""
    keyed = [
        (
            (line["topic"], str(line["key"]), line["revision"] or 0),
            json.dumps(line, ensure_ascii=False) + "\n",
        )
        for line in lines
    ]
    return [text for _, text in sorted(keyed)]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def record(fleet: Fleet, bergen: Bergen, records: int, seed: int, out: Path) -> int:
    """Records a checkout's services; returns how many references have no name, which must be none."""
    play = Play(fleet, Stream(bergen, records, seed))
    await play.all()
    return play.write(out)
