"""The registry says who writes and reads each topic; here it is held against what the services do."""

import ast
import threading
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from kobling.state import FOLLOWS
from services.intake.app import create_app as intake
from services.intake.settings import Settings as IntakeSettings
from services.matching.app import create_app as matching
from services.matching.settings import Settings as MatchingSettings
from services.notifications.app import create_app as notifications
from services.notifications.settings import Settings as NotificationsSettings
from services.reporting.app import create_app as reporting
from services.reporting.settings import Settings as ReportingSettings
from shared.contracts import notices, topics
from shared.contracts.message import Message
from shared.messaging.wiring import Resources, Wiring
from shared.sealing import encode, new_key_pair

SERVICES = Path(__file__).parents[2] / "services"
SHARED = SERVICES.parent / "shared"
KEY = encode(b"k" * 32)
PUBLIC = new_key_pair()[1]


def wiring(service: topics.Service) -> Wiring:
    """The service as it is composed; no server is there."""
    match service:
        case "intake":
            keys = {"master_key": KEY, "case_key": KEY, "card_public_key": PUBLIC}
            for_intake = IntakeSettings.model_validate(keys)
            return intake(for_intake, Resources.of(service, for_intake))
        case "matching":
            for_matching = MatchingSettings()
            return matching(for_matching, Resources.of(service, for_matching))
        case "notifications":
            for_notifications = NotificationsSettings.model_validate({"card_private_key": KEY})
            return notifications(for_notifications, Resources.of(service, for_notifications))
        case "reporting":
            for_reporting = ReportingSettings()
            return reporting(for_reporting, Resources.of(service, for_reporting))


def names(found: set[topics.Topic]) -> set[str]:
    return {topic.name for topic in found}


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_service_reads_what_it_subscribes_to_and_is_rebuilt_or_restored_from(
    service: topics.Service,
) -> None:
    wired = wiring(service)
    reads = {subscription.topic for subscription in wired.subscriptions}
    reads |= {source.topic for source in wired.recipe.sources}
    # Where it goes on from after it was restored from a dump.
    reads |= {one.topic for one in wired.published}
    # Of every service: its commands, and the tables that each replica reads whole.
    reads |= {topics.COMMANDS[service], topics.OPERATORS, topics.PROGRAMMES}
    assert names({topic for topic in topics.REGISTRY if service in topic.readers}) == names(reads)


@pytest.mark.parametrize("service", topics.SERVICES)
def test_an_administrator_compares_what_the_service_may_read(service: topics.Service) -> None:
    assert FOLLOWS[service]
    assert all(service in follower.topic.readers for follower in FOLLOWS[service])


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_service_names_an_event_of_each_topic_that_it_writes(service: topics.Service) -> None:
    """By the catalogue's constant, or by a domain's fact that bears the event's name."""
    package = import_module(f"shared.contracts.{service}")
    modules = [
        import_module(f"{package.__name__}.{module.name}") for module in iter_modules(package.__path__)
    ]
    events = {
        name: found
        for module in (*modules, notices)
        for name, found in vars(module).items()
        if isinstance(found, Message)
    }
    facts = {message.name: message for message in events.values()}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (SERVICES / service).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    used = {node.id for node in nodes if isinstance(node, ast.Name)} | used_by_shared(nodes)
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    writes = {events[name].topic for name in used & events.keys()}
    writes |= {facts[name].topic for name in texts & facts.keys()}
    # Of every service.
    writes |= {topics.REPLIES, topics.DEAD_LETTERS[service]}
    assert names({topic for topic in topics.REGISTRY if service in topic.writers}) <= names(writes)


def used_by_shared(nodes: list[ast.AST]) -> set[str]:
    """The names that a service uses by way of what it imports and calls of shared modules: each sends the
    events that it names on the service's behalf.
    """
    called = {
        node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    imported = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    senders = [
        function
        for found in imported
        if found.module == "shared.notices"
        for function in ast.parse((SHARED / "notices.py").read_text(encoding="utf-8")).body
        if isinstance(function, ast.FunctionDef)
        and function.name in called & {alias.name for alias in found.names}
    ]
    return {node.id for sender in senders for node in ast.walk(sender) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("service", topics.SERVICES)
def test_wiring_opens_nothing(service: topics.Service) -> None:
    """No connection and no thread: what is wired can be looked at, and left, by anybody."""
    wiring(service)
    files, threads = open_files(), working_threads()
    wired = wiring(service)
    assert open_files() <= files
    assert working_threads() <= threads
    assert wired.transactions[-1].subscription.topic is topics.COMMANDS[service]


def working_threads() -> int:
    """How many threads there are, but for those in which PyMongo waits to tell of servers."""
    return sum(thread.name != "pymongo_events_thread" for thread in threading.enumerate())


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
