"""Intake's commands on the file of anybody, a refugee or a volunteer."""

from collections.abc import Mapping
from typing import Any

from tests.integration.commands import people
from tests.integration.commands.bench import ASKER
from tests.integration.commands.row import Refusal, Row
from tests.integration.intake.world import GUIDE

UNKNOWN = Refusal("unknown_subject", subject=people.NOBODY)
LEFT = Refusal("has_left", given=people.gone)
MOVED_AWAY = Refusal("not_taking_part", given=people.refugee_on_the_move)
ENDED_BY_MOVING = Refusal("no_consent", given=people.refugee_on_the_move)
AHEAD = "2016-07-01"


def _row(command: str, given: Any, rejected: Refusal, **columns: Any) -> Row:
    """A command on somebody's file; nobody's who has left, unless it says so."""
    standard: Mapping[str, Any] = {
        "unknown": UNKNOWN,
        "wrong_state": LEFT,
        "events": ("VolunteerUpdated",),
        "further": (MOVED_AWAY,),
    }
    return Row(service="intake", command=command, given=given, rejected=rejected, **{**standard, **columns})


def _interview(held_on: str) -> dict[str, Any]:
    hours = dict.fromkeys(("weekday_morning", "weekday_afternoon", "weekday_evening", "weekend"), 1)
    return {
        "programme": GUIDE,
        "held_on": held_on,
        "expectations": {"weekly_hours": 2, "activities": ["walks"], "contact": "in_person"},
        "availability": hours,
        "wishes": {"interpreter_ok": False},
    }


ROWS: tuple[Row, ...] = (
    _row(
        "AssignCoordinator",
        people.volunteer,
        Refusal("unknown_operator", data={"operator": "alta-1"}, field="operator"),
        data={"operator": ASKER},
        result={"coordinator": ASKER},
    ),
    _row(
        "CorrectPerson",
        people.consenting,
        Refusal("nothing_to_correct", data={"person": None}),
        data={"person": {"phone": "90000043"}},
        events=("VolunteerUpdated", "ContactCardSealed"),
        further=(
            MOVED_AWAY,
            Refusal("given_and_cleared", data={"clear": ["person.phone"]}, field="person.phone"),
            Refusal("phone_invalid", data={"person": {"phone": "call me"}}, field="person.phone"),
            Refusal("municipality_says", given=people.refugee, data={"person": {"gender": "female"}}),
        ),
    ),
    _row(
        "JoinProgramme",
        people.volunteer,
        Refusal("unknown_programme", data={"programme": "no-such"}),
        data={"programme": GUIDE, "joined_on": "2016-06-02"},
        further=(
            MOVED_AWAY,
            Refusal("already_joined", given=people.joined, field="programme"),
            Refusal("date_in_future", data={"joined_on": AHEAD}, field="joined_on"),
        ),
    ),
    _row(
        "LeaveProgramme",
        people.joined,
        Refusal("date_in_future", data={"left_on": AHEAD}, field="left_on"),
        data={"programme": GUIDE, "left_on": "2016-06-12"},
        events=("VolunteerUpdated", "NoticeGiven participation_left"),
        further=(MOVED_AWAY, Refusal("not_joined", given=people.volunteer, field="programme")),
    ),
    _row(
        "RecordBirthDate",
        people.of_unknown_age,
        Refusal("date_in_future", data={"birth_date": "2017"}, field="birth_date"),
        data={"birth_date": "1981"},
        result={"birth_year": 1981},
    ),
    _row(
        "RecordConsent",
        people.volunteer,
        Refusal("not_listed", data={"purpose": "matchin"}, field="purpose"),
        data={"purpose": "contact", "text_version": "1", "given_on": "2016-06-03"},
        events=("VolunteerUpdated", "ContactCardSealed"),
        further=(
            MOVED_AWAY,
            Refusal("consent_superseded", given=people.consenting, data={"given_on": "2016-06-01"}),
            Refusal("consent_superseded", given=people.withdrawing, field="given_on"),
        ),
    ),
    _row(
        "WithdrawConsent",
        people.consenting,
        Refusal("no_consent", data={"purpose": "matching"}, field="purpose"),
        data={"purpose": "contact", "withdrawn_on": "2016-06-12"},
        further=(ENDED_BY_MOVING,),
        events=("VolunteerUpdated", "ContactCardWithdrawn", "NoticeGiven consent_withdrawn"),
    ),
    _row(
        "RecordInterview",
        people.joined,
        Refusal("not_listed", data={"interests": ["kari_from_bergen_who_bakes"]}, field="interests.0"),
        data=_interview("2016-06-04"),
        further=(
            MOVED_AWAY,
            Refusal("not_joined", given=people.volunteer, field="programme"),
            Refusal("interview_superseded", given=people.interviewed, data={"held_on": "2016-06-03"}),
        ),
    ),
    _row(
        "RecordCheck",
        people.volunteer,
        Refusal("not_listed", data={"kind": "trainin"}, field="kind"),
        data={"kind": "training", "seen_on": "2016-06-05"},
        further=(
            MOVED_AWAY,
            Refusal("not_a_volunteer", given=people.refugee, field="subject"),
            Refusal("check_superseded", given=people.approved, data={"seen_on": "2016-06-01"}),
        ),
    ),
    _row(
        "RecordReferenceConsent",
        people.volunteer,
        Refusal("date_in_future", data={"given_on": AHEAD}, field="given_on"),
        data={"pair": people.PAIR, "referees": ["guide"], "text_version": "1", "given_on": "2016-06-11"},
        wrong_state=MOVED_AWAY,
        further=(Refusal("consent_superseded", given=people.consenting, field="given_on"),),
    ),
    _row(
        "WithdrawReferenceConsent",
        people.consenting,
        Refusal("no_consent", data={"pair": "pair-bbbbbbbbbbbbbbbb"}, field="pair"),
        data={"pair": people.PAIR, "withdrawn_on": "2016-06-13"},
        wrong_state=ENDED_BY_MOVING,
        further=(),
    ),
    _row(
        "ConfirmArrival",
        people.announced,
        Refusal("date_in_future", data={"arrived_on": AHEAD}, field="arrived_on"),
        data={"arrived_on": "2016-06-14"},
        events=("ArrivalConfirmed",),
        result={"status": "settled"},
        unknown=Refusal("unknown_subject", subject=people.NO_REFUGEE),
        wrong_state=Refusal("already_arrived", given=people.come, field="arrived_on"),
        further=(MOVED_AWAY, Refusal("not_a_refugee", given=people.volunteer, field="subject")),
    ),
)
