"""What a service plugs in for a topic: how to apply records, and what to say of them afterwards."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from shared.contracts.fields import Contract
from shared.contracts.topics import Topic
from shared.messaging.reading.outcome import Outcome
from shared.messaging.reading.records import Handled, Raw, Readable
from shared.messaging.work import Work

Apply = Callable[[Sequence[Readable], Work], Awaitable[Sequence[Outcome]]]
"""Applies records in the order given and returns one outcome for each. Runs inside the transaction, maybe
more than once: everything it does goes through `work`."""

HandledBefore = Callable[[Raw], bool]
"""Whether a record was handled before, at this very place: it is delivered, or run, again."""

ApplyAll = Callable[[Sequence[Readable | Handled], Work, HandledBefore], Awaitable[Sequence[Outcome]]]
"""As `Apply`, with the records that are refused already among the others, in the order given: the outcome of
each of those stays as it is.
"""

Report = Callable[[Sequence[Handled], Work], Awaitable[None]]
"""Answers for records that were delivered for the first time, dead ones included: receipts and replies."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Applies records where refused ones may have an effect too, each at its own place among the others."""

    apply: ApplyAll


@dataclass(frozen=True, slots=True)
class Subscription:
    """One topic, or family of topics, that a service reads.

    `reader` has the fields that it reads of a topic's states, in place of their contract's model.
    """

    topic: Topic
    apply: Apply | Hearing
    report: Report | None = None
    reader: type[Contract] | None = None

    @property
    def name(self) -> str:
        """The stem of the topic's name, such as `settlements`: it names the consumer group."""
        return self.topic.name.partition(".")[0]

    @property
    def uses_inbox(self) -> bool:
        """Whether ids must be remembered: state topics dedupe by revision instead."""
        return not self.topic.state
