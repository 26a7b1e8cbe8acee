"""What Strimzi is told is what `kobling setup` does, topic by topic and rule by rule."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from deploy.kubernetes import __main__ as command
from deploy.kubernetes import strimzi
from kobling.setup.broker import _rule
from shared.contracts.access import QUOTAS, Principal, grants
from shared.contracts.topics import REGISTRY, SERVICES, topics_for
from tests.unit.deploy.kubernetes.reading import ROOT, Manifest, documents

TOWN = Principal("municipality", "no-4601")
OPERATOR = Principal("operator", "bergen-redcross-1")
READER = Principal("operator", "oslo-redcross-1", dead_letters=True)
CONSUMER = Principal("consumer", "statistics")
FIXED = [*(Principal("service", service) for service in SERVICES), Principal("monitor", "keda")]
_PATTERNS = {"literal": "LITERAL", "prefix": "PREFIXED"}
_WORDS = {"transactionalId": "TRANSACTIONAL_ID", "DescribeConfigs": "DESCRIBE_CONFIGS"}


def user_of(principal: Principal) -> Manifest:
    """As it is committed, or as it is printed."""
    printed: dict[Principal, Callable[[], list[Manifest]]] = {
        TOWN: lambda: strimzi.of_municipality(TOWN.name),
        OPERATOR: lambda: strimzi.of_operator(OPERATOR.name),
        READER: lambda: strimzi.of_operator(READER.name, dead_letters=True),
        CONSUMER: lambda: [strimzi.user(CONSUMER, "made")],
    }
    committed = documents(ROOT / "strimzi/users.yaml")
    given = printed[principal]() if principal in printed else committed
    (found,) = (
        one for one in given if one["kind"] == "KafkaUser" and one["metadata"]["name"] == principal.account
    )
    return found


def rules_of(manifest: Manifest) -> list[tuple[str, ...]]:
    """A rule for each operation, as a broker lists them, in the operator's words made the broker's."""
    account = manifest["metadata"]["name"]
    assert manifest["spec"]["authorization"]["type"] == "simple"
    return sorted(
        (
            f"User:{account}",
            acl.get("host", "*"),
            _WORDS.get(operation, operation.upper()),
            acl.get("type", "allow").upper(),
            _WORDS.get(acl["resource"]["type"], acl["resource"]["type"].upper()),
            acl["resource"]["name"],
            _PATTERNS[acl["resource"]["patternType"]],
        )
        for acl in manifest["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    )


def rules_as_set_up(principal: Principal) -> list[tuple[str, ...]]:
    """The same, as `kobling setup` sends them to a broker."""
    rules = (_rule(principal.account, grant) for grant in grants(principal))
    return sorted(
        (
            rule.principal,
            rule.host,
            rule.operation.name,
            rule.permission_type.name,
            rule.resource_pattern.resource_type.name,
            rule.resource_pattern.resource_name,
            rule.resource_pattern.pattern_type.name,
        )
        for rule in rules
    )


@pytest.mark.parametrize("principal", [*FIXED, TOWN, OPERATOR, READER, CONSUMER], ids=lambda one: one.account)
def test_an_account_may_do_what_setting_up_lets_it(principal: Principal) -> None:
    manifest = user_of(principal)
    assert rules_of(manifest) == rules_as_set_up(principal)
    quota = QUOTAS.get(principal.kind)
    found = manifest["spec"].get("quotas")
    assert found == (
        None
        if quota is None
        else {
            "producerByteRate": asdict(quota)["producer_byte_rate"],
            "consumerByteRate": asdict(quota)["consumer_byte_rate"],
            "requestPercentage": asdict(quota)["request_percentage"],
        }
    )


def test_nobody_else_has_an_account_and_who_sets_up_has_no_rules() -> None:
    users = documents(ROOT / "strimzi/users.yaml")
    accounts = [one.account for one in FIXED]
    assert [one["metadata"]["name"] for one in users] == [*accounts, "kobling-setup"]
    assert "authorization" not in users[-1]["spec"]
    keys = [one["spec"]["authentication"]["password"]["valueFrom"]["secretKeyRef"]["key"] for one in users]
    assert keys == [*accounts, "kobling-setup"]


def topics(given: list[Manifest]) -> dict[str, tuple[int, dict[str, str]]]:
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for one in given:
        if one["kind"] == "KafkaTopic":
            spec: dict[str, Any] = one["spec"]
            assert one["metadata"]["labels"] == {"strimzi.io/cluster": "kobling"}
            found[spec["topicName"]] = (
                spec["partitions"],
                {name: str(value) for name, value in spec["config"].items()},
            )
    return found


def test_topics_are_the_registrys() -> None:
    given = documents(ROOT / "strimzi/topics.yaml")
    given += strimzi.of_municipality(TOWN.name) + strimzi.of_operator(OPERATOR.name)
    wanted = {
        name: (topic.partitions, topic.config())
        for name, topic in topics_for([TOWN.name], [OPERATOR.name]).items()
    }
    assert topics(given) == wanted
    assert len(wanted) == len(REGISTRY)


@pytest.mark.parametrize("name", ["-bergen", "bergen-", "b_c", "B", "x" * 41])
def test_a_name_that_no_resource_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        strimzi.of_operator(name)


def test_a_municipality_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["municipality", "no-460"]) == 1
    assert capsys.readouterr().err == (
        "'no-460' is no municipality: no- and four digits, or dk- and three, such as no-4601\n"
    )


def test_what_is_committed_is_fresh_and_what_is_not_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.check() == 0
    (tmp_path / "strimzi").mkdir()
    command.write(tmp_path)
    assert command.check(tmp_path) == 0
    file = tmp_path / "strimzi/topics.yaml"
    file.write_text(file.read_text().replace("partitions: 12", "partitions: 13", 1))
    assert command.check(tmp_path) == 1
    assert "strimzi/topics.yaml" in capsys.readouterr().err
