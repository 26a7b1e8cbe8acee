"""What each service does with each channel. Kobling is the application: what it sends, others receive."""

from shared.contracts import topics
from shared.contracts.asyncapi.naming import Data, channel_id, ref
from shared.contracts.topics import SERVICES, Service, Topic

_ANSWERED = {topics.SETTLEMENTS.name: topics.RECEIPTS} | {
    topic.name: topics.REPLIES for topic in topics.COMMANDS.values()
}
"""On which topic the records of another are answered."""


def operations() -> dict[str, Data]:
    """Every operation by its id, such as `intake.receive.settlements`."""
    found = {}
    for service in SERVICES:
        for topic in topics.REGISTRY:
            if service in topic.readers:
                found[f"{service}.receive.{channel_id(topic)}"] = _receive(service, topic)
            if service in topic.writers:
                found[f"{service}.send.{channel_id(topic)}"] = _operation(service, topic, "send")
    return found


def _receive(service: Service, topic: Topic) -> Data:
    operation = _operation(service, topic, "receive")
    answers = _ANSWERED.get(topic.name)
    if answers is not None:
        operation["reply"] = {"channel": ref("channels", channel_id(answers))}
    return operation


def _operation(service: Service, topic: Topic, action: str) -> Data:
    return {
        "action": action,
        "channel": ref("channels", channel_id(topic)),
        "title": f"{service} {action}s {channel_id(topic)}",
        "tags": [ref("components", "tags", service)],
    }
