"""The invariants A to F, held against what the observer saw and what the services' databases hold."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.intake.wire import case_digest
from shared.contracts.topics import Service
from shared.messaging.reading.outcome import COUNTERS
from shared.mongo import Database
from shared.sealing import decode
from tests.faults.observer import Observer, canary_in

CAP = 300 * 1024 * 1024
"""Bytes of resident memory that one process of a service may use."""
SHOWN = 5
"""Places that a broken invariant names."""
READS: Mapping[Service, tuple[str, ...]] = {
    "intake": ("settlements.", "commands.intake."),
    "matching": ("refugees.v1", "volunteers.v1", "commands.matching."),
    "notifications": ("contact-cards.v1", "pairs.v1", "commands.notifications."),
    "reporting": (
        "refugees.v1",
        "volunteers.v1",
        "pairs.v1",
        "rounds.v1",
        "commands.reporting.",
    ),
}
"""The topics, or beginnings of their names, that each service reads in a group."""


@dataclass(slots=True)
class Verdict:
    """What was found: records whose effect is missing, or there twice, and the invariants that broke."""

    lost: int = 0
    doubled: int = 0
    faults: list[str] = field(default_factory=list)

    def missing(self, invariant: str, what: str, places: list[str]) -> None:
        """Counts effects that are not there."""
        self.lost += len(places)
        self.broken(invariant, f"{what} missing", places)

    def twice(self, invariant: str, what: str, places: list[str]) -> None:
        """Counts effects that are there twice."""
        self.doubled += len(places)
        self.broken(invariant, f"{what} twice", places)

    def broken(self, invariant: str, what: str, places: list[str]) -> None:
        """Notes an invariant that does not hold."""
        if places:
            shown = ", ".join(places[:SHOWN]) + (" …" if len(places) > SHOWN else "")
            self.faults.append(f"{invariant}: {what} ({len(places)}): {shown}")


@dataclass(slots=True)
class Logs:
    """Looks for canaries in what was added to log files."""

    directory: Path
    _read: dict[Path, int] = field(default_factory=dict)

    def leaks(self) -> list[str]:
        """The files whose new part holds a canary."""
        found = []
        for path in sorted(self.directory.glob("*.log")):
            with path.open("rb") as file:
                file.seek(max(0, self._read.get(path, 0) - 100))
                if canary_in(file.read()):
                    found.append(path.name)
                self._read[path] = file.tell()
        return found


@dataclass(slots=True)
class Checker:
    """Holds one installation against the invariants. `databases` are of the services that run."""

    observer: Observer
    databases: Mapping[Service, Database]
    case_key: str

    async def check(self) -> Verdict:
        """A, B, C and E, at rest."""
        verdict = Verdict()
        verdict.broken("B", "revisions out of order", self.observer.disorder)
        verdict.broken("E", "personal data on topics", self.observer.leaks)
        if "intake" in self.databases:
            self._receipts(verdict)
            self._states(verdict)
            await self._files(verdict)
            self._dead_letters(verdict)
        for service in self.databases:
            await self._counts(service, verdict)
        return verdict

    def _receipts(self, verdict: Verdict) -> None:
        """Each settlement has one receipt, which says what it should."""
        observer = self.observer
        lost, doubled, wrong = [], [], []
        for place, expected in observer.oracle.expected.items():
            found = list(observer.receipts.get(place, {}).values())
            where = f"{place[0]}/{place[1]}"
            if not found:
                lost.append(where)
            elif len(found) > 1:
                doubled.append(where)
            elif (said := (found[0]["outcome"], found[0].get("code"))) != (expected.outcome, expected.code):
                wrong.append(f"{where} {said}, not {expected.outcome} {expected.code}")
        verdict.missing("A", "receipts", lost)
        verdict.twice("A", "receipts", doubled)
        verdict.broken("A", "receipts say something else", wrong)

    def _states(self, verdict: Verdict) -> None:
        """Each accepted settlement has caused its states, and each revision stands for one event."""
        observer = self.observer
        lost, doubled = [], []
        for place, expected in observer.oracle.expected.items():
            if expected.outcome not in {"accepted", "referred"}:
                continue
            caused = len(observer.caused.get(expected.event_id, ()))
            if caused < expected.states:
                lost.append(f"{place[0]}/{place[1]}")
            elif caused > expected.states:
                doubled.append(f"{place[0]}/{place[1]}")
        verdict.missing("A", "states", lost)
        verdict.twice("A", "states", doubled)
        self._apart(verdict)
        gaps, both = [], []
        for (topic, subject), revisions in observer.states.items():
            if topic in {"refugees.v1", "contact-cards.v1", "pairs.v1"}:
                gaps += [subject] if len(revisions) != max(revisions) else []
                both += [subject for ids in revisions.values() if len(ids) > 1]
        verdict.missing("A", "revisions", gaps)
        verdict.twice("A", "revisions", both)

    def _apart(self, verdict: Verdict) -> None:
        """Referrals and take-backs have random causes: as many are there as settlements ask for."""
        asked = Counter(one.apart for one in self.observer.oracle.expected.values() if one.apart is not None)
        for name in ("RefugeeReferred", "RefugeeWithdrawn"):
            found = len(self.observer.named.get(name, ()))
            verdict.missing("A", name, [name] * (asked[name] - found))
            verdict.twice("A", name, [name] * (found - asked[name]))

    async def _files(self, verdict: Verdict) -> None:
        """Each case has one file, and the others are at its revision."""
        found: Counter[str] = Counter()
        states: dict[str, int] = {}
        cards: dict[str, int] = {}
        async for file in self.databases["intake"]["refugees"].find({}, {"cases": 1, "state": 1, "card": 1}):
            found.update(file["cases"])
            states[file["_id"]], cards[file["_id"]] = file["state"][0], file["card"][0]
        digest = case_digest(decode(self.case_key))
        cases = {
            f"{topic} {case}": digest(topic.split(".")[1], case)
            for topic, case in self.observer.oracle.cases()
        }
        verdict.missing("A", "files", [name for name, key in cases.items() if key not in found])
        verdict.twice("A", "files", [name for name, key in cases.items() if found[key] > 1])
        published = {subject: revision for subject, revision in states.items() if revision}
        sealed = {subject: revision for subject, revision in cards.items() if revision}
        for service, collection, wanted in (
            ("matching", "parties", published),
            ("reporting", "refugees", published),
            ("notifications", "cards", sealed),
        ):
            await self._same_revisions(service, collection, wanted, verdict)  # type: ignore[arg-type]

    async def _same_revisions(
        self, service: Service, collection: str, wanted: dict[str, int], verdict: Verdict
    ) -> None:
        if service not in self.databases:
            return
        rows = self.databases[service][collection].find({}, {"revision": 1})
        known = {row["_id"]: row["revision"] async for row in rows}
        readable = self._readable(service, wanted)
        behind = [subject for subject, revision in readable.items() if known.get(subject, 0) < revision]
        ahead = [subject for subject, revision in readable.items() if known.get(subject, 0) > revision]
        verdict.missing("A", f"effects in {service}", behind)
        verdict.twice("A", f"effects in {service}", ahead)

    def _readable(self, service: Service, wanted: dict[str, int]) -> dict[str, int]:
        """The revisions without those that were deleted with their topic before the service had read them."""
        unread = {(subject, revision) for _, subject, revision in self.observer.unread_states(service)}
        return {
            subject: next(one for one in range(revision, -1, -1) if (subject, one) not in unread)
            for subject, revision in wanted.items()
        }

    def _dead_letters(self, verdict: Verdict) -> None:
        """The records that should die have died, each under one id, and nothing else has."""
        observer = self.observer
        places: Counter[tuple[str, int]] = Counter()
        strangers = []
        for id_, letter in observer.dead.items():
            places[letter.place] += 1
            expected = observer.oracle.expected.get(letter.place)
            if expected is None or expected.code != letter.code:
                strangers.append(f"{letter.service} {letter.code} {id_}")
        wanted = [place for place, one in observer.oracle.expected.items() if one.outcome == "rejected"]
        verdict.missing(
            "C",
            "dead letters",
            [f"{topic}/{offset}" for topic, offset in wanted if not places[topic, offset]],
        )
        verdict.twice(
            "C",
            "dead letters",
            [f"{topic}/{offset}" for topic, offset in wanted if places[topic, offset] > 1],
        )
        verdict.broken("C", "dead letters nobody expected", strangers)

    async def _counts(self, service: Service, verdict: Verdict) -> None:
        """For each partition: delivered = applied + duplicate + stale + dead; and effects = revisions."""
        prefix = self.observer.prefix
        counted = {
            (topic.removeprefix(prefix), partition): sum(document[name] for name in COUNTERS)
            for (topic, partition), document in (await counters(self.databases[service])).items()
        }
        unread = self.observer.unread[service]
        delivered = Counter(
            {
                place: count
                for place, count in self.observer.records.items()
                if place[0].startswith(READS[service])
            }
        )
        delivered.subtract((one.topic.removeprefix(prefix), one.partition) for one in unread)
        wrong = [
            f"{service} {place[0]}/{place[1]}: {delivered[place]} delivered, {counted.get(place, 0)} counted"
            for place in sorted(delivered.keys() | counted.keys())
            if counted.get(place, 0) != delivered[place]
        ]
        verdict.broken("C", "records without one outcome", wrong)
        applied = (await totals(self.databases[service], f"{prefix}refugees.v1"))["applied"]
        gone = sum(topic == "refugees.v1" for topic, *_ in self.observer.unread_states(service))
        effects = self._effects("refugees.v1") - gone
        if "refugees.v1" in READS[service] and applied != effects:
            verdict.broken("C", "effects", [f"{service} applied {applied} of {effects}"])

    def _effects(self, topic: str) -> int:
        """How many records of a state topic each reader applies: every revision once, and each erasure."""
        observer = self.observer
        revisions = sum(len(found) for place, found in observer.states.items() if place[0] == topic)
        return revisions + sum(place[0] == topic for place in observer.erased)


async def counters(database: Database) -> dict[tuple[str, int], dict[str, Any]]:
    """A service's counters by (topic, partition)."""
    rows = database["positions"].find({})
    return {(row["topic"], row["partition"]): row async for row in rows}


async def totals(database: Database, topic: str) -> Counter[str]:
    """A service's counters of all topics whose names begin so, added up."""
    total: Counter[str] = Counter()
    for place, document in (await counters(database)).items():
        if place[0].startswith(topic):
            total.update({name: document[name] for name in COUNTERS})
    return total
