"""Intake's questions about people, and the commands by which they are handed over."""

from typing import Any

from tests.integration.commands import people
from tests.integration.commands.bench import ASKER, BERGEN
from tests.integration.commands.row import Cell, NotApplicable, Refusal, Row
from tests.integration.commands.rows_people import UNKNOWN

NOWHERE = "no-9999"
NO_TOWN = Refusal("not_your_municipality", subject=NOWHERE, data={"municipality": NOWHERE})
NO_TRANSFER = Refusal("unknown_subject", subject="caseload-zzzzzzzzzzzzzzzz")
OF_ANOTHER_TOWN = Refusal("subject_invalid", subject="no-5501", field="subject")
ANY_STATE = NotApplicable("a question is answered in whatever state somebody is")
NO_DATA = NotApplicable("nothing but who it is about can be wrong with it")


def _question(command: str, given: Any, rejected: Cell, **columns: Any) -> Row:
    standard: dict[str, Any] = {
        "unknown": NO_TOWN,
        "wrong_state": ANY_STATE,
        "subject": BERGEN,
        "data": {"municipality": BERGEN},
    }
    return Row(service="intake", command=command, given=given, rejected=rejected, **standard | columns)


def _caseload(command: str, given: Any, rejected: Cell, **columns: Any) -> Row:
    return Row(service="intake", command=command, given=given, rejected=rejected, **columns)


ROWS: tuple[Row, ...] = (
    _question(
        "FindPerson",
        people.refugee,
        Refusal("ask_by_one", data={"name": "Eksempel"}, field="name"),
        subject=people.CASE,
        data={"municipality": BERGEN, "case": people.CASE},
        result={"status": "settled"},
        unknown=Refusal("unknown_subject", subject="BER-2016-2", data={"case": "BER-2016-2"}),
        further=(
            Refusal("field_missing", data={"municipality": None}, field="municipality"),
            Refusal("personal_number", data={"case": "01010750160"}, field="case"),
            Refusal("subject_invalid", data={"case": None, "name": "Eksempel"}, field="subject"),
        ),
    ),
    _question("ShowPerson", people.volunteer, NO_DATA, subject=None, data={}, unknown=UNKNOWN),
    _question("ListPeople", people.volunteer, OF_ANOTHER_TOWN, result={"count": 1}),
    _question("ListDue", people.volunteer, OF_ANOTHER_TOWN, result={"due": []}),
    _question("ListLooks", people.looked_at, OF_ANOTHER_TOWN, role="auditor"),
    _caseload(
        "TransferCaseload",
        people.volunteer,
        Refusal("no_people", data={"from": ASKER, "to": "bergen-1"}, field="from"),
        subject=BERGEN,
        data={"municipality": BERGEN, "from": "red-1", "to": "bergen-1"},
        events=("NoticeGiven caseload_offered", "NoticeGiven caseload_offered"),
        result={"status": "offered", "people": 1},
        unknown=NO_TOWN,
        wrong_state=Refusal("already_offered", given=people.offered, field="from"),
        further=(
            OF_ANOTHER_TOWN,
            Refusal("four_eyes", data={"to": ASKER}, field="to"),
            Refusal("unknown_operator", data={"to": "alta-1"}, field="to"),
        ),
    ),
    _caseload(
        "AcceptCaseload",
        people.offered,
        Refusal("not_your_offer", given=people.offered_to_another),
        events=("VolunteerUpdated", "NoticeGiven caseload_taken", "NoticeGiven caseload_taken"),
        result={"status": "accepted", "people": 1},
        unknown=NO_TRANSFER,
        wrong_state=Refusal("already_answered", given=people.declined),
    ),
    _caseload(
        "DeclineCaseload",
        people.offered,
        Refusal("not_your_offer", given=people.offered_by_another),
        events=("NoticeGiven caseload_declined", "NoticeGiven caseload_declined"),
        result={"status": "declined", "people": 1},
        unknown=NO_TRANSFER,
        wrong_state=Refusal("already_answered", given=people.declined),
    ),
)
