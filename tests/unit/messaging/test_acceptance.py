"""Which packs, activations and operators are taken over, which wait, and what is said of the others."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from shared.operators import Operators
from shared.programmes.acceptance import WITHHELD_KEY, Acceptance
from shared.programmes.checks import CHECKS, PackCheck
from shared.programmes.table import Programmes
from tests.unit.messaging.administration import (
    ACTIVE,
    BERGEN,
    INTRODUCTION,
    KEY,
    NAME,
    NOW,
    OPERATORS,
    PACK,
    RED_CROSS,
    active,
    asking,
    operator,
    version,
)


def acceptance(checks: Sequence[PackCheck] = CHECKS) -> Acceptance:
    """With Bergen's operators and nothing else."""
    empty = Acceptance(Operators(), Programmes(), checks)
    for known in OPERATORS:
        empty.operator(known.operator, known)
    return empty


def settle(accepting: Acceptance, now: datetime = NOW) -> list[str]:
    """Takes over what may be; the keys."""
    changes = accepting.settle(now)
    for change in changes:
        accepting.programmes.put(*change)
    return [key for key, _ in changes]


def say(
    accepting: Acceptance, *records: tuple[str, ProgrammePack | ActiveProgramme | None]
) -> dict[str, tuple[str, ...]]:
    """Has records judged and settles; the faults by key as shown."""
    for key, record in records:
        accepting.programme(key, record)
    settle(accepting)
    return {fault.key: fault.faults for fault in accepting.faults.values()}


def runs(accepting: Acceptance) -> str | None:
    pack = accepting.programmes.active(BERGEN, NAME)
    return None if pack is None else pack.version


def test_a_pack_and_its_activation_are_taken_over_in_any_order() -> None:
    for records in (((KEY, PACK), (ACTIVE, active())), ((ACTIVE, active()), (KEY, PACK))):
        accepting = acceptance()
        assert say(accepting, *records) == {}
        assert runs(accepting) == "1.0"
        assert settle(accepting) == []


def test_an_unknown_version_waits_while_the_last_good_one_goes_on_and_runs_once_it_is_there() -> None:
    accepting = acceptance()
    say(accepting, (KEY, PACK), (ACTIVE, active()))
    assert say(accepting, (ACTIVE, active("1.1"))) == {
        ACTIVE: (f"pack_version: {NAME}@1.1 is not published; those that are: 1.0; until then 1.0 goes on",)
    }
    assert runs(accepting) == "1.0"
    assert say(accepting, (f"{NAME}@1.1", version("1.1"))) == {}
    assert runs(accepting) == "1.1"


def test_of_a_programme_of_which_nothing_is_published_is_said_that_it_does_not_run() -> None:
    accepting = acceptance()
    (fault,) = say(accepting, (ACTIVE, active()))[ACTIVE]
    assert fault == (
        f"pack_version: {NAME}@1.0 is not published; no version of it is; until then the programme does not "
        "run there"
    )


def test_a_published_version_never_changes_and_the_sections_that_differ_are_named() -> None:
    accepting = acceptance()
    other = version("1.0", title="Another title")
    for taken_over_before in (False, True):
        faults = say(accepting, (KEY, PACK), *([] if taken_over_before else [(KEY, other)]), (KEY, other))
        assert faults == {
            KEY: (f"title: not as {KEY} was published, and a version never changes; publish a new version",)
        }
        assert accepting.programmes.pack(NAME, "1.0") == PACK
    assert say(accepting, (KEY, version("1.0"))) == {}


def test_a_published_version_never_goes_and_a_refused_one_is_taken_back() -> None:
    accepting = acceptance()
    say(accepting, (KEY, PACK))
    assert say(accepting, (KEY, None)) == {
        KEY: ("the record: a version that was published stays; publish it again",)
    }
    assert accepting.programmes.pack(NAME, "1.0") == PACK
    assert say(accepting, (KEY, PACK)) == {}
    bad = version("1.1", pairing=PACK.pairing.model_copy(update={"criteria": {"age": 1001}}))
    assert say(accepting, (f"{NAME}@1.1", bad)) == {f"{NAME}@1.1": ("pairing.criteria.age: at most 1000",)}
    assert say(accepting, (f"{NAME}@1.1", None)) == {}


