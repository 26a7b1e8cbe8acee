"""The rules of who may import whom, as functions of an import graph and of source texts."""

import ast
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from sys import stdlib_module_names

from grimp import ImportGraph

from shared.messaging.wiring import INDEXES

OURS = ("services", "shared", "kobling", "deploy", "examples")
MESSAGING = "shared.messaging"

LIBRARIES: dict[str, tuple[str, ...]] = {
    "aiokafka": (
        "shared.messaging.*",
        "shared.cluster",
        "shared.connecting",
        "shared.retry",
        "shared.servers",
        "kobling.*",
        "deploy.*",
    ),
    "aiosmtplib": ("services.notifications.mailer",),
    "anyio": ("services.matching.worker",),
    "anyascii": ("services.intake.names",),
    "boolean": ("deploy.supply.licences",),
    "bson": ("shared.mongo",),
    "cramjam": ("shared.messaging.reading.bounded",),
    "cryptography": ("deploy.local.certificates", "shared.sealing"),
    "cyclonedx": ("deploy.supply.sbom",),
    "docker": ("deploy.local.*",),
    "email_validator": ("shared.mail_addresses",),
    "faststream": ("shared.messaging.batches.consumer", "shared.messaging.runtime"),
    "httpx": ("deploy.*",),
    "jsonschema": ("deploy.kubernetes.schemas",),
    "jellyfish": ("services.intake.names",),
    "jinja2": ("deploy.contracts_page",),
    "kafka": ("kobling.setup.broker",),
    "typer": ("kobling.cli", "kobling.cli.*"),
    "langcodes": ("shared.languages",),
    "license_expression": ("deploy.supply.licences",),
    "markupsafe": ("deploy.contracts_page",),
    "motor": ("shared.mongo",),
    "numpy": ("services.matching.domain.*",),
    "opentelemetry": ("shared.messaging.tracing.otlp",),
    "orjson": ("services.*.store", "services.*.wire", "shared.logging", "shared.messaging.*"),
    "packageurl": ("deploy.supply.sbom",),
    "packaging": ("deploy.supply.locked",),
    "phonenumbers": ("services.intake.contact",),
    "prometheus_client": ("shared.messaging.counting", "shared.messaging.metrics"),
    "pydantic": (
        "services.*.readers",
        "services.*.store",
        "services.*.store.*",
        "services.*.settings",
        "services.*.wire",
        "shared.*",
        "kobling.cli.contract",
        "kobling.keys",
        "deploy.*",
    ),
    "pydantic_core": ("shared.contracts.*", "shared.messaging.reading.*"),
    "pydantic_settings": (
        "services.*.settings",
        "shared.settings",
        "shared.cluster_settings",
        "shared.secret_files",
    ),
    "pymongo": (
        "kobling.setup.databases",
        "services.*.indexes",
        "services.*.store",
        "services.*.store.*",
        "shared.mongo",
        "shared.retry",
        "shared.servers",
        "shared.messaging.*",
        "deploy.local.*",
    ),
    "rich": ("deploy.*", "kobling.*"),
    "scipy": ("services.matching.domain.*",),
    "starlette": (
        "services.*.pages",
        "shared.messaging.routes",
        "shared.messaging.wiring",
        "shared.messaging.serving",
    ),
    "stdnum": ("shared.personal_numbers",),
    "structlog": ("shared.logging",),
    "testcontainers": ("deploy.local.*",),
    "yaml": ("deploy.kubernetes.*",),
    "uuid_utils": ("shared.ids",),
    "uvicorn": ("shared.messaging.serving",),
}
"""Which modules may import which library; one that isn't listed may be imported nowhere yet."""

ADDED = frozenset({"aiosmtplib", "anyascii", "jellyfish", "numpy", "phonenumbers", "scipy"})
"""What an extra of one service brings: the command line works with the core dependencies alone."""
ROOMS: tuple[tuple[str, ...], ...] = (
    ("tracing",),
    ("bootstrap", "reading", "routes", "counting"),
    ("places", "sending", "at_rest", "state_hash", "refused"),
    ("work", "tables", "migrations"),
    ("looked",),
    ("due", "subscription", "metrics", "rebuild"),
    ("ticks", "batches", "due_runner", "renaming", "restored", "topic_settings"),
    ("commands",),
    ("wiring",),
    ("runtime",),
    ("serving",),
)
"""The parts of `shared.messaging`: each imports those of the rows above it, and none beside it."""

