"""The import rules, held against the code and, so that each is seen to fail, against made-up graphs."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import grimp
import pytest

from tests import architecture as rules

ROOT = Path(__file__).parents[1]
GRAPH_RULES: dict[str, Callable[[grimp.ImportGraph], list[str]]] = {
    rule.__name__: rule
    for rule in (
        rules.services_apart,
        rules.shared_beneath,
        rules.command_line_bare,
        rules.contracts_bare,
        rules.domains_pure,
        rules.libraries_in_their_places,
        rules.layers_kept,
        rules.rooms_in_order,
        rules.messaging_as_it_is_offered,
        rules.no_circles,
    )
}


@cache
def graph() -> grimp.ImportGraph:
    """What the code imports, third parties' packages by their names alone."""
    return grimp.build_graph(*rules.OURS, include_external_packages=True, cache_dir=None)


@cache
def sources() -> dict[str, str]:
    """The code by module."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text(encoding="utf-8")
        for package in rules.OURS
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def made_up(*imports: tuple[str, str]) -> grimp.ImportGraph:
    """A graph of these imports, (importer, imported)."""
    made = grimp.ImportGraph()
    for importer, imported in imports:
        for module in (importer, imported):
            if module not in made.modules:
                made.add_module(module)
        made.add_import(importer=importer, imported=imported)
    return made


@pytest.mark.parametrize("rule", GRAPH_RULES)
def test_code_keeps(rule: str) -> None:
    assert GRAPH_RULES[rule](graph()) == []


def test_graph_holds_all_packages() -> None:
    for service in ("intake", "matching", "notifications", "reporting"):
        assert f"services.{service}.domain" in graph().modules
    assert graph().find_modules_that_directly_import("faststream")


@pytest.mark.parametrize(
    ("rule", "importer", "imported"),
    [
        ("services_apart", "services.intake.service", "services.matching.domain.pair"),
        ("shared_beneath", "shared.messaging.batches.batch", "services.intake.domain"),
        ("shared_beneath", "shared.mongo", "deploy.local.mongodb"),
        ("shared_beneath", "services.intake.app", "deploy.installation"),
        ("shared_beneath", "services.intake.app", "kobling.keys"),
        ("shared_beneath", "shared.mongo", "kobling.access"),
        ("shared_beneath", "kobling.cli", "deploy.background"),
        ("shared_beneath", "kobling.cli", "tests.support"),
        ("command_line_bare", "kobling.state", "services.matching.service"),
        ("command_line_bare", "kobling.state", "numpy"),
        ("libraries_in_their_places", "kobling.cli", "httpx"),
        ("libraries_in_their_places", "kobling.cli", "testcontainers"),
        ("contracts_bare", "shared.contracts.fields", "orjson"),
        ("contracts_bare", "shared.contracts.catalogue", "shared.messaging.reading.records"),
        ("domains_pure", "services.intake.domain.person", "pydantic"),
        ("domains_pure", "services.intake.domain.person", "numpy"),
        ("domains_pure", "services.matching.domain.pair", "shared.contracts.matching.events"),
        ("domains_pure", "services.matching.domain.pair", "services.matching.wire"),
        ("libraries_in_their_places", "services.intake.service", "pymongo"),
        ("libraries_in_their_places", "services.intake.service", "motor"),
        ("libraries_in_their_places", "services.intake.consumers", "faststream"),
        ("libraries_in_their_places", "services.intake.consumers", "aiokafka"),
        ("libraries_in_their_places", "shared.messaging.sending.relay", "faststream"),
        ("libraries_in_their_places", "services.matching.service", "numpy"),
        ("libraries_in_their_places", "shared.clock", "a_library_of_no_place"),
        ("layers_kept", "services.intake.consumers", "services.intake.domain.person"),
        ("layers_kept", "services.intake.consumers", "shared.contracts.commands"),
        ("layers_kept", "services.intake.app", "shared.contracts.intake.events"),
        ("layers_kept", "services.matching.store", "shared.contracts.matching.events"),
        ("layers_kept", "services.intake.service", "shared.contracts.people"),
        ("layers_kept", "services.intake.service", "services.intake.app"),
        ("rooms_in_order", "shared.messaging.reading.parsing", "shared.messaging.places.positions"),
        ("rooms_in_order", "shared.messaging.places.guard", "shared.messaging.sending.outbox"),
        ("rooms_in_order", "shared.messaging.work", "shared.messaging.due"),
        ("rooms_in_order", "shared.messaging.batches.dead_letters", "shared.messaging.commands.answers"),
        ("rooms_in_order", "shared.messaging.wiring", "shared.messaging.runtime"),
        ("rooms_in_order", "shared.messaging.runtime", "shared.messaging.serving"),
        ("rooms_in_order", "shared.messaging.serving", "shared.messaging.a_new_room"),
        ("rooms_in_order", "shared.messaging.a_new_room", "shared.messaging.reading.records"),
        ("messaging_as_it_is_offered", "services.intake.store", "shared.messaging.batches.inbox"),
        ("messaging_as_it_is_offered", "services.intake.app", "shared.messaging.runtime"),
        ("messaging_as_it_is_offered", "services.intake.service", "shared.messaging.wiring"),
        ("messaging_as_it_is_offered", "services.intake.service", "shared.messaging.commands.dispatch"),
    ],
)
def test_a_broken_rule_is_seen(rule: str, importer: str, imported: str) -> None:
    assert GRAPH_RULES[rule](made_up((importer, imported))) == [f"{importer} imports {imported}"]


def test_a_service_s_library_is_seen_however_the_command_line_comes_by_it() -> None:
    state = "services.matching.state_hash"
    graph = made_up(
        ("kobling.state", state), (state, "services.matching.domain"), ("services.matching.domain", "numpy")
    )
    assert rules.command_line_bare(graph) == ["kobling.state imports numpy"]


@pytest.mark.parametrize(
    ("rule", "importer", "imported"),
    [
        ("services_apart", "services.intake.service", "services.intake.domain.person"),
        ("shared_beneath", "services.intake.service", "shared.messaging.work"),
        ("command_line_bare", "kobling.state", "services.matching.state_hash"),
        ("contracts_bare", "shared.contracts.fields", "pydantic"),
        ("contracts_bare", "shared.contracts.fields", "datetime"),
        ("domains_pure", "services.matching.domain.solve", "scipy"),
        ("libraries_in_their_places", "services.intake.store", "pymongo"),
        ("layers_kept", "services.notifications.store", "shared.contracts.sealed"),
        ("layers_kept", "services.intake.__main__", "services.intake.app"),
        ("rooms_in_order", "shared.messaging.batches.batch", "shared.messaging.batches.inbox"),
        ("rooms_in_order", "shared.messaging.commands.desk", "shared.messaging.reading.outcome"),
        ("rooms_in_order", "shared.messaging.work", "shared.mongo"),
        ("messaging_as_it_is_offered", "services.intake.publish", "shared.messaging.work"),
        ("messaging_as_it_is_offered", "services.intake.app", "shared.messaging.wiring"),
        ("no_circles", "shared.messaging.work", "shared.messaging.due"),
    ],
)
def test_what_is_allowed_is_let_through(rule: str, importer: str, imported: str) -> None:
    assert GRAPH_RULES[rule](made_up((importer, imported))) == []


def test_every_library_with_a_place_is_still_used() -> None:
    unused = {library for library in rules.LIBRARIES if library not in graph().modules}
    assert unused == set()


def test_every_module_that_is_there_for_services_is_still_used() -> None:
    imported = {
        module
        for module in graph().modules
        if any(name.startswith("services.") for name in graph().find_modules_that_directly_import(module))
    }
    assert {f"{rules.MESSAGING}.{name}" for name in rules.FOR_SERVICES} <= imported


def test_every_room_that_has_a_place_is_there() -> None:
    rooms = {f"{rules.MESSAGING}.{room}" for row in rules.ROOMS for room in row}
    assert rooms == graph().find_children(rules.MESSAGING)


def test_a_circle_of_modules_is_seen() -> None:
    made = made_up(
        ("shared.clock", "deploy.keys"), ("deploy.keys", "examples.a"), ("examples.a", "shared.clock")
    )
    (found,) = rules.no_circles(made)
    assert found.split(" imports ") in (
        ["shared.clock", "deploy.keys", "examples.a", "shared.clock"],
        ["deploy.keys", "examples.a", "shared.clock", "deploy.keys"],
        ["examples.a", "shared.clock", "deploy.keys", "examples.a"],
    )


def test_a_circle_of_packages_is_seen() -> None:
    """Though no module of them is in one."""
    made = made_up(("shared.a.first", "shared.b.first"), ("shared.b.second", "shared.a.second"))
    for package in ("shared", "shared.a", "shared.b"):
        made.add_module(package)
    assert len(rules.no_circles(made)) == 1


# Lengths


def test_what_is_long_says_why() -> None:
    assert rules.lengths_with_reasons(sources()) == []


@pytest.mark.parametrize(
    ("docstring", "lines", "seen"),
    [("Works.", 300, False), ("Works.", 301, True), ("Works. Long because it holds all rows.", 301, False)],
)
def test_a_long_module_is_seen(docstring: str, lines: int, *, seen: bool) -> None:
    source = f'"""{docstring}"""' + "\na = 1" * (lines - 1)
    assert bool(rules.lengths_with_reasons({"shared.clock": source})) is seen


@pytest.mark.parametrize("keyword", ["def", "async def"])
@pytest.mark.parametrize(
    ("docstring", "lines", "seen"),
    [("Works.", 40, False), ("Works.", 41, True), ("Works. Long because it holds all rows.", 41, False)],
)
def test_a_long_function_is_seen(keyword: str, docstring: str, lines: int, *, seen: bool) -> None:
    body = f'    """{docstring}"""' + "\n    a = 1" * (lines - 2)
    source = f"class A:\n  {keyword} f():\n" + body
    assert bool(rules.lengths_with_reasons({"shared.clock": source})) is seen


# What is passed over


def test_what_is_passed_over_about_security_says_why() -> None:
    tests = {str(path): path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    assert rules.security_with_reasons({**sources(), **tests}) == []


@pytest.mark.parametrize(
    ("comment", "seen"),
    [
        ("noqa: S603", True),
        ("noqa: S603, S607", True),
        ("noqa: PLW1510, S603", True),
        ("noqa: S603 (our own command)", False),
        ("noqa: S603, S607 - our own command", False),
        ("noqa: SLF001", False),
        ("noqa: SIM102", False),
    ],
)
def test_a_finding_that_is_passed_over_without_a_word_is_seen(comment: str, *, seen: bool) -> None:
    assert bool(rules.security_with_reasons({"shared.clock": f"run()  # {comment}"})) is seen


# Calls that no import gives away


def test_database_clients_and_transactions_have_one_place() -> None:
    assert rules.one_place_for_the_database(sources()) == []


@pytest.mark.parametrize(
    "source",
    [
        "client = AsyncIOMotorClient('mongodb://localhost')",
        "from motor import motor_asyncio\nmotor_asyncio.AsyncIOMotorClient()",
        "async def f(c):\n    async with await c.start_session() as s:\n        await s.with_transaction(g)",
    ],
)
def test_another_client_or_transaction_is_seen(source: str) -> None:
    assert rules.one_place_for_the_database({"services.intake.store": source})
    assert not rules.one_place_for_the_database({"shared.mongo": source})


def test_subscribers_have_one_place_and_their_settings() -> None:
    assert rules.one_place_for_subscribers(sources()) == []
    assert ".subscriber(" in sources()["shared.messaging.batches.consumer"]


def test_services_leave_the_core_its_collections() -> None:
    assert rules.collections_of_their_own(sources()) == []
    source = "async def f(self): await self._database['positions'].find_one({})"
    assert rules.collections_of_their_own({"services.intake.store": source})
    assert not rules.collections_of_their_own({"shared.messaging.places.positions": source})


SOUND = "b.subscriber('t', batch=True, ack_policy=AckPolicy.MANUAL, isolation_level='read_committed')"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("services.intake.consumers", SOUND),
        ("services.intake.consumers", "@broker.subscriber('t')\nasync def f(m): ..."),
        ("shared.messaging.batches.consumer", SOUND.replace("AckPolicy.MANUAL", "AckPolicy.ACK")),
        ("shared.messaging.batches.consumer", SOUND.replace("ack_policy=AckPolicy.MANUAL, ", "")),
        ("shared.messaging.batches.consumer", SOUND.replace("read_committed", "read_uncommitted")),
    ],
)
def test_a_subscriber_elsewhere_or_without_its_settings_is_seen(module: str, source: str) -> None:
    assert rules.one_place_for_subscribers({module: source})
    assert not rules.one_place_for_subscribers({"shared.messaging.batches.consumer": SOUND})