def test_a_pack_that_nobody_can_satisfy_is_not_run_before_its_organisation_has_operators() -> None:
    accepting = acceptance()
    say(accepting, (KEY, PACK), (ACTIVE, active()), (f"{NAME}@1.1", asking("red_cross_vejle")))
    (approval, signature) = say(accepting, (ACTIVE, active("1.1")))[ACTIVE]
    assert approval == (
        "sides.giving.requirements.6.organisation: no valid operator of red_cross_vejle is approver in "
        "no-4601; register one on operators.v1, or activate a version that asks another organisation; "
        "until then 1.0 goes on"
    )
    assert signature.startswith("pairing.signatories.2: no valid operator of red_cross_vejle is coordinator")
    accepting.operator("vejle-1", operator("vejle-1", "red_cross_vejle", municipalities=["dk-630"]))
    accepting.operator("vejle-2", operator("vejle-2", "red_cross_vejle", roles=["approver"]))
    accepting.operator("vejle-3", operator("vejle-3", "red_cross_vejle", valid_until=NOW))
    assert say(accepting)[ACTIVE][0].startswith("pairing.signatories.2: ")
    assert runs(accepting) == "1.0"
    accepting.operator("vejle-3", operator("vejle-3", "red_cross_vejle"))
    assert say(accepting) == {}
    assert runs(accepting) == "1.1"


def test_what_runs_is_not_stopped_by_operators_who_expire_or_leave() -> None:
    accepting = acceptance()
    say(accepting, (KEY, PACK), (ACTIVE, active()))
    accepting.operator("redcross-1", None)
    settle(accepting, NOW + timedelta(days=10_000))
    assert (runs(accepting), accepting.faults) == ("1.0", {})


def test_a_municipality_ends_a_programme_and_a_lost_record_ends_none() -> None:
    accepting = acceptance()
    say(accepting, (KEY, PACK), (ACTIVE, active()))
    # As after a restart, with what was kept.
    again = Acceptance(accepting.operators, accepting.programmes)
    (fault,) = say(again)[ACTIVE]
    assert fault == "the record: not on the topic any more; 1.0 goes on: send it again"
    assert runs(again) == "1.0"
    assert say(again, (ACTIVE, None)) == {}
    assert runs(again) is None


def test_a_check_that_raises_refuses_its_pack_alone() -> None:
    def breaks(pack: ProgrammePack) -> str | None:
        if pack.version == "1.1":
            raise KeyError("ola_nordmann")
        return None

    accepting = acceptance((breaks,))
    faults = say(accepting, (f"{NAME}@1.1", version("1.1")), (KEY, PACK), (ACTIVE, active()))
    assert faults == {
        f"{NAME}@1.1": ("the pack: a check of it failed (KeyError); tell whoever maintains Kobling",)
    }
    assert runs(accepting) == "1.0"


def test_an_approval_of_refugees_which_nobody_can_give_is_refused() -> None:
    receiving = PACK.sides.receiving.model_copy(update={"requirements": PACK.sides.giving.requirements})
    sides = PACK.sides.model_copy(update={"receiving": receiving})
    assert say(acceptance(), (f"{NAME}@1.1", version("1.1", sides=sides))) == {
        f"{NAME}@1.1": ("sides.receiving.requirements.6: only the giving side is approved; ask it there",)
    }


def test_a_record_under_another_key_is_refused_and_a_key_that_may_be_anything_is_not_shown() -> None:
    accepting = acceptance()
    accepting.operator("vejle-1", operator("vejle-2", RED_CROSS))
    faults = say(
        accepting, (f"{NAME}@1.1", PACK), ("active/Ola Nordmann", active()), ("19028412345@1.0", PACK)
    )
    assert faults == {
        "vejle-1": ("operator: not what the key says; send it under its own key",),
        f"{NAME}@1.1": ("name and version: not what the key says; send it under its own key",),
        WITHHELD_KEY: ("name and version: not what the key says; send it under its own key",),
    }
    assert accepting.operators.find("vejle-1", NOW) is None


def test_who_may_act_where_counts_while_they_are_valid() -> None:
    known = acceptance().operators
    assert known.organisations(BERGEN, "approver", NOW) == {RED_CROSS, INTRODUCTION}
    assert known.organisations(BERGEN, "auditor", NOW) == frozenset()
    assert known.organisations("dk-630", "approver", NOW) == frozenset()
    assert known.organisations(BERGEN, "approver", datetime(2030, 1, 1, tzinfo=NOW.tzinfo)) == frozenset()


@pytest.mark.parametrize("place", ["bergen", "se-0180"])
def test_no_programme_runs_where_there_can_be_no_municipality(place: str) -> None:
    accepting = acceptance()
    key = f"active/{place}/{NAME}"
    record = ActiveProgramme(municipality=place, programme=NAME, pack_version=PACK.version)
    (fault,) = say(accepting, (KEY, PACK), (key, record))[key]
    assert fault == "municipality: no- and four digits, or dk- and three, such as no-4601"
    assert accepting.programmes.active(place, NAME) is None
