"""Records of operators and programmes as they are read: what is said of those that can't be."""

from typing import Any

from shared.contracts import topics
from shared.messaging.reading.parsing import Parser
from shared.messaging.tables import Operators, Programmes, take
from shared.programmes.acceptance import WITHHELD_KEY, Acceptance
from tests.unit.messaging.administration import (
    ACTIVE,
    KEY,
    NOW,
    PACK,
    RED_CROSS,
    active,
    operator,
    record,
)


def read(*records: Any) -> Acceptance:
    """What comes of records of both topics, in turn."""
    acceptance = Acceptance(Operators(), Programmes())
    parsers = {topic.name: Parser(topic) for topic in (topics.OPERATORS, topics.PROGRAMMES)}
    for item in records:
        take(acceptance, parsers[item.topic], item)
    for change in acceptance.settle(NOW):
        acceptance.programmes.put(*change)
    return acceptance


def faults(acceptance: Acceptance) -> dict[str, tuple[str, ...]]:
    return {fault.key: fault.faults for fault in acceptance.faults.values()}


def pack() -> dict[str, Any]:
    return PACK.model_dump(mode="json", exclude_unset=True)


def account(**changes: Any) -> dict[str, Any]:
    return operator("redcross-1", RED_CROSS).model_dump(mode="json", exclude_none=True) | changes


def test_a_pack_with_an_unknown_code_is_refused_naming_the_field_and_the_codes_that_exist() -> None:
    wrong = pack()
    wrong["pairing"]["rules"][3]["code"] = "ola_nordmann"
    read_ = read(record("ProgrammePublished", KEY, pack()), record("ProgrammePublished", KEY, wrong))
    assert read_.programmes.pack("flyktningguide-bergen", "1.0") == PACK
    (fault,) = faults(read_)[KEY]
    assert fault.startswith("pairing.rules.3.code: unknown; those that exist: self, municipality, ")
    assert "ola_nordmann" not in str(read_.faults)


def test_a_pack_of_an_earlier_format_is_refused_as_an_unknown_version() -> None:
    read_ = read(record("ProgrammePublished", KEY, {"name": "flyktningguide-bergen"}, version_=1))
    assert faults(read_) == {KEY: ("type: unknown version; docs/codes.md says what would help",)}


def test_an_activation_and_an_operator_that_can_t_be_read_are_named_with_their_fields() -> None:
    read_ = read(
        record("ProgrammeActivated", ACTIVE, {**active().model_dump(), "pack_version": 1.0}),
        record("OperatorRegistered", "redcross-1", account()),
        record("OperatorRegistered", "redcross-1", account(roles=["boss"], valid_until="soon")),
    )
    found = faults(read_)
    assert found[ACTIVE] == ("pack_version: Input should be a valid string",)
    assert found["redcross-1"][0].startswith("roles.0: unknown; those that exist: coordinator, approver, ")
    assert found["redcross-1"][1] == "valid_until: not in the form that its schema gives"
    # Who was registered before stays.
    assert read_.operators.find("redcross-1", NOW) is not None


def test_a_record_that_is_sent_again_rightly_or_taken_back_is_at_fault_no_more() -> None:
    wrong = record("OperatorRegistered", "redcross-1", account(roles=["boss"]))
    for mended in (account(), None):
        assert faults(read(wrong, record("OperatorRegistered", "redcross-1", mended))) == {}


def test_an_operator_is_removed_by_a_null_value() -> None:
    read_ = read(
        record("OperatorRegistered", "redcross-1", account()),
        record("OperatorRegistered", "redcross-1", None),
    )
    assert read_.operators.find("redcross-1", NOW) is None


def test_the_key_of_what_can_t_be_read_is_shown_only_where_it_looks_like_one() -> None:
    assert list(faults(read(record("OperatorRegistered", "Kari Eksempel", account())))) == [WITHHELD_KEY]
