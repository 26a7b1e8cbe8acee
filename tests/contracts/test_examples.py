"""The Bergen example: every line is valid, synthetic and reproducible, and its README says what comes out."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest

from examples.generate import build
from services.intake import service as intake
from services.matching import service as matching
from shared.contracts.catalogue import BY_TYPE
from shared.contracts.envelope import Envelope
from shared.contracts.fields import parse_instant
from shared.contracts.municipal import PersonSettled
from shared.messaging.commands import desk
from tests.contracts import bergen_rules as rules

LINES = {
    "operators.jsonl": 3,
    "programmes.jsonl": 2,
    "settlements.no-4601.jsonl": 32,
    "commands.intake.bergen-redcross-1.jsonl": 295,
    "commands.intake.bergen-redcross-2.jsonl": 309,
    "commands.intake.bergen-intro-1.jsonl": 55,
}
README = rules.EXAMPLE / "README.md"
ZALMAY, HODAN = "BER-2016-0012", "BER-2016-0013"


def every_line() -> Iterator[tuple[str, str]]:
    for name in LINES:
        for line in (rules.EXAMPLE / name).read_text(encoding="utf-8").splitlines():
            yield name, line


def strings_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, one in value.items():
                yield from (name, *strings_in(one))
        case list():
            for one in value:
                yield from strings_in(one)
        case _:
            yield str(value)


def readme_rows(*, columns: int) -> list[list[str]]:
    """The README's table rows that begin with a case reference and have so many columns."""
    rows = (
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in README.read_text(encoding="utf-8").splitlines()
        if line.startswith("| BER-2016-")
    )
    return [row for row in rows if len(row) == columns]


@cache
def broken() -> dict[str, dict[str, frozenset[str]]]:
    """By refugee and guide, the hard rules that forbid the pair."""
    pack = rules.pack()
    hours = next(rule["hours"] for rule in pack["pairing"]["rules"] if rule["code"] == "availability")
    giving = pack["sides"]["giving"]["requirements"]
    age = next(asked["minimum"] for asked in giving if asked["kind"] == "age")
    refugees, guides = rules.parties()
    return {
        refugee.label: {
            guide.label: frozenset(rules.broken_rules(refugee, guide, hours, age)) for guide in guides
        }
        for refugee in refugees
    }


def candidates() -> rules.Candidates:
    return {
        refugee: {guide for guide, rules_ in row.items() if not rules_} for refugee, row in broken().items()
    }


# The files


def test_only_the_files_named_here_are_sent() -> None:
    assert {path.name for path in rules.EXAMPLE.iterdir()} == {*LINES, "README.md"}


@pytest.mark.parametrize("name", LINES)
def test_generator_reproduces_the_file_byte_for_byte(name: str) -> None:
    assert (rules.EXAMPLE / name).read_bytes() == build()[name].encode()


@pytest.mark.parametrize("name", LINES)
def test_every_line_is_an_inbound_message_that_its_contract_accepts(name: str) -> None:
    records = [line for file, line in every_line() if file == name]
    assert len(records) == LINES[name]
    for line in records:
        envelope = Envelope.model_validate_json(line)
        message = BY_TYPE[envelope.type]
        message.model.model_validate(envelope.data)
        assert message.inbound
        assert message.topic.name.partition(".")[0] == name.partition(".")[0]
        assert envelope.dataschema == message.dataschema


def test_every_command_is_some_operators_to_send() -> None:
    lines = [json.loads(line) for name, line in every_line() if name == "operators.jsonl"]
    held = {role for line in lines for role in line["data"]["roles"]}
    assert held == {spec.role for spec in (*intake.SPECS, *matching.SPECS)} | {desk.ROLE}


def test_times_lie_before_the_round_and_only_the_late_record_is_out_of_order() -> None:
    out_of_order = []
    for name in LINES:
        times = [parse_instant(event["time"]) for event in rules.events(name)]
        assert min(times) >= datetime(2016, 2, 1, tzinfo=UTC)
        assert max(times) <= datetime(2016, 6, 15, 7, 0, tzinfo=UTC)
        newest = times[0]
        for number, at in enumerate(times):
            if at < newest:
                out_of_order.append((name, rules.events(name)[number]["subject"]))
            newest = max(newest, at)
    assert out_of_order == [("settlements.no-4601.jsonl", "BER-2016-0015")]


