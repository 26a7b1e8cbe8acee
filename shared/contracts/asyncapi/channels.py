"""The channels: a topic each, or a family of topics with a parameter for whose each is."""

from shared.contracts.asyncapi.naming import BINDING, Data, address, channel_id, of_topic, ref
from shared.contracts.catalogue import MESSAGES
from shared.contracts.example import MUNICIPALITY, OPERATOR
from shared.contracts.topics import MUNICIPALITY_FORM, REGISTRY, Topic

_TEXTS = ("message.timestamp.type",)
"""Settings of a topic that are no numbers, but for `cleanup.policy`, of which AsyncAPI wants a list."""


def channels() -> dict[str, Data]:
    """Every channel by its id."""
    return {channel_id(topic): _channel(topic) for topic in REGISTRY}


def parameters() -> dict[str, Data]:
    """Whose a topic of a family is."""
    return {
        "municipality": {"description": f"A municipality: {MUNICIPALITY_FORM}.", "examples": [MUNICIPALITY]},
        "operator": {
            "description": "An operator's account: 2 to 40 of a-z, 0-9 and -.",
            "examples": [OPERATOR],
        },
    }


def _channel(topic: Topic) -> Data:
    found: Data = {
        "address": address(topic),
        "title": channel_id(topic),
        "description": _description(topic),
        "messages": {
            name: ref("components", "messages", component)
            for name, component in of_topic(topic, MESSAGES).items()
        },
    }
    if topic.is_family:
        owner = "municipality" if topic.is_municipal else "operator"
        found["parameters"] = {owner: ref("components", "parameters", owner)}
    found["bindings"] = {
        "kafka": {
            "topic": address(topic),
            "partitions": topic.partitions,
            "topicConfiguration": _configuration(topic),
            "bindingVersion": BINDING,
        }
    }
    return found | {
        "x-key": topic.key,
        "x-writers": list(topic.writers),
        "x-readers": list(topic.readers),
        "x-personal-data": topic.personal_data,
    }


def _description(topic: Topic) -> str:
    kept = f"for {topic.retention.days} days" if topic.retention else "compacted: the newest of each key"
    lines = [
        f"Written by {_listed(topic.writers)}, read by {_listed(topic.readers)}.",
        f"Key: {topic.key}. Kept {kept}.",
    ]
    if topic.state:
        lines.append("Each record carries its subject's whole public state; null means that it is gone.")
    return "\n".join(lines)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]


def _configuration(topic: Topic) -> Data:
    settings: Data = {
        name: value if name in _TEXTS else int(value)
        for name, value in topic.config().items()
        if name != "cleanup.policy"
    }
    return {"cleanup.policy": [topic.cleanup], **settings}
