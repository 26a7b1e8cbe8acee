"""What followers read of a state is what its contract says of the same fields."""

from typing import Any

import pytest

from services.matching import readers as matching
from services.notifications import readers as notifications
from services.reporting import readers as reporting
from shared.contracts.fields import Contract
from shared.contracts.intake.states import RefugeeState, VolunteerState
from shared.contracts.matching.states import PairState

PAIRS = [
    (matching.RefugeeRead, RefugeeState),
    (matching.VolunteerRead, VolunteerState),
    (notifications.PairRead, PairState),
    (reporting.RefugeeRead, RefugeeState),
    (reporting.VolunteerRead, VolunteerState),
    (reporting.PairRead, PairState),
]


def resolved(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema with its references replaced, and without what is there for people."""
    match schema:
        case {"$ref": str(path)}:
            return resolved(definitions[path.rpartition("/")[2]], definitions)
        case {"properties": properties}:
            fields = {name: resolved(field, definitions) for name, field in properties.items()}
            return {"fields": fields, "required": set(schema.get("required", ()))}
        case dict():
            plain = {name: value for name, value in schema.items() if name not in {"title", "description"}}
            return {name: resolved(value, definitions) for name, value in plain.items()}
        case list():
            return [resolved(item, definitions) for item in schema]
        case _:
            return schema


def whole(model: type[Contract]) -> Any:
    schema = model.model_json_schema()
    return resolved(schema, schema.get("$defs", {}))


def differences(read: Any, promised: Any, path: str = "") -> list[str]:
    """Where a reader's schema is another than its contract's, but for fields that it leaves out."""
    match read, promised:
        case {"fields": dict(fields)}, {"fields": dict(known)}:
            found = [f"{path}.{name} is unknown" for name in fields.keys() - known.keys()]
            found += [
                f"{path}.{name} is required"
                for name in fields.keys() & known.keys()
                if (name in read["required"]) != (name in promised["required"])
            ]
            for name in fields.keys() & known.keys():
                found += differences(fields[name], known[name], f"{path}.{name}")
            return found
        case dict(), dict() if read.keys() == promised.keys():
            return [line for name in read for line in differences(read[name], promised[name], path)]
        case list(), list() if len(read) == len(promised):
            return [line for a, b in zip(read, promised, strict=True) for line in differences(a, b, path)]
        case _:
            return [] if read == promised else [f"{path}: {read} is not {promised}"]


@pytest.mark.parametrize(("reader", "contract"), PAIRS)
def test_a_reader_says_of_its_fields_what_the_contract_says(
    reader: type[Contract], contract: type[Contract]
) -> None:
    assert differences(whole(reader), whole(contract)) == []
