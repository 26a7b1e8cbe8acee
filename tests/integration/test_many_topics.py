"""Topics of thousands of municipalities: in requests that a controller takes."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from kobling import administration
from kobling.administration import RECORDS_PER_REQUEST, _requests
from shared.contracts.topics import topics_for
from shared.messaging import topic_settings
from tests.support.cluster import Corner

POLICY_VIOLATION = 44
TOWNS = [f"no-{number:04}" for number in range(1, 5001)]


async def test_a_controller_takes_requests_for_5000_municipalities_and_not_all_of_it_in_one(
    corner: Corner,
) -> None:
    wanted = {f"{corner.prefix}{name}": topic for name, topic in topics_for(TOWNS, ["bergen-1"]).items()}
    requests = list(_requests(wanted, 1))
    assert [new.name for request in requests for new in request] == list(wanted)
    assert len(requests) < len(wanted) * 10 / RECORDS_PER_REQUEST + 1
    admin = AIOKafkaAdminClient(**corner.addresses.cluster.options)
    await admin.start()
    try:
        # Looked at as if to be made, records and all, and not made.
        for request in requests:
            answer = await admin.create_topics(request, validate_only=True)
            assert {code for _, code, *_ in answer.topic_errors} == {0}
        whole = [new for request in requests for new in request]
        refused = await admin.create_topics(whole, validate_only=True)
        assert {code for _, code, *_ in refused.topic_errors} == {POLICY_VIOLATION}
    finally:
        await admin.close()


async def test_topics_are_made_and_looked_at_in_several_requests(
    corner: Corner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(administration, "RECORDS_PER_REQUEST", 30)
    monkeypatch.setattr(topic_settings, "AT_ONCE", 3)
    wanted = topics_for(["no-4601", "no-0301"], ["bergen-redcross-1"])
    await corner.create_topics(["no-4601", "no-0301"], ["bergen-redcross-1"])
    # Those that are there already are left alone.
    await corner.create_topics(["no-4601", "no-0301"], ["bergen-redcross-1"])
    admin = AIOKafkaAdminClient(**corner.addresses.cluster.options)
    await admin.start()
    try:
        names = [corner.prefix + name for name in wanted]
        assert set(names) <= set(await admin.list_topics())
        found = await topic_settings.settings_of(admin, names)
    finally:
        await admin.close()
    assert found.keys() == set(names)
    for name, topic in wanted.items():
        settings = found[corner.prefix + name]
        assert settings.items() >= (topic.config().items() - {("segment.ms", topic.config()["segment.ms"])})
        assert topic_settings.wrong_settings(name, topic, settings) == []
        assert len(settings) < 12, "no more than what is looked at"
