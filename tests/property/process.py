"""Tasks that stop together, at any await: what SIGSTOP, SIGCONT and kill -9 do to a process, inside one."""

import asyncio
import ctypes
from collections.abc import Awaitable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any

_CURRENT: ContextVar["Process | None"] = ContextVar("process", default=None)


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a process stops: at its await number `at`, counted from 1.

    `answered`: when what it awaits has come, and before it learns so. Else as soon as it has asked.
    """

    at: int
    answered: bool = True


@dataclass(slots=True)
class Process:
    """Runs one coroutine and every task begun below it; stops them all at `cut`, if they get so far.

    Tasks that aiokafka begins for itself stop with the others; only the awaits of those which our code
    begins are counted. Its event loop needs `task_factory`.
    """

    cut: Cut | None = None
    awaits: int = field(default=0, init=False)
    was_cut: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _frozen: bool = field(default=False, init=False)
    _dead: bool = field(default=False, init=False)
    _gates: list[asyncio.Future[None]] = field(default_factory=list, init=False)
    _tasks: list[asyncio.Task[Any]] = field(default_factory=list, init=False)
    _root: asyncio.Task[Any] | None = field(default=None, init=False)

    async def run(self, body: Coroutine[Any, Any, Any]) -> bool:
        """Begins; returns True when it has come to its end, False where it was cut before."""
        context = copy_context()
        context.run(_CURRENT.set, self)
        self._root = asyncio.get_running_loop().create_task(body, context=context)
        return await self.go_on()

    async def go_on(self) -> bool:
        """Waits for the end or the cut; raises what the coroutine raised."""
        assert self._root is not None
        cut = asyncio.ensure_future(self.was_cut.wait())
        await asyncio.wait({self._root, cut}, return_when=asyncio.FIRST_COMPLETED)
        cut.cancel()
        if self._frozen:
            return False
        await self._root
        return True

    def thaw(self) -> None:
        """Lets it go on to its end, as SIGCONT does."""
        self.cut = None
        self._frozen = False
        self.was_cut.clear()
        for gate in self._gates:
            if not gate.done():
                gate.set_result(None)
        self._gates.clear()

    def cancel(self) -> None:
        """Throws CancelledError into its await, as asyncio.run does at Ctrl-C; `thaw` follows."""
        assert self._root is not None
        self._root.cancel()

    async def kill(self) -> None:
        """Ends it: no line of it runs any more, no `finally` either."""
        self._dead = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def drive(self, coroutine: Coroutine[Any, Any, Any], counted: bool) -> Any:
        """What a task of this process runs in its coroutine's place."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.append(task)
        try:
            return await _Driven(self, coroutine, counted)
        finally:
            self._tasks.remove(task)
            if self._dead:
                _leave(coroutine)

    def asks(self) -> None:
        """One of its tasks is about to wait."""
        self.awaits += 1
        if self.cut == Cut(self.awaits, answered=False):
            self._freeze()

    def is_answered(self, number: int) -> None:
        """What was waited for at an await has come."""
        if self.cut == Cut(number):
            self._freeze()

    def _freeze(self) -> None:
        self._frozen = True
        self.was_cut.set()

    def gate(self) -> Generator[Any, Any, BaseException | None]:
        """Holds a task up while the process is frozen; returns what was thrown into it meanwhile."""
        thrown: BaseException | None = None
        while self._frozen or self._dead:
            if self._dead:
                raise asyncio.CancelledError
            gate = asyncio.get_running_loop().create_future()
            self._gates.append(gate)
            try:
                yield from gate.__await__()
            except asyncio.CancelledError as error:
                thrown = error
        return thrown


@dataclass(frozen=True, slots=True)
class _Driven(Awaitable[Any]):
    """Passes a coroutine's awaits on to the event loop, unless its process stands still."""

    process: Process
    coroutine: Coroutine[Any, Any, Any]
    counted: bool

    def __await__(self) -> Generator[Any, Any, Any]:
        process, thrown, number = self.process, None, 0
        while True:
            thrown = (yield from process.gate()) or thrown
            try:
                waits = self.coroutine.send(None) if thrown is None else self.coroutine.throw(thrown)
            except StopIteration as end:
                return end.value
            if self.counted:
                process.asks()
                number = process.awaits
            thrown = None
            try:
                yield waits
            except BaseException as error:  # noqa: BLE001 (whatever it is, the coroutine gets it)
                thrown = error
            if self.counted:
                process.is_answered(number)


def _leave(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Keeps a coroutine for ever: dropped, it would run its `finally` blocks as no killed process does."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))


def task_factory(
    loop: asyncio.AbstractEventLoop, coroutine: Any, context: Context | None = None, **options: Any
) -> asyncio.Task[Any]:
    """Makes each task that is begun inside a process a part of it."""
    process = _CURRENT.get() if context is None else context.get(_CURRENT)
    if process is not None:
        coroutine = process.drive(coroutine, counted=not _of_the_library(coroutine))
    if context is not None:
        options["context"] = context
    return asyncio.Task(coroutine, loop=loop, **options)


def _of_the_library(coroutine: Any) -> bool:
    """Whether aiokafka has begun it for itself, such as its sender."""
    if not hasattr(coroutine, "cr_code"):
        return False
    code = coroutine.cr_code
    return "aiokafka" in code.co_filename and not code.co_qualname.startswith("AIOKafkaProducer.")
