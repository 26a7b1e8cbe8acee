"""Commands on a pool: a round, and questions about it."""

from typing import Annotated

from pydantic import Field

from shared.contracts.commands import Command
from shared.contracts.example import POOL, REFUGEE, example
from shared.contracts.fields import Municipality, OperatorId, PageSize, ProgrammeName, Subject
from shared.contracts.matching.states import PairStatus
from shared.contracts.published import PRIVATE


class RunRound(Command):
    """Runs a round of a pool now. The subject is `<municipality>/<programme>`."""

    model_config = example({"reason": "weekly_meeting"}, subject=POOL, extensions={"dryrun": True})

    municipality: Municipality
    programme: ProgrammeName


class ListWaiting(Command):
    """Asks who waits in a pool, since when and why. The subject is `<municipality>/<programme>`."""

    model_config = example({"reason": "weekly_meeting"}, subject=POOL)

    municipality: Municipality
    programme: ProgrammeName


class ListProposals(Command):
    """Asks who is proposed to whom in a pool, who has answered or signed, and until when answers are awaited.
    The subject is `<municipality>/<programme>`. `coordinator` asks for one's own alone; `after` is the last
    pair of the page before.
    """

    model_config = example({"reason": "weekly_meeting"}, subject=POOL)

    municipality: Municipality
    programme: ProgrammeName
    coordinator: OperatorId | None = None
    after: Annotated[Subject, PRIVATE] | None = None
    limit: PageSize = 100


class ListPairs(Command):
    """Asks for a programme's pairs, of these statuses alone where any are given. The subject is
    `<municipality>/<programme>`. `coordinator` asks for one's own alone; `after` is the last pair of the page
    before.
    """

    model_config = example({"reason": "weekly_meeting", "status": ["active", "paused"]}, subject=POOL)

    municipality: Municipality
    programme: ProgrammeName
    status: Annotated[list[PairStatus], Field(max_length=8)] = []
    coordinator: OperatorId | None = None
    after: Annotated[Subject, PRIVATE] | None = None
    limit: PageSize = 100


class ListDuePairs(Command):
    """Asks what is due of a programme's proposals and pairs: answers and signatures that are missing,
    evaluations, ends that come near; by when, and of whom; and which pairs to ask how they fare. The subject
    is `<municipality>/<programme>`. `coordinator` asks for one's own alone; `after` is the last pair of the
    page before.
    """

    model_config = example({"reason": "weekly_meeting"}, subject=POOL)

    municipality: Municipality
    programme: ProgrammeName
    coordinator: OperatorId | None = None
    after: Annotated[Subject, PRIVATE] | None = None
    limit: PageSize = 100


class ExplainWaiting(Command):
    """Asks why `person`, a refugee or a volunteer, has no proposal: which rule removes how many on the other
    side, what would help, or what they lack before they may be matched. The subject is
    `<municipality>/<programme>`.
    """

    model_config = example({"reason": "asked_by_refugee", "person": REFUGEE}, subject=POOL)

    municipality: Municipality
    programme: ProgrammeName
    person: Annotated[Subject, PRIVATE]
