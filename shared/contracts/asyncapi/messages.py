"""The messages: those of the catalogue with schema and example, and what is no CloudEvent."""

import inspect

from shared.contracts.asyncapi.naming import BINDING, ERASED, TICK, Data, ref
from shared.contracts.catalogue import BY_NAME
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.example_record import record
from shared.contracts.message import Message

DEAD_LETTER_HEADERS = {
    "dlq-id": "The dead letter's id: the same for the same record.",
    "dlq-reason": "The code that says why.",
    "dlq-field": "Where, if a schema knows the name; else null.",
    "dlq-topic": "The refused record's topic,",
    "dlq-partition": "its partition,",
    "dlq-offset": "and its offset.",
    "dlq-attempts": "How often it was tried.",
    "dlq-time": "When it was refused.",
    "dlq-service": "By which service.",
}
DIGEST_HEADERS = {
    "dlq-size": "Bytes of a value that is left out.",
    "dlq-sha256": "Their SHA-256, hexadecimal.",
}


def components(payloads: dict[str, Data]) -> dict[str, Data]:
    """Every message by its component's name; `payloads` are the schemas of whole records by message."""
    found = {name: _message(message, payloads[name]) for name, message in BY_NAME.items()}
    return found | {
        ERASED: _null(
            "Subject gone", "The subject of the key is gone: withdrawn, taken back or erased.", "^[^_]"
        ),
        TICK: _null(
            "Daily tick", "No subject's: skip it. It rolls the topic's segments once a day.", "^_tick-[0-9]+$"
        ),
        "DeadLetter": _dead_letter("The refused record's bytes and key, as far as they are kept."),
        "BareDeadLetter": _dead_letter("Of the refused record nothing: the value is empty, and no key."),
    }


def traits() -> dict[str, Data]:
    """What all CloudEvents have in common."""
    headers = {
        "type": "object",
        "required": ["content-type"],
        "properties": {"content-type": {"type": "string", "examples": [CONTENT_TYPE]}},
    }
    return {"CloudEvent": {"contentType": CONTENT_TYPE, "headers": headers}}


def correlation_ids() -> dict[str, Data]:
    """By what a record and what follows from it belong together."""
    return {
        "ofRequest": {
            "description": "The record's own id: a command's reply has it as key, subject and correlationid.",
            "location": "$message.payload#/id",
        },
        "ofChain": {
            "description": "The first id of the chain; of a reply, its command's id.",
            "location": "$message.payload#/correlationid",
        },
    }


def _message(message: Message, payload: Data) -> Data:
    paragraph = (inspect.getdoc(message.model) or "").partition("\n\n")[0]
    return {
        "name": message.type,
        "title": message.name,
        "summary": " ".join(paragraph.split()),
        "traits": [ref("components", "messageTraits", "CloudEvent")],
        "correlationId": ref("components", "correlationIds", "ofRequest" if message.inbound else "ofChain"),
        "bindings": _keyed({"type": "string", "description": message.topic.key}),
        "payload": payload,
        "examples": [
            {
                "name": message.name,
                "headers": {"content-type": CONTENT_TYPE},
                "payload": record(message),
            }
        ],
        "x-dataschema": message.dataschema,
    }


def _null(title: str, summary: str, key: str) -> Data:
    return {
        "title": title,
        "summary": summary,
        "bindings": _keyed({"type": "string", "pattern": key}),
        "payload": {"type": "null"},
    }


def _dead_letter(payload: str) -> Data:
    described = DEAD_LETTER_HEADERS | DIGEST_HEADERS
    kinds = {name: ["string", "null"] if name == "dlq-field" else "string" for name in described}
    return {
        "title": "A record was refused",
        "summary": "A record that can't be applied was refused, and is kept in quarantine.",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "required": list(DEAD_LETTER_HEADERS),
            "properties": {
                name: {"type": kinds[name], "description": text} for name, text in described.items()
            },
        },
        "payload": {"type": "string", "format": "binary", "description": payload},
    }


def _keyed(key: Data) -> Data:
    return {"kafka": {"key": key, "bindingVersion": BINDING}}
