"""`kobling`: what an administrator does from a shell."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping

from aiokafka.errors import KafkaError

from deploy import background, keys, restoring
from deploy.administration import AdministrationError
from deploy.local.addresses import StackError
from deploy.state import hash_of
from shared import sealing
from shared.contracts.topics import SERVICES
from shared.mongo import DatabaseError

PRIVATE_KEY_VARIABLE = "KOBLING_PRIVATE_KEY"


def up() -> int:
    """Starts an installation that goes on by itself and prints where it is."""
    addresses = background.running()
    if addresses is None:
        try:
            addresses = background.start()
        except KeyboardInterrupt:
            background.stop()
            sys.stderr.write("stopped\n")
            return 130
    else:
        as_of = addresses["as_of"]
        sys.stderr.write(f"already up{', with its clock at ' + as_of if as_of else ''}\n")
    sys.stdout.write(json.dumps(addresses, indent=2) + "\n")
    return 0


def down() -> int:
    """Stops it."""
    sys.stdout.write("stopped\n" if background.stop() else "nothing was running\n")
    return 0


def state_hash(service: str) -> int:
    """Prints the hash of a service's state, which no replay changes; let the service be at rest."""
    settings = restoring.access(service, background.running())
    sys.stdout.write(asyncio.run(hash_of(service, settings)) + "\n")
    return 0


def restore_done(service: str) -> int:
    """After a restored database: resets the service's groups to what it has handled, and lets it begin."""
    settings = restoring.access(service, background.running())
    return _report(asyncio.run(restoring.restore_done(service, settings)))


def acknowledge_expired(service: str) -> int:
    """Takes note of records that expired unread, and makes the service ready again."""
    settings = restoring.access(service, background.running())
    return _report(asyncio.run(restoring.acknowledge_expired(service, settings)))


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


def _report(done: Mapping[str, object]) -> int:
    sys.stdout.write(json.dumps(done, indent=2) + "\n")
    return 0


def main() -> int:
    """Runs one command; where it can't be done, 1 and the reason on standard error, or 2 for a setting."""
    parser = argparse.ArgumentParser(prog="kobling", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    alone = {
        "up": up,
        "down": down,
        "new-keys": new_keys,
        "new-key-pair": new_key_pair,
        "open-sealed": open_sealed,
    }
    for name, run in alone.items():
        commands.add_parser(name, help=run.__doc__)
    of_service = {
        "state-hash": state_hash,
        "restore-done": restore_done,
        "acknowledge-expired": acknowledge_expired,
    }
    for name, command in of_service.items():
        commands.add_parser(name, help=command.__doc__).add_argument("service", choices=SERVICES)
    arguments = parser.parse_args()
    try:
        if arguments.command in of_service:
            return of_service[arguments.command](arguments.service)
        return alone[arguments.command]()
    except (AdministrationError, StackError) as failure:
        sys.stderr.write(f"{failure}\n")
    except (DatabaseError, KafkaError) as failure:
        # Their texts may quote a document.
        sys.stderr.write(f"broker or database: {type(failure).__name__}\n")
    except OSError as failure:
        # Of a file: a server that can't be reached is one of the errors above.
        sys.stderr.write(f"{failure}: KOBLING_RUN must name a directory that can be written to\n")
        return 2
    return 1


if __name__ == "__main__":
    sys.exit(main())
