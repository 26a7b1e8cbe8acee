"""`kobling`: what an administrator does from a shell."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import get_args

from aiokafka.errors import KafkaError

from kobling import administration, keys, restoring
from kobling.access import access, cluster
from kobling.administration import AdministrationError
from kobling.importing import running
from kobling.importing.columns import Kind
from kobling.importing.running import Wish
from kobling.programmes import Desk
from kobling.state import hash_of
from shared import sealing
from shared.contracts.programmes import ActiveProgramme
from shared.contracts.topics import SERVICES
from shared.mongo import DatabaseError
from shared.programmes import why_refused

PRIVATE_KEY_VARIABLE = "KOBLING_PRIVATE_KEY"


def state_hash(service: str) -> int:
    """Prints the hash of a service's state, which no replay changes; let the service be at rest."""
    sys.stdout.write(asyncio.run(hash_of(service, access(service))) + "\n")
    return 0


def restore_done(service: str) -> int:
    """After a restored database: resets the service's groups to what it has handled, and lets it begin."""
    return _report(asyncio.run(restoring.restore_done(service, access(service))))


def acknowledge_expired(service: str) -> int:
    """Takes note of records that expired unread, and makes the service ready again."""
    return _report(asyncio.run(restoring.acknowledge_expired(service, access(service))))


def new_keys() -> int:
    """Prints new keys of an installation, as intake's and notifications' settings: keep them, and secret."""
    made_keys = keys.new_keys()
    sys.stdout.writelines(f"{name}={made_keys[key]}\n" for key, name in keys.VARIABLES.items())
    return 0


def new_key_pair() -> int:
    """Prints a new pair of keys (X25519): the public one is for an operator's record, the other is kept."""
    private, public = sealing.new_key_pair()
    return _report({"private_key": private, "public_key": public})


def open_sealed() -> int:
    """Opens sealed replies, one a line on standard input, with the private key in KOBLING_PRIVATE_KEY."""
    key = os.environ.get(PRIVATE_KEY_VARIABLE)
    if not key:
        sys.stderr.write(f"{PRIVATE_KEY_VARIABLE} is not set: the operator's private key is wanted\n")
        return 2
    replies = list(keys.open_replies(key, sys.stdin))
    opened = [plain for plain in replies if plain is not None]
    sys.stdout.writelines(f"{plain}\n" for plain in opened)
    if not replies:
        sys.stderr.write("no line is a reply that holds something sealed\n")
    elif len(opened) < len(replies):
        sys.stderr.write(
            f"of {len(replies)} sealed replies {len(replies) - len(opened)} don't open with this key\n"
        )
    return 0 if opened else 1


def create_topics(given: argparse.Namespace) -> int:
    """Creates the topics of municipalities and operators that aren't there yet, and prints all names."""
    creating = administration.ensure_topics(
        cluster(given.kafka), given.municipality, given.operator, prefix=given.prefix, replicas=given.replicas
    )
    sys.stdout.writelines(f"{name}\n" for name in asyncio.run(creating))
    return 0


def setup(given: argparse.Namespace) -> int:
    """Creates topics as create-topics does, and mends of topics that exist; says what was wrong."""
    kafka = cluster(given.kafka)
    asyncio.run(
        administration.ensure_topics(
            kafka, given.municipality, given.operator, prefix=given.prefix, replicas=given.replicas
        )
    )
    mended = asyncio.run(administration.mend_topics(kafka, given.prefix))
    sys.stdout.writelines(f"mended: {what}\n" for what in mended)
    return 0


def publish_programme(given: argparse.Namespace) -> int:
    """Publishes a pack, one JSON file, if nothing is wrong with it; a version is published once."""
    return _say(asyncio.run(_desk(given).publish_pack(Path(given.file).read_bytes())))


def activate_programme(given: argparse.Namespace) -> int:
    """Has a municipality run a published version of a programme, if its organisations have the operators."""
    wanted = {name: getattr(given, name) for name in ("municipality", "programme", "pack_version")}
    if given.predecessors:
        wanted["predecessors"] = given.predecessors
    if faults := why_refused(wanted, ActiveProgramme):
        raise AdministrationError("\n".join(faults))
    return _say(asyncio.run(_desk(given).activate(ActiveProgramme(**wanted))))


def list_programmes(given: argparse.Namespace) -> int:
    """Prints which packs are published, which version runs where, and which records don't hold, and why."""
    return _report(asyncio.run(_desk(given).look()).listed())


def import_file(given: argparse.Namespace) -> int:
    """Sends a table of volunteers, settlements or meetings, or commands: checked and tried first."""
    settings = access("matching")
    prefix = settings.topic_prefix if given.prefix is None else given.prefix
    wish = Wish(Path(given.file), given.kind, given.operator, cluster(given.kafka), prefix, given.dry_run)
    return asyncio.run(running.run(wish))


