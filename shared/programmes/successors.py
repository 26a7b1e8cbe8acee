"""Which codes of municipalities have successors: Norway's and Denmark's change on 1 January.

A municipality under a new code is the same municipality; several may become one. A code has one successor
at most, whose own may change again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Successors:
    """The codes that have a successor, and which."""

    of_codes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, named: Iterable[tuple[str, Sequence[str]]]) -> "Successors":
        """By what municipalities name as their predecessors, each (municipality, predecessors).

        A code that several name goes to the one that names the fewest: a successor's successor names both.
        """
        claims: dict[str, set[str]] = {}
        for municipality, predecessors in named:
            claims.setdefault(municipality, set()).update(predecessors)
        found: dict[str, str] = {}
        for municipality in sorted(claims, key=lambda one: (len(claims[one]), one)):
            for predecessor in sorted(claims[municipality]):
                if predecessor not in found and cls(found).current(municipality) != predecessor:
                    found[predecessor] = municipality
        return cls(found)

    def current(self, municipality: str) -> str:
        """The code that a municipality has now."""
        while municipality in self.of_codes:
            municipality = self.of_codes[municipality]
        return municipality

    def follows(self, later: str, municipality: str) -> bool:
        """Whether a code has become another, in however many steps."""
        while (municipality := self.of_codes.get(municipality, "")) != "":
            if municipality == later:
                return True
        return False

    def before(self, municipality: str) -> tuple[str, ...]:
        """The codes whose successor this one is, in a stable order."""
        return tuple(sorted(code for code, successor in self.of_codes.items() if successor == municipality))

    def same(self, municipality: str) -> tuple[str, ...]:
        """The codes of one municipality alone, the oldest first: as far as nobody else became one with it."""
        oldest = municipality
        while len(before := self.before(oldest)) == 1:
            (oldest,) = before
        line = [oldest]
        while (successor := self.of_codes.get(line[-1])) is not None and len(self.before(successor)) == 1:
            line.append(successor)
        return tuple(line)

    def joined(self, municipality: str) -> tuple[str, ...]:
        """The codes of those who became one with it, and theirs before, in a stable order."""
        found: list[str] = []
        waiting = list(self.before(self.same(municipality)[0]))
        while waiting:
            code = waiting.pop()
            found.append(code)
            waiting += self.before(code)
        return tuple(sorted(found))