FOR_SERVICES: dict[str, tuple[str, ...]] = {
    "at_rest": ("services.*",),
    "commands.answers": ("services.*",),
    "commands.dispatch": ("services.*.app",),
    "commands.registry": ("services.*",),
    "commands.replies": ("services.*",),
    "due": ("services.*",),
    "metrics": ("services.*",),
    "migrations": ("services.*.indexes",),
    "places.progress": ("services.*",),
    "reading.choices": ("services.*",),
    "reading.outcome": ("services.*",),
    "reading.records": ("services.*",),
    "reading.sentences": ("services.*",),
    "rebuild": ("services.*",),
    "renaming": ("services.*",),
    "restored": ("services.*.app", "services.*.publish"),
    "routes": ("services.*.pages",),
    "serving": ("services.*.__main__",),
    "state_hash": ("services.*.state_hash",),
    "subscription": ("services.*",),
    "tables": ("services.*",),
    "wiring": ("services.*.app", "services.*.__main__"),
    "work": ("services.*",),
}
"""What of `shared.messaging` which modules of services may import; nothing else of it."""

MODULE_LINES, FUNCTION_LINES = 300, 40
REASON = "Long because"
"""What the docstring of a longer module or function says, and then why."""

SECURITY = re.compile(r"# noqa: (?:[A-Z]+\d+, ?)*S\d{3}(?:, ?[A-Z]+\d+)*\s*$")
"""A finding of flake8-bandit's that is passed over without a word."""

CLIENTS = frozenset({"AsyncIOMotorClient", "AsyncMongoClient", "MongoClient"})
TRANSACTIONS = frozenset({"start_session", "start_transaction", "with_transaction"})
OWN_CLIENTS = ("deploy.local.", "kobling.setup.databases")
"""What starts and probes the database server itself, and what makes users there: of no service's data."""

SUBSCRIBER = {"ack_policy": "AckPolicy.MANUAL", "isolation_level": "'read_committed'", "batch": "True"}
"""What every subscriber says for itself: a policy of the broker's would not reach it."""


def services_apart(graph: ImportGraph) -> list[str]:
    """No service imports another."""
    return _lines(
        (importer, imported)
        for importer, imported in _imports(graph, "services")
        if imported.startswith("services.") and _service(importer) != _service(imported)
    )


def shared_beneath(graph: ImportGraph) -> list[str]:
    """Shared code knows nothing of services, nor services of the command line; none knows the local stack."""
    checkout = ("deploy", "examples", "tests")
    above = {
        "shared": ("services", "kobling", *checkout),
        "services": ("kobling", *checkout),
        "kobling": checkout,
    }
    return _lines(
        (importer, imported)
        for package, forbidden in above.items()
        for importer, imported in _imports(graph, package)
        if imported.partition(".")[0] in forbidden
    )


def command_line_bare(graph: ImportGraph) -> list[str]:
    """Of services the command line imports what their states are; never what an extra brings, by any way."""
    direct = [
        (importer, imported)
        for importer, imported in _imports(graph, "kobling")
        if imported.startswith("services.") and not imported.endswith(".state_hash")
    ]
    added = [
        (importer, library)
        for library in sorted(ADDED & graph.modules)
        for importer in sorted(graph.find_downstream_modules(library))
        if importer.startswith("kobling.")
    ]
    return _lines(direct + added)


def contracts_bare(graph: ImportGraph) -> list[str]:
    """The contracts import pydantic and the standard library alone, so that anybody can take them along."""
    return _lines(
        (importer, imported)
        for importer, imported in _imports(graph, "shared.contracts")
        if not imported.startswith("shared.contracts")
        and imported.partition(".")[0] not in stdlib_module_names | {"pydantic", "pydantic_core"}
    )


def domains_pure(graph: ImportGraph) -> list[str]:
    """A domain imports itself, the standard library and `shared.values`, which imports nothing else either;
    matching's also numpy and scipy.
    """
    return _lines(
        (importer, imported)
        for importer, imported in (*_imports(graph, "services"), *_imports(graph, "shared.values"))
        if (".domain" in importer or importer == "shared.values")
        and not imported.startswith(f"services.{_service(importer)}.domain")
        and imported != "shared.values"
        and imported.partition(".")[0] not in stdlib_module_names | _extra(_service(importer))
    )


def libraries_in_their_places(graph: ImportGraph) -> list[str]:
    """Each library is imported by the modules that are there for it."""
    return _lines(
        (importer, imported)
        for package in OURS
        for importer, imported in _imports(graph, package)
        if (library := imported.partition(".")[0]) not in (*OURS, *stdlib_module_names)
        and not any(fnmatchcase(importer, place) for place in LIBRARIES.get(library, ()))
    )


def layers_kept(graph: ImportGraph) -> list[str]:
    """Within a service: who maps contracts to the domain, who stores, and who wires.

    Consumers know no domain. Composition roots and settings know no contract, nor does a store, but
    for sealed cards, which are stored as they came. Attributes of people are read by `readers` and
    mapped in `wire` alone. Only `__main__` imports the composition root.
    """
    faults = []
    for importer, imported in _imports(graph, "services"):
        layer = importer.split(".")[2] if importer.count(".") > 1 else ""
        contract = imported.startswith("shared.contracts.")
        bare = imported in {"shared.contracts.topics", "shared.contracts.fields"}
        if (
            (layer == "consumers" and ".domain" in imported)
            or (layer == "consumers" and contract and imported != "shared.contracts.topics")
            or (layer in {"app", "settings", "__main__"} and contract and not bare)
            or (layer == "store" and contract and not bare and imported != "shared.contracts.sealed")
            or (layer not in {"wire", "readers"} and imported == "shared.contracts.people")
            or (layer != "__main__" and imported.startswith("services.") and imported.endswith(".app"))
        ):
            faults.append((importer, imported))
    return _lines(faults)