def _desk(given: argparse.Namespace) -> Desk:
    """Where the options say, else where matching finds its broker."""
    settings = access("matching")
    prefix = settings.topic_prefix if given.prefix is None else given.prefix
    return Desk(cluster(given.kafka), prefix, settings.clock().now())


def _say(done: str) -> int:
    sys.stdout.write(f"{done}\n")
    return 0


def _report(done: Mapping[str, object]) -> int:
    sys.stdout.write(json.dumps(done, indent=2) + "\n")
    return 0


ALONE: Mapping[str, Callable[[], int]] = {
    "new-keys": new_keys,
    "new-key-pair": new_key_pair,
    "open-sealed": open_sealed,
}
OF_SERVICE: Mapping[str, Callable[[str], int]] = {
    "state-hash": state_hash,
    "restore-done": restore_done,
    "acknowledge-expired": acknowledge_expired,
}
OF_PROGRAMMES: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "publish-programme": publish_programme,
    "activate-programme": activate_programme,
    "programmes": list_programmes,
}


OF_FILES: Mapping[str, Callable[[argparse.Namespace], int]] = {"import": import_file}
OF_TOPICS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "create-topics": create_topics,
    "setup": setup,
}


def arguments() -> argparse.ArgumentParser:
    """What the command line understands."""
    parser = argparse.ArgumentParser(prog="kobling", description=__doc__)
    parser.add_argument("--version", action="version", version=f"kobling {version('kobling')}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, alone in ALONE.items():
        commands.add_parser(name, help=alone.__doc__, description=alone.__doc__)
    for name, command in OF_SERVICE.items():
        of_service = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        of_service.add_argument("service", choices=SERVICES)
    for name, of_topics in OF_TOPICS.items():
        topics = commands.add_parser(name, help=of_topics.__doc__, description=of_topics.__doc__)
        topics.add_argument("--kafka", required=True, help="bootstrap servers")
        topics.add_argument("--municipality", action="append", default=[], help="one that sends; repeatable")
        topics.add_argument("--operator", action="append", default=[], help="one that commands; repeatable")
        topics.add_argument("--prefix", default="", help="as the services' TOPIC_PREFIX")
        topics.add_argument("--replicas", type=int, default=3, help="brokers that keep each partition (3)")
    of_programmes = {}
    for name, about in OF_PROGRAMMES.items():
        of_programmes[name] = commands.add_parser(name, help=about.__doc__, description=about.__doc__)
        of_programmes[name].add_argument("--kafka", help="bootstrap servers; unless given, matching's")
        of_programmes[name].add_argument("--prefix", help="as the services' TOPIC_PREFIX")
    of_programmes["publish-programme"].add_argument("file", help="the pack, a JSON file")
    activating = of_programmes["activate-programme"]
    for name in ("municipality", "programme"):
        activating.add_argument(f"--{name}", required=True)
    activating.add_argument("--version", required=True, dest="pack_version")
    activating.add_argument(
        "--predecessor",
        action="append",
        dest="predecessors",
        help="a code that the municipality had before; once for each, and all of them",
    )
    _add_files(commands)
    return parser


def _add_files(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for name, about in OF_FILES.items():
        of_file = commands.add_parser(name, help=about.__doc__, description=about.__doc__)
        of_file.add_argument("file", help="a table (.csv), or commands, one on each line (.jsonl)")
        of_file.add_argument("--operator", default="", help="whose commands they are; not for settlements")
        of_file.add_argument(
            "--kind", choices=get_args(Kind), help="what a table holds, unless its name says"
        )
        of_file.add_argument("--dry-run", action="store_true", help="only check and try")
        of_file.add_argument("--kafka", help="bootstrap servers; unless given, matching's")
        of_file.add_argument("--prefix", help="as the services' TOPIC_PREFIX")


def main() -> int:
    """Runs one command; where it can't be done, 1 and the reason on standard error, or 2 for a setting."""
    given = arguments().parse_args()
    try:
        if given.command in OF_SERVICE:
            return OF_SERVICE[given.command](given.service)
        for table in (OF_TOPICS, OF_PROGRAMMES, OF_FILES):
            if given.command in table:
                return table[given.command](given)
        return ALONE[given.command]()
    except AdministrationError as failure:
        sys.stderr.write(f"{failure}\n")
    except (DatabaseError, KafkaError) as failure:
        # Their texts may quote a document.
        sys.stderr.write(f"broker or database: {type(failure).__name__}\n")
    except OSError as failure:
        # Of a file: a server that can't be reached is one of the errors above.
        remedy = "KOBLING_RUN must name a directory, and FILE a file, that can be read"
        sys.stderr.write(f"{failure}: {remedy}\n")
        return 2
    return 1
