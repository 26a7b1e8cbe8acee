"""What servers say when they can't do what is asked: by member, by their own code, and with what helps.

Texts of theirs are not passed on: some quote the command that they refuse, and with it a document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka.errors import KafkaConnectionError, KafkaError
from pymongo.monitoring import (
    ServerClosedEvent,
    ServerDescriptionChangedEvent,
    ServerListener,
    ServerOpeningEvent,
    TopologyClosedEvent,
    TopologyDescriptionChangedEvent,
    TopologyListener,
    TopologyOpenedEvent,
)
from pymongo.server_description import ServerDescription

from shared.connecting import REFUSALS

Address = tuple[str, int | None]

_FIT = frozenset({"RSPrimary", "RSSecondary", "RSArbiter", "Mongos", "LoadBalancer"})
_STANDALONE = "start it with --replSet and run rs.initiate(): transactions need a replica set"
_NO_SET = "run rs.initiate(), or have its replica set take it back: rs.status() at the set's primary"
_OF_TYPE: Mapping[str, str] = {
    "Standalone": _STANDALONE,
    "RSGhost": _NO_SET,
    "RSOther": "it starts or recovers; rs.status() says how far it is",
    "Unknown": "is it up, and to be reached from here?",
}
_ACCESS = "run `kobling setup`: it makes collections, indexes and what the user may do"
_LOGIN = "look at user and password in the service's MONGODB setting"
_OUTLIVED = "raise the server's transactionLifetimeLimitSeconds if it stays"
REMEDIES: Mapping[int, str] = {
    11: _LOGIN,
    13: _ACCESS,
    18: _LOGIN,
    20: _STANDALONE,
    76: _STANDALONE,
    79: "the set's default write concern names a mode that its configuration lacks",
    93: _NO_SET,
    94: _NO_SET,
    100: "the set has too few members for a majority: look at rs.status()",
    123: _STANDALONE,
    148: "switch majority read concern on",
    251: _OUTLIVED,
    290: _OUTLIVED,
    14031: "free space on the server's disk",
}
"""What helps, by MongoDB's code; where none is here the server's state is to pass by itself."""


NOT_GRANTED = frozenset({29, 30, 31, 53})
"""Kafka's codes for a topic, a group, the cluster or a transactional id that the account may not use."""
_NOT_GRANTED = "run `kobling setup`: it grants each account what it needs"


@dataclass(slots=True)
class Members(ServerListener, TopologyListener):
    """What a client's monitors have seen of each server last; they call from threads of their own."""

    seeds: Sequence[Address]
    forgotten: bool = False
    """Whether the client looks for no server any more."""
    _seen: dict[Address, ServerDescription] = field(default_factory=dict)

    def unfit(self, now: Mapping[Address, ServerDescription]) -> list[str]:
        """Each server that can't do what is asked, with its state and what helps.

        `now`: those that the client knows now; what was seen of others is why it struck them out.
        """
        seen = sorted({**self._seen, **now}.items(), key=str)
        return [_unfit(server) for _, server in seen if server.server_type_name not in _FIT]

    def description_changed(
        self, event: "ServerDescriptionChangedEvent | TopologyDescriptionChangedEvent"
    ) -> None:
        """Of a server: keeps it. Of all: sees whether any is left."""
        if isinstance(event, ServerDescriptionChangedEvent):
            self._seen[event.server_address] = event.new_description
        else:
            self.forgotten = not event.new_description.server_descriptions()

    def opened(self, event: "ServerOpeningEvent | TopologyOpenedEvent") -> None:
        """Nothing."""

    def closed(self, event: "ServerClosedEvent | TopologyClosedEvent") -> None:
        """Nothing: what was seen of a server that was struck out says why."""


def _unfit(server: ServerDescription) -> str:
    host, port = server.address
    name = server.server_type_name
    error = server.error
    why = "" if error is None else f" ({type(error.__cause__ or error).__name__})"
    state = "does not answer" if name == "Unknown" else f"is {name}"
    return f"{host}:{port} {state}{why}: {_OF_TYPE.get(name, 'look at its log')}"


def code_of(error: BaseException) -> int | None:
    """MongoDB's code of an error; None where the server gave none."""
    found = getattr(error, "code", None)
    if not isinstance(found, int):
        details = getattr(error, "details", None)
        found = details.get("code") if isinstance(details, dict) else None
    return found if isinstance(found, int) else None


def database_cause(error: BaseException, address: str, unfit: Sequence[str]) -> str:
    """A database's error: members that are unfit if there are any, else its address; code; what helps."""
    code = code_of(error)
    details = getattr(error, "details", None)
    name = details.get("codeName") if isinstance(details, dict) else None
    said = f"{name or type(error).__name__}{'' if code is None else f' ({code})'}"
    if unfit:
        return f"{said}: {'; '.join(unfit)}"
    remedy = REMEDIES.get(code or 0)
    return f"{address}: {said}{f': {remedy}' if remedy else ''}"


def broker_cause(error: BaseException, servers: str) -> str:
    """An error of Kafka's, or of the way there: where it was looked for, name, code, the protocol's words."""
    where, name = (f"{servers}: " if servers else ""), type(error).__name__
    number = getattr(error, "errno", None)
    if isinstance(error, KafkaConnectionError | TimeoutError) and (refused := REFUSALS.lately()):
        return f"{where}{refused}"
    if not isinstance(error, KafkaError) or not isinstance(number, int):
        return f"{where}{name}"
    # Constants of the protocol, which quote nothing.
    words = " ".join(str(getattr(error, "description", None) or "").split())
    remedy = f"; {_NOT_GRANTED}" if number in NOT_GRANTED else ""
    return f"{where}{name} ({number}){f': {words}' if words else ''}{remedy}"
