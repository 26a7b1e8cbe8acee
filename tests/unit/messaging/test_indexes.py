"""Every index that a release ever asked for: by its name it is the same for good, or it is retired."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from kobling.setup.databases import indexes_of, retired_of
from shared.contracts.topics import SERVICES, Service
from shared.messaging.migrations import FORM

KNOWN: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("indexes.json").read_text("utf-8"))


def asked_for(service: Service) -> dict[str, Any]:
    """The indexes of a service by collection and name, with their keys and options."""
    found = {}
    for collection, indexes in indexes_of(service).items():
        for index in indexes:
            content = dict(index.document) | {"key": [*index.document["key"].items()]}
            name = content.pop("name")
            found[f"{collection} {name}"] = json.loads(json.dumps(content))
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_an_index_never_changes_under_its_name(service: Service) -> None:
    """A database that has it would refuse the other: another name for it, and `RETIRED` for the former."""
    known, asked = KNOWN[service], asked_for(service)
    new = sorted(asked.keys() - known.keys())
    assert not new, f"add to indexes.json what is new, with its keys and options: {new}"
    assert {name: known[name] for name in asked} == asked


@pytest.mark.parametrize("service", SERVICES)
def test_an_index_that_nobody_asks_for_any_more_is_retired(service: Service) -> None:
    retired = {str(one) for one in retired_of(service)}
    collections = {one.collection for one in retired_of(service) if not one.index}
    gone = {name for name in KNOWN[service] if name.split()[0] not in collections} - asked_for(service).keys()
    assert gone - retired == set()
    assert retired.isdisjoint(asked_for(service))


def test_no_form_is_above_the_one_that_replicas_announce() -> None:
    assert max(one.form for service in get_args(Service) for one in retired_of(service)) <= FORM
