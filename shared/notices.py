"""Tells operators what happened to their people."""

from collections.abc import Iterable

from shared.contracts.notices import NOTICE_GIVEN, Notice
from shared.messaging.reading.records import Cause
from shared.messaging.work import Work
from shared.operators import Operators


def tell(
    notice: Notice,
    subject: str,
    coordinators: Iterable[str | None],
    operators: Operators,
    cause: Cause,
    work: Work,
) -> None:
    """Sends a notice about a subject to whoever looks after its people; `coordinators` is one for each."""
    for operator in sorted(operators.responsible(coordinators, notice.municipality, work.now)):
        work.emit(NOTICE_GIVEN, subject=subject, data=notice, cause=cause, owner=operator)