def test_ids_are_unique_save_for_the_exact_repetition() -> None:
    by_id: dict[str, list[str]] = {}
    for _, line in every_line():
        by_id.setdefault(Envelope.model_validate_json(line).id, []).append(line)
    repeated = [lines for lines in by_id.values() if len(lines) > 1]
    assert [len(lines) for lines in repeated] == [2]
    assert len(set(repeated[0])) == 1


def test_settlements_hold_each_special_case_once() -> None:
    records = rules.events("settlements.no-4601.jsonl")
    per_case = Counter(event["subject"] for event in records)
    assert len(per_case) == 28
    assert {case: n for case, n in per_case.items() if n > 1} == {
        "BER-2016-0003": 2,
        "BER-2016-0015": 3,
        "BER-2016-0020": 2,
    }
    assert [e["subject"] for e in records if e["data"].get("protection") == "confidential"] == [
        "BER-2016-0026"
    ]
    assert [e["subject"] for e in records if "protection" not in e["data"]] == ["BER-2016-0027"]
    assert [e["subject"] for e in records if e["data"].get("unaccompanied_minor")] == ["BER-2016-0028"]
    for event in records:
        parsed = PersonSettled.model_validate(event["data"])
        assert (parsed.person is None) == (event["subject"] in {"BER-2016-0026", "BER-2016-0027"})


def test_only_those_who_may_be_matched_get_commands() -> None:
    asked = {e["subject"] for name in LINES if "commands" in name for e in rules.events(name)}
    cases = {subject for subject in asked if subject.startswith("case:")}
    assert cases == {f"case:no-4601/BER-2016-{number:04}" for number in range(1, 26)}
    volunteers = asked - cases
    assert len(volunteers) == 55
    assert all(re.fullmatch(r"volunteer-[a-z2-7]{24}", subject) for subject in volunteers)


def test_files_of_operators_need_no_order_among_them_but_for_the_second_approvals() -> None:
    files = ["commands.intake.bergen-redcross-1.jsonl", "commands.intake.bergen-redcross-2.jsonl"]
    first, second = (rules.events(name) for name in files)
    assert not {e["subject"] for e in first} & {e["subject"] for e in second}
    for subject in {e["subject"] for e in first + second if e["subject"].startswith("volunteer-")}:
        names = [e["type"].split(".")[3] for e in first + second if e["subject"] == subject]
        assert (names[0], names[-1]) == ("RegisterVolunteer", "ApproveVolunteer")
        assert names.count("ApproveVolunteer") == 1
    second_approvals = rules.events("commands.intake.bergen-intro-1.jsonl")
    assert {e["type"] for e in second_approvals} == {"no.kobling.command.ApproveVolunteer.v1"}
    assert len({e["subject"] for e in second_approvals}) == 55


def test_approvers_are_different_people_of_two_organisations() -> None:
    operators = {e["subject"]: e["data"] for e in rules.events("operators.jsonl")}
    assert {name: data["organisation"] for name, data in operators.items()} == {
        "bergen-redcross-1": "red_cross_bergen",
        "bergen-redcross-2": "red_cross_bergen",
        "bergen-intro-1": "introduction_programme_bergen",
    }
    assert len({data["person"] for data in operators.values()}) == 3
    assert all(data["valid_until"] >= "2027" for data in operators.values())


# Nobody real


def is_norwegian_personal_number(digits: str) -> bool:
    """Both control digits of a fødselsnummer or D-number are right (modulus 11)."""
    numbers = [int(digit) for digit in digits]
    first = sum(n * w for n, w in zip(numbers, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), strict=False))
    last = sum(n * w for n, w in zip(numbers, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True))
    return first % 11 == 0 and last % 11 == 0


def is_danish_personal_number(digits: str) -> bool:
    """The first six of ten digits are a date; newer numbers have no control digit."""
    day, month, year = (int(digits[at : at + 2]) for at in (0, 2, 4))
    try:
        date(2000 + year, month, day)
    except ValueError:
        return False
    return True


def personal_numbers(text: str) -> list[str]:
    """What in a text could be a personal number, with or without separators, anywhere in a run of digits."""
    found = []
    for run in re.findall(r"\d{10,}", re.sub(r"(?<=\d)[ .\-](?=\d)", "", text)):
        for at in range(len(run) - 9):
            if is_danish_personal_number(run[at : at + 10]):
                found.append(run[at : at + 10])
            if len(run) >= at + 11 and is_norwegian_personal_number(run[at : at + 11]):
                found.append(run[at : at + 11])
    return found


