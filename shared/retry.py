"""When to try again, when to give up, and what an exception means."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from aiokafka.errors import KafkaError
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
)

from shared.mongo import Database, TransactionOutlived
from shared.servers import broker_cause, code_of

TRIES = 5
"""How often a record that raises an unknown exception is tried before it is quarantined."""
FAILURES, WINDOW = 5, 1000
"""A release of which more than 5 in 1,000 records die of unknown exceptions is bad: it stops itself."""

_TRANSIENT_CODES = frozenset({
    6,  # HostUnreachable
    7,  # HostNotFound
    11,  # UserNotFound
    13,  # Unauthorized
    18,  # AuthenticationFailed
    24,  # LockTimeout
    43,  # CursorNotFound
    46,  # LockBusy
    50,  # MaxTimeMSExpired
    64,  # WriteConcernFailed
    74,  # NodeNotFound
    76,  # NoReplicationEnabled
    79,  # UnknownReplWriteConcern
    89,  # NetworkTimeout
    91,  # ShutdownInProgress
    93,  # InvalidReplicaSetConfig
    94,  # NotYetInitialized
    100,  # UnsatisfiableWriteConcern
    112,  # WriteConflict
    123,  # NotAReplicaSet
    133,  # FailedToSatisfyReadPreference
    134,  # ReadConcernMajorityNotAvailableYet
    148,  # ReadConcernMajorityNotEnabled
    175,  # QueryPlanKilled
    189,  # PrimarySteppedDown
    202,  # NetworkInterfaceExceededTimeLimit
    225,  # TransactionTooOld
    237,  # CursorKilled
    244,  # TransactionAborted
    246,  # SnapshotUnavailable
    251,  # NoSuchTransaction
    262,  # ExceededTimeLimit
    264,  # TooManyFilesOpen
    279,  # ClientDisconnect
    290,  # TransactionExceededLifetimeLimitSeconds
    391,  # ReauthenticationRequired
    8000,  # AtlasError
    9001,  # SocketException
    10058,  # LegacyNotPrimary
    10107,  # NotWritablePrimary
    11600,  # InterruptedAtShutdown
    11601,  # Interrupted
    11602,  # InterruptedDueToReplStateChange
    13435,  # NotPrimaryNoSecondaryOk
    13436,  # NotPrimaryOrSecondary
    14031,  # OutOfDiskSpace
})  # fmt: skip
"""What MongoDB's `error_codes.yml` has among network, interruption, shutdown, primary, snapshot and write
concern errors, and what says that the server is not set up: the same record is stored once it is.
"""
_STANDALONE = "Transaction numbers are only allowed on a replica set member or mongos"
_TOO_MUCH = frozenset({
    251,  # NoSuchTransaction: ended by the server between two operations, or by a change of primary
    257,  # TransactionTooLarge
    290,  # TransactionExceededLifetimeLimitSeconds
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential up to `ceiling`, with jitter between a half and the whole."""

    first: timedelta = timedelta(milliseconds=50)
    ceiling: timedelta = timedelta(seconds=30)

    def delay(self, failures: int, jitter: float | None = None) -> timedelta:
        """How long to wait after one more failure than `failures` in a row.

        `jitter` in [0, 1] is drawn where it isn't given.
        """
        if jitter is None:
            # Jitter needs no secrecy.
            jitter = random.random()  # noqa: S311 (spreads attempts, and guards nothing)
        whole = min(self.first * 2 ** min(failures, 30), self.ceiling)
        return timedelta(seconds=whole.total_seconds() * (0.5 + jitter / 2))


@dataclass(slots=True)
class Waits:
    """The waits between the tries of one thing, each longer than the last until something goes well."""

    backoff: Backoff = field(default_factory=Backoff)
    failures: int = 0
    """How many there were since something last went well."""

    def next(self) -> timedelta:
        """Counts a failure; returns how long to wait before the next try."""
        delay = self.backoff.delay(self.failures)
        self.failures += 1
        return delay

    async def sleep(self) -> None:
        """Counts a failure and waits until the next try."""
        await asyncio.sleep(self.next().total_seconds())

    def reset(self) -> None:
        """Says that something went well: the next wait is the first again."""
        self.failures = 0


def is_infrastructure(error: BaseException) -> bool:
    """Whether an exception says that a server or the network is at fault, and no record."""
    match error:
        case ConnectionFailure() | ExecutionTimeout() | WaitQueueTimeoutError():
            return True
        case ConfigurationError() | TransactionOutlived():
            # At run time: the server has no replica set (any more), and with it no sessions.
            return True
        case OperationFailure(code=code) if code in _TRANSIENT_CODES:
            return True
        case OperationFailure(code=20):
            # Said of much else as well.
            return str((error.details or {}).get("errmsg", error)).startswith(_STANDALONE)
        case PyMongoError():
            return error.has_error_label("TransientTransactionError")
        case _:
            return isinstance(error, KafkaError | OSError | TimeoutError)


def is_too_much(error: BaseException) -> bool:
    """Whether half of the work in a transaction may succeed where the whole would fail again."""
    return isinstance(error, TransactionOutlived) or code_of(error) in _TOO_MUCH


def cause_of(error: BaseException, database: Database, kafka: str = "") -> str:
    """What an exception says, for whoever looks at `/health/ready`: which server, its code, what helps.

    `kafka`: bootstrap servers, where the error may be of the broker's. No document is quoted.
    """
    return database.cause(error) if isinstance(error, PyMongoError) else broker_cause(error, kafka)


@dataclass(slots=True)
class FailureBudget:
    """Bears `failures` records that die of unknown exceptions among any `window` in a row."""

    failures: int = FAILURES
    window: int = WINDOW
    _failed_at: deque[int] = field(default_factory=deque, init=False)
    _seen: int = field(default=0, init=False)

    def succeeded(self, records: int) -> None:
        """Counts records that were handled."""
        self._seen += records

    def allows(self, more: int) -> bool:
        """Whether so many more failures can be borne now."""
        while self._failed_at and self._failed_at[0] <= self._seen - self.window:
            self._failed_at.popleft()
        return len(self._failed_at) + more <= self.failures

    def count(self, *, failures: int, records: int) -> None:
        """Counts a batch with so many failures among its records."""
        self._seen += records
        self._failed_at.extend([self._seen] * failures)
