"""Tells operators what happened to their people."""

from collections.abc import Iterable

from shared.contracts.notices import NOTICE_GIVEN, Notice
from shared.logging import get_logger
from shared.messaging.reading.records import Cause
from shared.messaging.work import Work
from shared.operators import Operators

log = get_logger(__name__)


def tell(
    notice: Notice,
    subject: str,
    coordinators: Iterable[str | None],
    operators: Operators,
    cause: Cause,
    work: Work,
) -> None:
    """Sends a notice about a subject to whoever looks after its people; `coordinators` is one for each."""
    told = operators.responsible(coordinators, notice.municipality, work.now)
    if not told:
        log.warning("notice_to_nobody", code=notice.code, municipality=notice.municipality)
    for operator in sorted(told):
        work.emit(NOTICE_GIVEN, subject=subject, data=notice, cause=cause, owner=operator)
