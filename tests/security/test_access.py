"""Who may do what on the broker: every account, every topic, every request, on a real one."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from kobling.errors import AdministrationError
from kobling.setup.broker import Broker, administration
from shared.contracts.access import Grant, Principal
from shared.contracts.topics import SERVICES
from tests.security.guarded import EVERYBODY, PRINCIPALS, Guarded
from tests.security.matrix import TOPICS, allowed, asked, matching, ruled
from tests.security.probes import probing


@pytest.mark.parametrize("principal", EVERYBODY, ids=lambda one: one.account)
async def test_every_cell_of_topics(guarded: Guarded, principal: Principal) -> None:
    async with probing(guarded.as_(principal)) as probe:
        known = matching(principal, "topic", ("read", "write", "describe"), TOPICS)
        assert await probe.seen() & set(TOPICS) == known
        assert allowed(await probe.create(["refugees.v2", "settlements.no-9999.v1"])) == set()
        assert await asked(probe) == ruled(principal)


GROUPS = sorted(
    {f"{service}.states" for service in SERVICES}
    | {f"{one.account}{end}" for one in PRINCIPALS for end in ("", ".mine")}
    | {"console-consumer-1"}
)
READ_BY_ALL = {
    "municipality": "receipts.{}.v1",
    "operator": "replies.{}.v1",
    "consumer": "indicators.v1",
    "administrator": "operators.v1",
    "service": "operators.v1",
}


@pytest.mark.parametrize("principal", EVERYBODY, ids=lambda one: one.account)
async def test_every_cell_of_groups(guarded: Guarded, principal: Principal) -> None:
    """Who commits for another's group has it skip records, and who joins it takes them away."""
    mine = matching(principal, "group", ("read",), GROUPS)
    seen = matching(principal, "group", ("read", "describe"), GROUPS)
    topic = READ_BY_ALL.get(principal.kind, "").format(principal.name)
    async with probing(guarded.as_(principal)) as probe:
        assert allowed(await probe.coordinators(GROUPS)) == seen
        assert allowed(await probe.offsets(GROUPS)) == seen
        assert allowed(await probe.remove_groups(GROUPS)) == set()
        if topic:
            assert allowed(await probe.groups(GROUPS, topic)) == mine


@pytest.mark.parametrize("principal", EVERYBODY, ids=lambda one: one.account)
async def test_nobody_ends_a_relay_s_transactions_but_its_own_service(
    guarded: Guarded, principal: Principal
) -> None:
    ids = [f"{service}-relay{end}" for service in SERVICES for end in ("", "-1-of-4")] + ["mine"]
    async with probing(guarded.as_(principal)) as probe:
        begun = allowed(await probe.fences(ids))
    assert begun == matching(principal, "transactional_id", ("write",), ids)
    assert begun == ({f"{principal.name}-relay", f"{principal.name}-relay-1-of-4"} & set(ids))


ADMINISTERING: Mapping[str, Callable[[Broker], object]] = {
    "see rules": lambda broker: broker.grants(),
    "grant": lambda broker: broker.grant("operator.oslo-redcross-1", [Grant("topic", "a", False, "read")]),
    "see accounts": lambda broker: broker.accounts(),
    "another's password": lambda broker: broker.set_password("service.intake", "taken-over"),
    "remove another": lambda broker: broker.remove("municipality.no-0301"),
    "see quotas": lambda broker: broker.quotas(),
    "change quotas": lambda broker: broker.set_quota("municipality.no-4601", None),
}


@pytest.mark.parametrize("request_", ADMINISTERING)
async def test_nobody_administers(guarded: Guarded, request_: str) -> None:
    """Neither sees nor changes accounts, access rules or quotas."""

    def administer(principal: Principal) -> bool:
        try:
            with administration(guarded.as_(principal)) as broker:
                ADMINISTERING[request_](broker)
        except AdministrationError:
            return False
        return True

    done = await asyncio.gather(*(asyncio.to_thread(administer, one) for one in EVERYBODY))
    assert not any(done)


# A monitor is to see which topics there are.
@pytest.mark.parametrize(
    "principal", [one for one in PRINCIPALS if one.kind != "monitor"], ids=lambda one: one.account
)
async def test_who_asks_for_a_topic_by_name_does_not_learn_whether_it_exists(
    guarded: Guarded, principal: Principal
) -> None:
    strange = [name for name in TOPICS if name not in matching(principal, "topic", ("read", "write"), TOPICS)]
    async with probing(guarded.as_(principal)) as probe:
        existing = await probe.named(strange)
        invented = await probe.named(["settlements.no-9999.v1", "refugees.v9"])
    assert set(existing.values()) == set(invented.values()) == {29}


def test_the_rules_in_words() -> None:
    """What is granted, said once more by hand: a change of the registry that opens something shows here."""

    def may(principal: Principal, operation: str) -> set[str]:
        return matching(principal, "topic", (operation,), TOPICS)

    town = Principal("municipality", "no-4601")
    assert may(town, "write") == {"settlements.no-4601.v1"}
    assert may(town, "read") == {"receipts.no-4601.v1"}
    operator = Principal("operator", "bergen-redcross")
    assert may(operator, "write") == {f"commands.{service}.bergen-redcross.v1" for service in SERVICES}
    assert may(operator, "read") == {"replies.bergen-redcross.v1", "notices.bergen-redcross.v1"}
    reader = Principal("operator", "bergen-redcross", dead_letters=True)
    assert may(reader, "read") - may(operator, "read") == {f"{service}.dlq.v1" for service in SERVICES}
    assert may(Principal("consumer", "statistics"), "read") == {"indicators.v1"}
    assert may(Principal("consumer", "statistics"), "write") == set()
    administrator = Principal("administrator", "kari")
    assert may(administrator, "write") == may(administrator, "read") == {"operators.v1", "programmes.v1"}
    monitor = Principal("monitor", "prometheus")
    assert may(monitor, "read") == may(monitor, "write") == set()
    settlements = {name for name in TOPICS if name.startswith("settlements.")}
    for service in SERVICES:
        one = Principal("service", service)
        assert (settlements <= may(one, "read")) == (service == "intake")
        assert not may(one, "write") & (settlements | {"operators.v1", "programmes.v1"})
        assert not {name for name in may(one, "write") if name.startswith("commands.")}
