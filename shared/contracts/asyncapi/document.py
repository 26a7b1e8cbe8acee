"""The whole document."""

from shared.contracts.asyncapi import channels, messages, servers
from shared.contracts.asyncapi.naming import Data, ref
from shared.contracts.asyncapi.operations import operations
from shared.contracts.asyncapi.schemas import bundled
from shared.contracts.catalogue import BY_NAME
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.topics import SERVICES

VERSION = "1"
"""Of all topics, whose names end in it: within it nothing is taken away, so it counts no additions."""

_DESCRIPTION = """\
Kobling finds each newly settled refugee a volunteer guide. This document is written from Kobling's side: it \
*receives* what municipalities, operators and administrators write, and *sends* what they and others read.

- Every record is a CloudEvent 1.0 in structured mode. What comes from outside may be in binary mode too.
- Read with `isolation.level=read_committed`: records are published in transactions, and what was aborted \
must not be read. They come at least once.
- `(topic, subject, revision)` orders and dedupes: apply a record whose revision is above yours.
- A null value means that the key's subject is gone. Keys that begin with `_` are no subjects.
- Fields that you don't know may be added to what Kobling publishes; to what it takes none may.
"""


def document() -> Data:
    """The AsyncAPI 3.0 document as JSON. Raises ValueError where two models' schemas have one name."""
    payloads, schemas = bundled(BY_NAME.values())
    return {
        "asyncapi": "3.0.0",
        "id": "urn:kobling:contracts",
        "info": _info(),
        "defaultContentType": CONTENT_TYPE,
        "servers": servers.servers(),
        "channels": channels.channels(),
        "operations": operations(),
        "components": {
            "parameters": channels.parameters(),
            "correlationIds": messages.correlation_ids(),
            "securitySchemes": servers.SCHEMES,
            "tags": {service: {"name": service} for service in SERVICES},
            "messageTraits": messages.traits(),
            "messages": messages.components(payloads),
            "schemas": schemas,
        },
    }


def _info() -> Data:
    return {
        "title": "Kobling",
        "version": VERSION,
        "description": _DESCRIPTION,
        "contact": {"name": "Whoever runs the installation"},
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        "tags": [ref("components", "tags", service) for service in SERVICES],
    }
