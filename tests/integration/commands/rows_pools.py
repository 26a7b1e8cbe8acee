"""Matching's commands on a pool."""

from collections.abc import Mapping
from typing import Any

from tests.integration.commands import couples
from tests.integration.commands.row import NotApplicable, Refusal, Row
from tests.integration.matching.couples import couple
from tests.integration.matching.world import BERGEN, GUIDES, who

NOT_RUN = "no-such"
UNKNOWN = Refusal(
    "unknown_programme", subject=f"{BERGEN}/{NOT_RUN}", data={"programme": NOT_RUN}, field="programme"
)
ANOTHER_POOL = Refusal("subject_invalid", subject=f"no-5501/{GUIDES}", field="subject")
ANY_STATE = NotApplicable("a question is answered in whatever state the pool is, an empty one too")


def _row(command: str, given: Any, **columns: Any) -> Row:
    standard: Mapping[str, Any] = {
        "data": {"municipality": BERGEN, "programme": GUIDES},
        "rejected": ANOTHER_POOL,
        "unknown": UNKNOWN,
        "wrong_state": ANY_STATE,
    }
    return Row(service="matching", command=command, given=given, **{**standard, **columns})


ROWS: tuple[Row, ...] = (
    _row(
        "RunRound",
        couples.waiting,
        events=("PairProposed", "RoundCompleted", "NoticeGiven proposal_made"),
        result={"proposed": 1},
        wrong_state=NotApplicable("a round of a pool in which nobody waits proposes nobody"),
    ),
    _row(
        "ProposePair",
        couples.waiting,
        data=couple(),
        events=("PairProposed", "RoundCompleted", "NoticeGiven proposal_made"),
        result={"status": "proposed"},
        rejected=Refusal("not_waiting", data={"giving": couples.giving(9)}, field="giving"),
        wrong_state=Refusal("slot_taken", given=couples.proposed_in_pool, field="receiving"),
        further=(
            ANOTHER_POOL,
            Refusal("rules_forbid", given=couples.apart),
            Refusal("not_waiting", given=couples.with_somebody_elsewhere, data=couple(2), field="receiving"),
        ),
    ),
    _row(
        "AllowCouple",
        couples.apart,
        data=couple(),
        events=("CoupleAllowed",),
        rejected=Refusal("not_excluded", data={"giving": couples.giving(9)}),
        wrong_state=Refusal("not_excluded", given=couples.waiting),
        further=(ANOTHER_POOL,),
    ),
    _row("ListWaiting", couples.waiting, result={"receiving": 1, "giving": 1, "could_be_proposed": 1}),
    _row(
        "ExplainWaiting",
        couples.waiting,
        data={"municipality": BERGEN, "programme": GUIDES, "person": who("refugee", 1)},
        result={"person": who("refugee", 1), "candidates": 1},
        further=(
            Refusal("unknown_subject", data={"person": who("refugee", 9)}, field="person"),
            Refusal(
                "unknown_subject",
                given=couples.with_somebody_elsewhere,
                data={"person": who("refugee", 2)},
                field="person",
            ),
        ),
    ),
    _row("ListProposals", couples.proposed_in_pool, result={"count": 1}),
    _row("ListPairs", couples.proposed_in_pool, result={"count": 1}),
    _row("ListDuePairs", couples.proposed_in_pool),
)
