"""Who may send commands: the records of `operators.v1`, by operator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.contracts.administrators import Operator, Role


@dataclass(slots=True)
class Operators:
    """Who may send commands, by operator."""

    _known: dict[str, Operator] = field(default_factory=dict)

    def put(self, key: str, operator: Operator | None) -> None:
        """Takes over a record; None removes the operator."""
        if operator is None:
            self._known.pop(key, None)
        else:
            self._known[key] = operator

    def everybody(self) -> Mapping[str, Operator]:
        """All records by operator, of those too who have expired."""
        return dict(self._known)

    def become(self, other: "Operators") -> None:
        """Knows what the other knows, and nothing else, from now on: what either takes over both do."""
        self._known = other._known  # noqa: SLF001 (its own kind)

    def find(self, operator: str, now: datetime) -> Operator | None:
        """The operator, if known and not expired."""
        found = self._known.get(operator)
        return found if found is not None and now < found.valid_until else None

    def organisations(self, municipality: str, role: Role, now: datetime) -> frozenset[str]:
        """The organisations of which somebody with this role may act in the municipality now."""
        return frozenset(
            known.organisation
            for known in self._known.values()
            if municipality in known.municipalities and role in known.roles and now < known.valid_until
        )

    def coordinators(self, municipality: str, now: datetime) -> frozenset[str]:
        """Who may look after people in a municipality now."""
        return frozenset(
            name
            for name, known in self._known.items()
            if municipality in known.municipalities
            and "coordinator" in known.roles
            and now < known.valid_until
        )

    def responsible(
        self, coordinators: Iterable[str | None], municipality: str, now: datetime
    ) -> frozenset[str]:
        """Who looks after people: the coordinator of each, and of who has none that may act there now all
        that may.
        """
        there = self.coordinators(municipality, now)
        named = [there & {coordinator} for coordinator in coordinators]
        return frozenset().union(*(one or there for one in named))
