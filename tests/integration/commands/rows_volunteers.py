"""Intake's commands on volunteers alone."""

from collections.abc import Mapping
from typing import Any

from tests.integration.commands import people
from tests.integration.commands.bench import BERGEN, TROMSO
from tests.integration.commands.row import Cell, NotApplicable, Refusal, Row
from tests.integration.commands.rows_people import AHEAD, LEFT, UNKNOWN
from tests.integration.intake.test_commands import PERSON
from tests.integration.intake.world import GUIDE

NO_VOLUNTEER = Refusal("not_a_volunteer", given=people.refugee, field="subject")
LEAVING_AGAIN = NotApplicable("who has left has left: the same again is accepted, and changes nothing")


def _row(command: str, given: Any, rejected: Cell, **columns: Any) -> Row:
    standard: Mapping[str, Any] = {"unknown": UNKNOWN, "wrong_state": LEFT, "further": (NO_VOLUNTEER,)}
    return Row(service="intake", command=command, given=given, rejected=rejected, **{**standard, **columns})


ROWS: tuple[Row, ...] = (
    _row(
        "RegisterVolunteer",
        people.nothing,
        Refusal("subject_invalid", subject="Berit", field="subject"),
        data={
            "municipality": BERGEN,
            "person": PERSON,
            "languages": [{"code": "nb", "level": "native"}],
            "registered_on": "2016-06-01",
        },
        events=("VolunteerRegistered",),
        result={"status": "registered"},
        unknown=Refusal("unknown_subject", data={"refugee": people.NO_REFUGEE}),
        wrong_state=Refusal("already_registered", given=people.volunteer, field="subject"),
        further=(
            Refusal("language_unknown", data={"languages": [{"code": "xq", "level": "native"}]}),
            Refusal("personal_number", subject="01010750160", field="subject"),
            Refusal("date_in_future", data={"registered_on": AHEAD}, field="registered_on"),
        ),
    ),
    _row(
        "ApproveVolunteer",
        people.approved_by_others,
        Refusal("unknown_programme", data={"programme": "no-such"}),
        role="approver",
        data={"programme": GUIDE, "decided_on": "2016-06-04"},
        events=("VolunteerUpdated", "CommandAccepted"),
        further=(
            NO_VOLUNTEER,
            Refusal("not_joined", given=people.volunteer, field="programme"),
            Refusal("four_eyes", given=people.approved_by_the_asker),
        ),
    ),
    _row(
        "RejectVolunteer",
        people.joined,
        Refusal("date_in_future", data={"decided_on": AHEAD}, field="decided_on"),
        role="approver",
        data={"decided_on": "2016-06-12"},
        events=("VolunteerWithdrawn", "NoticeGiven volunteer_withdrawn"),
        result={"status": "withdrawn"},
        wrong_state=Refusal("already_approved", given=people.approved, field="subject"),
    ),
    _row(
        "PauseVolunteer",
        people.volunteer,
        Refusal("until_not_later", data={"until": "2016-06-14"}, field="until"),
        data={"paused_on": "2016-06-12", "until": "2016-07-01"},
        events=("VolunteerPaused", "NoticeGiven volunteer_paused"),
        result={"status": "paused"},
        further=(NO_VOLUNTEER, Refusal("date_in_future", data={"paused_on": AHEAD}, field="paused_on")),
    ),
    _row(
        "ResumeVolunteer",
        people.away,
        NotApplicable("nothing but who it is about, and when, can be wrong with it"),
        events=("VolunteerResumed", "NoticeGiven volunteer_resumed"),
        result={"status": "registered"},
    ),
    _row(
        "WithdrawVolunteer",
        people.approved,
        Refusal("date_in_future", data={"withdrawn_on": AHEAD}, field="withdrawn_on"),
        data={"withdrawn_on": "2016-06-12"},
        events=("VolunteerWithdrawn", "ContactCardWithdrawn", "NoticeGiven volunteer_withdrawn"),
        result={"status": "withdrawn"},
        wrong_state=LEAVING_AGAIN,
    ),
    _row(
        "ChangeCapacity",
        people.volunteer,
        Refusal("field_invalid", data={"capacity": 21}, field="capacity", unread=True),
        data={"capacity": 2},
        events=("VolunteerUpdated",),
        result={"capacity": 2},
    ),
    _row(
        "MoveVolunteer",
        people.approved,
        Refusal("same_municipality", data={"municipality": BERGEN}, field="municipality"),
        data={"municipality": TROMSO, "moved_on": "2016-06-14"},
        events=("VolunteerMoved", "ContactCardWithdrawn", "NoticeGiven volunteer_moved"),
        result={"municipality": TROMSO, "status": "registered"},
        moves=NotApplicable("it names the municipality to which they move, and a random reference"),
        further=(NO_VOLUNTEER, Refusal("date_in_future", data={"moved_on": AHEAD}, field="moved_on")),
    ),
)
