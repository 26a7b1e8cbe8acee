"""The story's outcome for a reader at a terminal."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from deploy.demo.story import PROGRAMME, Outcome

REASONS = {
    "no_candidate": "no_candidate: the rules exclude every guide",
    "outbid": "outbid: every possible guide is better placed elsewhere",
}
SHOWN = 6
"""Characters of a random reference that tell one row from another."""


def show(outcome: Outcome, console: Console) -> None:
    """Pairs with their scores' parts, who waits and why, indicators, and the reconciliation."""
    names = {subject: case.rpartition("/")[2] for case, subject in outcome.cases.items()}
    console.print(_pairs(outcome, names))
    console.print(_waiting(outcome, names))
    console.print(_indicators(outcome))
    console.print(_reconciliation(outcome))


def last_line(outcome: Outcome) -> str:
    """The one line to compare runs by."""
    return (
        f"demo: {outcome.settlements} settlements, {len(outcome.created)} pairs created, "
        f"{outcome.after['receiving']} refugees waiting, {outcome.after['giving']} volunteers waiting, "
        f"{outcome.lost} lost"
    )


def _short(subject: str) -> str:
    kind, _, random = subject.partition("-")
    return f"{kind}-{random[:SHOWN]}"


def _pairs(outcome: Outcome, names: dict[str, str]) -> Table:
    parts = sorted({part for pair in outcome.created for part in pair["receipt"]["parts"]})
    caption = (
        "points by part, at most what the pack gives each; waiting is kept apart from the score; "
        "rank 2/30: the second best of 30 guides that no rule excludes"
    )
    table = Table(title="Pairs created", caption=caption, box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("case", no_wrap=True)
    table.add_column("guide", no_wrap=True)
    for part in (*parts, "score", "waiting", "rank"):
        table.add_column(part.replace("_", "\n"), justify="right", overflow="fold")
    for pair in sorted(outcome.created, key=lambda item: names.get(item["receiving"], "")):
        receipt = pair["receipt"]
        table.add_row(
            names.get(pair["receiving"], _short(pair["receiving"])),
            _short(pair["giving"]).removeprefix("volunteer-"),
            *(str(receipt["parts"].get(part, 0)) for part in parts),
            str(receipt["score"]),
            str(receipt["waiting_bonus"]),
            f"{receipt['rank']}/{receipt['candidates']}",
        )
    return table


def _waiting(outcome: Outcome, names: dict[str, str]) -> Table:
    table = Table(
        title="Who still waits, and why", caption="rules: how many guides each removed in the round"
    )
    for column in ("who", "since", "days", "reason", "rules"):
        table.add_column(column)
    left_over = outcome.round["unmatched_receiving"]
    for person in sorted(left_over, key=lambda person: names.get(person["subject"], person["subject"])):
        rules = ", ".join(f"{rule} {count}" for rule, count in person["rules"].items())
        name = names.get(person["subject"], _short(person["subject"]))
        table.add_row(
            name,
            person["since"],
            str(person["waiting_days"]),
            REASONS.get(person["reason"], person["reason"]),
            rules,
        )
    volunteers_left = outcome.after["giving"]
    table.add_row(f"{volunteers_left} volunteers", "", "", "no refugee is left that they could guide", "")
    return table


def _indicators(outcome: Outcome) -> Table:
    table = Table(
        title="Indicators",
        caption="rounded down to fives; 0 is withheld, and levels and declines while the month is open",
    )
    for column in ("programme", "period", "figure", "value"):
        table.add_column(column, no_wrap=True)
    for item in sorted(outcome.indicators, key=lambda item: (item["programme"] == PROGRAMME, item["period"])):
        for figure in sorted(item["figures"], key=lambda figure: str(figure["name"])):
            value = "withheld" if figure.get("suppressed") else str(figure.get("value", ""))
            table.add_row(item["programme"], item["period"], figure["name"], value)
    return table


def _reconciliation(outcome: Outcome) -> Table:
    table = Table(title="Reconciliation: every settlement counted exactly once")
    table.add_column("what")
    table.add_column("count", justify="right")
    table.add_row("settlement records sent", str(outcome.settlements))
    for name, count in sorted(outcome.receipts.items()):
        table.add_row(f"  answered: {name}", str(count))
    table.add_row("  answered in all, each once", str(outcome.settlements - outcome.lost))
    table.add_row("people published on refugees.v1", str(outcome.published_refugees))
    table.add_row("  of whom waited before the round", str(outcome.before["receiving"]))
    table.add_row("  of whom paired", str(len(outcome.created)))
    table.add_row("  of whom wait now", str(outcome.after["receiving"]))
    table.add_row("minors referred to child welfare", str(outcome.published_referrals))
    table.add_row("e-mails, four for each pair", str(outcome.mails))
    return table
