"""What each service's user may do in MongoDB: every service, every database, every operation."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from shared.contracts.topics import SERVICES
from tests.security.guarded import Guarded

Documents = AsyncDatabase[dict[str, Any]]
UNAUTHORIZED = 13
GRANTED: Mapping[str, Callable[[Documents], Awaitable[object]]] = {
    "find": lambda database: database["inbox"].find_one({}),
    "insert": lambda database: database["leases"].insert_one({"_id": "tried"}),
    "update": lambda database: database["leases"].update_one({"_id": "tried"}, {"$set": {"a": 1}}),
    "remove": lambda database: database["leases"].delete_one({"_id": "tried"}),
    "list collections": lambda database: database.list_collection_names(),
    "list indexes": lambda database: database["inbox"].index_information(),
}
"""Of a service's own database."""
REFUSED: Mapping[str, Callable[[Documents], Awaitable[object]]] = {
    "create an index": lambda database: database["inbox"].create_index("tried"),
    "drop an index": lambda database: database["inbox"].drop_indexes(),
    "make a collection": lambda database: database.create_collection("tried"),
    "drop a collection": lambda database: database["quarantine"].drop(),
    "rename a collection": lambda database: database["quarantine"].rename("tried"),
    "drop the database": lambda database: database.client.drop_database(database.name),
    "make a user": lambda database: database.command({"createUser": "tried", "pwd": "tried", "roles": []}),
    "change a role": lambda database: database.client.admin.command(
        "grantRolesToUser", "service.intake", roles=["root"]
    ),
    "write through an aggregation": lambda database: _written(database, "tried"),
    "change a collection": lambda database: database.command("collMod", "inbox", validator={}),
    "profile": lambda database: database.command("profile", 2),
    "look at others' operations": lambda database: database.client.admin.command("currentOp", {"$all": True}),
    "look at the log": lambda database: database.client.admin.command("getLog", "global"),
}
"""Of any database. A collection that is only written to would be made with its first document."""


async def _written(database: Documents, name: str) -> None:
    await (await database["inbox"].aggregate([{"$out": {"db": "intake", "coll": name}}])).to_list()


async def _may(attempt: Awaitable[object]) -> bool:
    try:
        await attempt
    except OperationFailure as refusal:
        if refusal.code != UNAUTHORIZED:
            raise
        return False
    return True


@pytest.mark.parametrize("service", SERVICES)
async def test_every_cell_of_databases(guarded: Guarded, service: str) -> None:
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(guarded.uri(service)) as client:
        for name in (*SERVICES, "admin", "local", "config"):
            for operation, attempt in GRANTED.items():
                assert await _may(attempt(client[name])) == (name == service), (operation, name)
            for operation, attempt in REFUSED.items():
                assert not await _may(attempt(client[name])), (operation, name)


async def test_who_has_no_password_may_nothing(guarded: Guarded) -> None:
    _, _, rest = guarded.addresses.mongodb.partition("@")
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(f"mongodb://{rest}") as client:
        for name in SERVICES:
            for attempt in (*GRANTED.values(), *REFUSED.values()):
                assert not await _may(attempt(client[name]))
