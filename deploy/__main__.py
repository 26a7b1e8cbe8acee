"""`python -m deploy up` and `down`: the local installation of this checkout."""

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
    """Runs one command; where it can't be done, 1 and the reason on standard error, or 2 for a directory."""
    parser = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    known = {"up": up, "down": down}
    for name, run in known.items():
        commands.add_parser(name, help=run.__doc__)
    try:
        return known[parser.parse_args().command]()
    except StackError as failure:
        sys.stderr.write(f"{failure}\n")
    except OSError as failure:
        sys.stderr.write(f"{failure}: KOBLING_RUN must name a directory that can be written to\n")
        return 2
    return 1


if __name__ == "__main__":
    sys.exit(main())
