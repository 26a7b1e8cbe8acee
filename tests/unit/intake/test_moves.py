"""Joining a programme again: moved to the version that the municipality runs."""

from dataclasses import replace
from datetime import date

import pytest

from services.intake import wire
from services.intake.commands.people import join
from services.intake.commands.spec import Context
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Check, Participation, Person
from services.intake.domain.requirements import Check as CheckAsked
from services.intake.domain.requirements import Consent, Requirements, assess, moved
from services.intake.vocabulary import Vocabulary
from shared.contracts.intake.commands.people import JoinProgramme
from tests.unit.intake.people import TODAY

NAME = "flyktningguide-bergen"
AGAIN = JoinProgramme(reason="moved", programme=NAME, joined_on=date(2016, 6, 10))
OLD = Requirements(NAME, "1.0", "guide", (CheckAsked("training"),))
READY = Participation(NAME, "1.0", "ready", date(2016, 5, 2), date(2016, 5, 20), "guide")
WHO = Person(
    subject="volunteer-a",
    municipality="no-4601",
    status="approved",
    # Seen again after they were ready.
    checks=(Check("training", date(2016, 6, 1)),),
    participations=(READY,),
)


def under(version: str, *checks: str) -> Context:
    """A municipality that runs a version which asks these."""
    running = Requirements(NAME, version, "guide", tuple(CheckAsked(kind) for kind in checks))
    words, vocabulary = wire.words([]), Vocabulary({}, frozenset())
    return Context(
        TODAY, "red_cross_bergen", lambda *_: OLD, lambda *_: running, lambda _: words, lambda _: vocabulary
    )


def test_who_meets_the_new_version_keeps_the_day_since_which_they_wait() -> None:
    after = join(WHO, AGAIN, under("1.1", "training"))
    assert after.participations == (replace(READY, pack_version="1.1"),)


LACKING = replace(READY, pack_version="2.0", status="lapsed", missing=("check:home_visit",))


@pytest.mark.parametrize("before", [READY, replace(READY, status="lapsed", missing=("check:training",))])
def test_who_was_ready_and_lacks_something_lapses_until_they_have_it(before: Participation) -> None:
    who = WHO.with_participation(before)
    after = join(who, AGAIN, under("2.0", "training", "home_visit"))
    assert after.participations == (LACKING,)
    renewed = replace(after, checks=(*after.checks, Check("home_visit", TODAY)))
    asked = Requirements(NAME, "2.0", "guide", (CheckAsked("training"), CheckAsked("home_visit")))
    assert assess(renewed, asked, TODAY).participations == (replace(READY, pack_version="2.0"),)


def test_who_was_never_ready_or_lacks_a_consent_waits_no_more_and_is_told_what() -> None:
    lacking = Participation(
        NAME, "2.0", "joined", READY.joined_on, role="guide", missing=("check:home_visit",)
    )
    never = WHO.with_participation(replace(lacking, pack_version="1.0", missing=()))
    assert join(never, AGAIN, under("2.0", "training", "home_visit")).participations == (lacking,)
    asked = Requirements(NAME, "2.0", "guide", (Consent("matching"), CheckAsked("home_visit")))
    (after,) = moved(WHO, asked, TODAY).participations
    assert after == replace(lacking, missing=("check:home_visit", "consent:matching"))


def test_under_the_version_that_runs_nobody_joins_twice() -> None:
    with pytest.raises(DomainError, match="already_joined"):
        join(WHO, AGAIN, under("1.0", "training"))


def test_who_left_joins_anew_under_the_version_that_runs() -> None:
    gone = WHO.with_participation(READY.left())
    after = join(gone, AGAIN, under("1.1", "training"))
    assert after.participations == (Participation(NAME, "1.1", "joined", AGAIN.joined_on),)


def test_who_never_joined_can_t_be_moved() -> None:
    with pytest.raises(LookupError):
        moved(replace(WHO, participations=()), OLD, TODAY)