@pytest.mark.parametrize(
    "text", ["010190-1234", "0101901234", "born 010190 1234.", "15076500565", "150765 00565"]
)
def test_personal_numbers_are_recognised(text: str) -> None:
    assert personal_numbers(text)


def test_no_string_holds_a_personal_number() -> None:
    for name, line in every_line():
        for text in strings_in(Envelope.model_validate_json(line).model_dump(mode="json")):
            assert not personal_numbers(text), name
    assert not personal_numbers(README.read_text(encoding="utf-8"))


def test_everybody_is_marked_as_invented() -> None:
    people = [
        event["data"]["person"]
        for name in LINES
        for event in rules.events(name)
        if isinstance(event["data"].get("person"), dict)
    ]
    assert len(people) == 55 + 31
    for person in people:
        assert person["family_name"].startswith("Eksempel-")
        assert re.fullmatch(r"(refugee|volunteer)-\d\d@example\.org", person["email"])
        assert re.fullmatch(r"\+47 000 00 0\d\d", person["phone"])
    assert len({person["email"] for person in people}) == 55 + 27


def test_no_address_lies_outside_example_org() -> None:
    for path in rules.EXAMPLE.iterdir():
        domains = re.findall(r"[\w.+-]+@([\w.-]*[a-zA-Z])", path.read_text(encoding="utf-8"))
        assert set(domains) <= {"example.org"}, path.name


# What comes out


def test_25_refugees_and_55_volunteers_wait() -> None:
    refugees, guides = rules.parties()
    assert (len(refugees), len(guides)) == (25, 55)
    assert Counter(refugee.gender for refugee in refugees) == {"male": 20, "female": 5}
    assert Counter(guide.gender for guide in guides) == {"female": 50, "male": 5}
    assert {guide.capacity for guide in guides} == {1}
    assert min(person.age for person in refugees + guides) >= 18


def test_the_largest_round_has_23_pairs() -> None:
    pairs = rules.largest_round(candidates())
    assert len(pairs) == 23
    assert set(candidates()) - set(pairs.values()) == {ZALMAY, HODAN}


def test_readme_counts_every_refugees_possible_guides() -> None:
    rows = {row[0]: int(row[-1]) for row in readme_rows(columns=7)}
    assert rows == {refugee: len(guides) for refugee, guides in candidates().items()}


def test_readmes_23_pairs_are_allowed_and_use_nobody_twice() -> None:
    pairs = {row[0]: row[1] for row in readme_rows(columns=3)}
    assert len(pairs) == len(set(pairs.values())) == 23
    assert all(guide in candidates()[refugee] for refugee, guide in pairs.items())


def test_readmes_forced_pairs_are_in_every_largest_round() -> None:
    forced = {row[0]: row[1] for row in readme_rows(columns=3) if row[2].startswith("forced")}
    for refugee, guide in forced.items():
        without = {
            one: guides - {guide} if one == refugee else guides for one, guides in candidates().items()
        }
        assert len(rules.largest_round(without)) == 22
    assert len(forced) == 11


@pytest.mark.parametrize("refugee", [ZALMAY, HODAN])
def test_readme_says_which_rule_removes_how_many_guides(refugee: str) -> None:
    row = broken()[refugee].values()
    removed = Counter(rule for rules_ in row for rule in rules_)
    alone = Counter(rule for rules_ in row for rule in rules_ if len(rules_) == 1)
    stated = {
        cells[1]: (int(cells[2]), int(cells[3])) for cells in readme_rows(columns=4) if cells[0] == refugee
    }
    assert stated == {rule: (count, alone[rule]) for rule, count in removed.items()}


def test_a_service_that_applies_the_late_record_or_misses_a_correction_loses_a_pair() -> None:
    records = rules.events("settlements.no-4601.jsonl")
    of_ahmad = [event for event in records if event["subject"] == "BER-2016-0015"]
    first, correction, late = of_ahmad
    assert first["time"] < late["time"] < correction["time"]
    spoken = [{one["code"] for one in event["data"]["languages"]} for event in of_ahmad]
    refugees, guides = rules.parties()
    right = next(one for one in refugees if one.label == "BER-2016-0015")
    assert right.languages == spoken[1]
    for mistaken in (first, late):
        right.data = mistaken["data"]
        allowed = {guide.label for guide in guides if not rules.broken_rules(right, guide, 1, 18)}
        assert len(rules.largest_round({**candidates(), right.label: allowed})) == 22
