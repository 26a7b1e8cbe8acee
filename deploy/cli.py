"""`kobling`: what an administrator does from a shell."""

import argparse
import json
import sys

from deploy import background
from deploy.local.addresses import StackError


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


def main() -> int:
    """Runs one command; 1 with the reason on standard error where it can't be done."""
    parser = argparse.ArgumentParser(prog="kobling", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help=up.__doc__)
    commands.add_parser("down", help=down.__doc__)
    given = parser.parse_args()
    try:
        return {"up": up, "down": down}[given.command]()
    except StackError as failure:
        sys.stderr.write(f"{failure}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
