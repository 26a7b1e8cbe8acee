"""Records of administrators for tests: Bergen's pack, its versions, who runs it, and operators."""

from datetime import UTC, datetime
from typing import Any

import orjson
from aiokafka import ConsumerRecord

from shared.contracts.administrators import Operator
from shared.contracts.catalogue import BY_NAME
from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from shared.programmes import shipped_packs

NAME, BERGEN, VEJLE = "flyktningguide-bergen", "no-4601", "dk-630"
KEY = f"{NAME}@1.0"
ACTIVE = f"active/{BERGEN}/{NAME}"
PACK = shipped_packs()[KEY]
NOW = datetime(2016, 6, 15, 8, tzinfo=UTC)
RED_CROSS, INTRODUCTION = "red_cross_bergen", "introduction_programme_bergen"


def version(number: str, **changes: Any) -> ProgrammePack:
    """Bergen's pack as another version, its fields changed."""
    return PACK.model_copy(update={"version": number, **changes})


def asking(organisation: str, number: str = "1.1") -> ProgrammePack:
    """A version that asks another organisation to approve and to sign."""
    content = PACK.model_dump_json().replace(RED_CROSS, organisation)
    return ProgrammePack.model_validate_json(content).model_copy(update={"version": number})


def active(number: str = "1.0", municipality: str = BERGEN) -> ActiveProgramme:
    return ActiveProgramme(municipality=municipality, programme=NAME, pack_version=number)


def operator(name: str, organisation: str, **changes: Any) -> Operator:
    known: dict[str, Any] = {
        "operator": name,
        "person": name.replace("-", "_"),
        "organisation": organisation,
        "municipalities": [BERGEN],
        "roles": ["coordinator", "approver"],
        "valid_until": datetime(2030, 1, 1, tzinfo=UTC),
    }
    return Operator(**(known | changes))


OPERATORS = (operator("redcross-1", RED_CROSS), operator("intro-1", INTRODUCTION))


def record(name: str, key: str, data: dict[str, Any] | None, version_: int | None = None) -> Any:
    """A record that says this of the key on its topic; without data it removes it."""
    message = BY_NAME[name]
    type_ = message.type if version_ is None else f"no.kobling.{name}.v{version_}"
    envelope = {
        "specversion": "1.0",
        "id": "record-1",
        "source": "//example.org/administrator",
        "type": type_,
        "subject": key,
        "time": "2016-06-01T08:00:00Z",
        "datacontenttype": "application/json",
        "data": data,
    }
    headers = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
    value = None if data is None else orjson.dumps(envelope)
    return ConsumerRecord(
        message.topic.name, 0, 7, 1464768000000, 0, key.encode(), value, None, 1, 1, headers
    )
