"""Removes a stack's containers when its owner is gone: `python -m deploy.local.container_guard STACK`.

The owner holds the other end of standard input and never writes: the end of input is the owner's end.
"""

import sys
import time
from datetime import timedelta

from testcontainers.core.docker_client import DockerClient

_LABEL = "no.kobling.stack"
_LATE = timedelta(seconds=1)


def main() -> int:
    """Wait for the end of input, then remove every container with the label."""
    sys.stdin.read()
    filters = {"label": f"{_LABEL}={sys.argv[1]}"}
    containers = DockerClient().client.containers
    while found := containers.list(all=True, filters=filters):
        for container in found:
            container.remove(force=True, v=True)
        # The engine may still be creating one that its owner asked for just before it was killed.
        time.sleep(_LATE.total_seconds())
    return 0


if __name__ == "__main__":
    sys.exit(main())
