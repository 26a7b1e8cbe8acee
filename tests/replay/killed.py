"""`python -m tests.replay.killed SERVICE N`: a service that is killed with -9 in step N of its rebuild."""

import itertools
import os
import runpy
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from shared.messaging.rebuild import Rebuild
from shared.messaging.work import Work


def killing(step: int) -> Callable[..., Awaitable[Any]]:
    """The rebuild's way to run a transaction, but for the one in which it ends."""
    run, begun = Rebuild.step, itertools.count(1)

    async def killed(self: Rebuild, body: Callable[[Work], Awaitable[Any]]) -> Any:
        number = next(begun)

        async def last(work: Work) -> Any:
            result = await body(work)
            await work.flush()
            if number == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return await run(self, last)

    return killed


# Worker processes import this module too, under another name.
if __name__ == "__main__":
    Rebuild.step = killing(int(sys.argv[2]))  # type: ignore[method-assign, assignment]
    runpy.run_module(f"services.{sys.argv[1]}", run_name="__main__")