def rooms_in_order(graph: ImportGraph) -> list[str]:
    """Between the rooms of messaging no import runs back, and every module of it has its place."""
    row_of = {room: row for row, rooms in enumerate(ROOMS) for room in rooms}
    faults = []
    for importer, imported in _imports(graph, MESSAGING):
        own, other = _room(importer), _room(imported)
        if other and own != other and row_of.get(own, -1) <= row_of.get(other, len(ROOMS)):
            faults.append((importer, imported))
    return _lines(faults)


def messaging_as_it_is_offered(graph: ImportGraph) -> list[str]:
    """Services import what messaging has for them, each where it belongs."""
    return _lines(
        (importer, imported)
        for importer, imported in _imports(graph, "services")
        if imported.startswith(f"{MESSAGING}.")
        and not any(
            fnmatchcase(importer, place)
            for place in FOR_SERVICES.get(imported.removeprefix(f"{MESSAGING}."), ())
        )
    )


def no_circles(graph: ImportGraph) -> list[str]:
    """No circle of modules anywhere, and none of packages that lie in the same one."""
    ours = {module for module in graph.modules if module.partition(".")[0] in OURS}
    imports = {module: graph.find_modules_directly_imported_by(module) & ours for module in ours}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as circle:
        # Each is imported by the next.
        return [" imports ".join(reversed(circle.args[1]))]
    packages = sorted(module for module in ours if graph.find_children(module))
    return _lines(found for package in packages for found in sorted(graph.nominate_cycle_breakers(package)))


def collections_of_their_own(sources: Mapping[str, str]) -> list[str]:
    """Services read and write no collection of the messaging core but through it."""
    return [
        f"{module}:{node.lineno} uses {node.slice.value}"
        for module, source in sources.items()
        if module.startswith("services.")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and node.slice.value in INDEXES
    ]


def lengths_with_reasons(sources: Mapping[str, str]) -> list[str]:
    """A module of over 300 lines, or a function of over 40, says in its docstring why it is so long."""
    faults = []
    for module, source in sources.items():
        tree = ast.parse(source)
        lines = len(source.splitlines())
        if lines > MODULE_LINES and REASON not in (ast.get_docstring(tree) or ""):
            faults.append(f"{module} has {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES and REASON not in (ast.get_docstring(node) or ""):
                    faults.append(f"{module}:{node.lineno} {node.name} has {lines} lines")
    return faults


def security_with_reasons(sources: Mapping[str, str]) -> list[str]:
    """Whoever passes over a finding about security says beside it why it is none."""
    return [
        f"{module}:{number} {line.strip()}"
        for module, source in sources.items()
        for number, line in enumerate(source.splitlines(), 1)
        if SECURITY.search(line)
    ]


def one_place_for_the_database(sources: Mapping[str, str]) -> list[str]:
    """Clients are opened and transactions run in `shared.mongo` alone."""
    faults = []
    for module, source in sources.items():
        if module == "shared.mongo" or module.startswith(OWN_CLIENTS):
            continue
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if (
                    name in CLIENTS | TRANSACTIONS
                ):
                    faults.append(f"{module}:{node.lineno} calls {name}")
                case _:
                    pass
    return sorted(faults)


def one_place_for_subscribers(sources: Mapping[str, str]) -> list[str]:
    """Subscribers are made in `batches.consumer` alone, with the settings that nothing may forget."""
    faults = []
    for module, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(func=ast.Attribute(attr="subscriber"), keywords=keywords):
                    given = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}
                    if module != "shared.messaging.batches.consumer":
                        faults.append(f"{module}:{node.lineno} makes a subscriber")
                    faults += [
                        f"{module}:{node.lineno} has {name}={given.get(name)}, not {wanted}"
                        for name, wanted in SUBSCRIBER.items()
                        if given.get(name) != wanted
                    ]
                case _:
                    pass
    return sorted(faults)


def _imports(graph: ImportGraph, package: str) -> Iterator[tuple[str, str]]:
    for importer in sorted(graph.modules):
        if importer == package or importer.startswith(f"{package}."):
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                yield importer, imported


def _room(module: str) -> str:
    """The part of messaging that a module is in; empty for one of elsewhere."""
    return (
        module.removeprefix(f"{MESSAGING}.").partition(".")[0] if module.startswith(f"{MESSAGING}.") else ""
    )


def _service(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _extra(service: str) -> frozenset[str]:
    return frozenset({"numpy", "scipy"}) if service == "matching" else frozenset()


def _lines(faults: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> list[str]:
    return [f"{importer} imports {imported}" for importer, imported in faults]
