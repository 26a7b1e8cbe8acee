"""The Bergen example read from its files, and the hard rules written out once more, as plainly as possible.

Deliberately shares nothing with the matching service or with the generator: it is what both are held against.
"""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[2] / "examples" / "bergen-2016-06"
ROUND_ON = date(2016, 6, 15)
PARTS = ("weekday_morning", "weekday_afternoon", "weekday_evening", "weekend")


@dataclass
class Party:
    """One refugee or volunteer as known after every file was read; `label` is what the README calls them."""

    label: str
    municipality: str
    data: dict[str, Any]
    minors: int
    capacity: int = 1
    consents: set[str] = field(default_factory=set)
    checks: set[str] = field(default_factory=set)
    approvals: set[str] = field(default_factory=set)
    interview: dict[str, Any] = field(default_factory=dict)
    programmes: set[str] = field(default_factory=set)

    @property
    def languages(self) -> set[str]:
        return {language["code"] for language in self.data["languages"]}

    @property
    def gender(self) -> str:
        return str(self.data["person"]["gender"])

    @property
    def wish(self) -> str | None:
        wish: str | None = self.interview["wishes"].get("guide_gender")
        return wish

    @property
    def age(self) -> int:
        born = date.fromisoformat(self.data["person"]["birth_date"])
        return ROUND_ON.year - born.year - ((ROUND_ON.month, ROUND_ON.day) < (born.month, born.day))


def events(name: str) -> list[dict[str, Any]]:
    """A file's records."""
    return [json.loads(line) for line in (EXAMPLE / name).read_text(encoding="utf-8").splitlines()]


def pack() -> dict[str, Any]:
    """The programme pack as published."""
    return next(e["data"] for e in events("programmes.jsonl") if e["type"].endswith("ProgrammePublished.v2"))


def settled(records: list[dict[str, Any]]) -> dict[str, Party]:
    """Those who may be matched, by `case:…`; of each case the record with the latest time."""
    newest: dict[str, dict[str, Any]] = {}
    for event in records:
        known = newest.get(event["subject"])
        if known is None or event["time"] >= known["time"]:
            newest[event["subject"]] = event
    return {
        f"case:no-4601/{case}": Party(case, "no-4601", event["data"], event["data"]["household"]["minors"])
        for case, event in newest.items()
        if event["data"].get("protection") == "none" and not event["data"].get("unaccompanied_minor")
    }


def parties() -> tuple[list[Party], list[Party]]:
    """Refugees and volunteers who wait: all that the pack asks of their side has been recorded."""
    refugees = settled(events("settlements.no-4601.jsonl"))
    volunteers: dict[str, Party] = {}
    organisations = {e["subject"]: e["data"]["organisation"] for e in events("operators.jsonl")}
    everyone = dict(refugees)
    for operator in ("bergen-redcross-1", "bergen-redcross-2", "bergen-intro-1"):
        for event in events(f"commands.intake.{operator}.jsonl"):
            subject, data = event["subject"], event["data"]
            match event["type"].removeprefix("no.kobling.command."):
                case "RegisterVolunteer.v1":
                    label = data["person"]["email"].partition("@")[0]
                    party = Party(label, data["municipality"], data, data["minors"], data["capacity"])
                    volunteers[subject] = everyone[subject] = party
                case "JoinProgramme.v1":
                    everyone[subject].programmes.add(data["programme"])
                case "RecordConsent.v1":
                    everyone[subject].consents.add(data["purpose"])
                case "RecordInterview.v1":
                    everyone[subject].interview = data
                case "RecordCheck.v1":
                    everyone[subject].checks.add(data["kind"])
                case "ApproveVolunteer.v1":
                    everyone[subject].approvals.add(organisations[operator])
                case unknown:
                    raise AssertionError(f"{unknown} is not expected here")
    rules = pack()
    return (
        [party for party in refugees.values() if _ready(party, rules["name"], rules["sides"]["receiving"])],
        [party for party in volunteers.values() if _ready(party, rules["name"], rules["sides"]["giving"])],
    )


def _ready(party: Party, programme: str, side: dict[str, Any]) -> bool:
    met: set[tuple[str, str | None]] = {("interview", None)} if party.interview else set()
    met |= {("consent", purpose) for purpose in party.consents}
    met |= {("check", check) for check in party.checks}
    met |= {("approval", organisation) for organisation in party.approvals}
    asked = {
        (item["kind"], next((value for name, value in item.items() if name != "kind"), None))
        for item in side["requirements"]
        if item["kind"] != "age"
    }
    return programme in party.programmes and asked <= met


def broken_rules(refugee: Party, guide: Party, minimum_hours: float, minimum_age: int) -> set[str]:
    """The names of all hard rules that forbid this pair; empty when they may be paired."""
    ours, theirs = refugee.interview["availability"], guide.interview["availability"]
    common_hours = sum(min(ours.get(part, 0), theirs.get(part, 0)) for part in PARTS)
    broken = {
        "municipality": refugee.municipality != guide.municipality,
        "language": not refugee.languages & guide.languages,
        "gender_wish": refugee.wish not in {None, guide.gender} or guide.wish not in {None, refugee.gender},
        "age": guide.age < minimum_age,
        "availability": common_hours < minimum_hours,
        "child_certificate": refugee.minors > 0 and "child_certificate" not in guide.checks,
    }
    return {rule for rule, is_broken in broken.items() if is_broken}


Candidates = dict[str, set[str]]


def largest_round(candidates: Candidates) -> dict[str, str]:
    """A largest set of pairs in which nobody stands twice (Kuhn's augmenting paths): guide → refugee."""
    pairs: dict[str, str] = {}

    def place(refugee: str, tried: set[str]) -> bool:
        for guide in sorted(candidates[refugee] - tried):
            tried.add(guide)
            if guide not in pairs or place(pairs[guide], tried):
                pairs[guide] = refugee
                return True
        return False

    for refugee in sorted(candidates):
        place(refugee, set())
    return pairs
