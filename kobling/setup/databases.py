"""MongoDB's part of an installation: each service's collections and indexes, and a user that makes none."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import quote_plus, unquote_plus, urlsplit

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from shared.contracts.access import COLLECTION_ACTIONS, DATABASE_ACTIONS, Principal
from shared.contracts.topics import Service
from shared.messaging.migrations import RETIRED, Retired, older_replicas
from shared.messaging.wiring import INDEXES
from shared.mongo import SERVER_SELECTION_MS, Database, Document, Indexes

_NOT_THERE = {26: "NamespaceNotFound", 27: "IndexNotFound"}
_UNKNOWN = {11: "UserNotFound", 31: "RoleNotFound"}
_LOGIN = re.compile(r"mongodb(\+srv)?://[^@/]+@")

Rights = Sequence[Document]
"""MongoDB's privileges: a resource (database and collection), and the actions on it."""


def indexes_of(service: Service) -> Indexes:
    """Every collection of a service, and its indexes."""
    own: Indexes = import_module(f"services.{service}.indexes").INDEXES
    return {**INDEXES, **own}


def uri_of(uri: str, user: str, password: str) -> str:
    """The administrator's URI, made another user's."""
    login = f"{quote_plus(user)}:{quote_plus(password)}@"
    return re.sub(r"^(mongodb(?:\+srv)?://)(?:[^@/]*@)?", lambda head: head[1] + login, uri, count=1)


def retired_of(service: Service) -> Sequence[Retired]:
    """What former releases had in a service's database, and no replica of this one asks for."""
    own: Sequence[Retired] = getattr(import_module(f"services.{service}.indexes"), "RETIRED", ())
    return [*RETIRED, *own]


def password_of(uri: str) -> str | None:
    """The password in a URI that `uri_of` could have made."""
    password = urlsplit(uri.strip()).password
    return None if password is None else unquote_plus(password)


@dataclass(frozen=True, slots=True)
class Databases:
    """The databases of an installation, open for whoever administers them.

    uri: the administrator's. names: each service's database.
    """

    uri: str
    names: Mapping[Service, str]
    _client: "AsyncMongoClient[Document]"

    async def missing(self, service: Service) -> Indexes:
        """The collections of a service that aren't there, and the indexes that aren't, of each."""
        database = Database(self.uri, self.names[service])
        try:
            return await database.missing(indexes_of(service))
        finally:
            database.close()

    async def ensure(self, service: Service) -> None:
        """Makes what is missing."""
        database = Database(self.uri, self.names[service])
        try:
            await database.ensure(indexes_of(service))
        finally:
            database.close()

    async def retired(self, service: Service) -> Sequence[Retired]:
        """What is there of what former releases had."""
        database = self._client[self.names[service]]
        there = set(await database.list_collection_names())
        indexes = {
            name: await database[name].index_information()
            for name in {one.collection for one in retired_of(service)} & there
        }
        return [
            one
            for one in retired_of(service)
            if one.collection in there and (not one.index or one.index in indexes[one.collection])
        ]

    async def older_replicas(self, service: Service, form: int) -> int:
        """How many replicas of a service run that know a lower form of its database only."""
        database = Database(self.uri, self.names[service])
        try:
            return await older_replicas(database, form)
        finally:
            database.close()

    async def remove(self, service: Service, retired: Retired) -> None:
        """Removes it, where it still is."""
        database = self._client[self.names[service]]
        if not retired.index:
            await database.drop_collection(retired.collection)
            return
        try:
            await database[retired.collection].drop_index(retired.index)
        except OperationFailure as refusal:
            if refusal.code not in _NOT_THERE:
                raise

    async def rights(self, service: Service) -> Rights | None:
        """What the service's user may do; None where there is no such user."""
        account = Principal("service", service).account
        known = await self._client.admin.command("usersInfo", {"user": account, "db": "admin"})
        if not known["users"]:
            return None
        if [role["role"] for role in known["users"][0]["roles"]] != [account]:
            return []
        asked = {"role": account, "db": "admin"}
        (role,) = (await self._client.admin.command("rolesInfo", asked, showPrivileges=True))["roles"]
        rights: Rights = role["privileges"]
        return rights

    def wanted_rights(self, service: Service) -> Rights:
        """What the service's user is to do. Of each collection by its name: who may write to any could make
        one by writing to it.
        """
        database = self.names[service]
        found = [_right(database, name, COLLECTION_ACTIONS) for name in sorted(indexes_of(service))]
        return [*found, _right(database, "", DATABASE_ACTIONS)]

    async def has_its_rights(self, service: Service) -> bool | None:
        """Whether the service's user may do what it is to and nothing else; None without such a user."""
        found = await self.rights(service)
        return None if found is None else _sorted(found) == _sorted(self.wanted_rights(service))

    async def allow(self, service: Service, password: str | None) -> None:
        """Has the service's user do what it must be able to do and no more; makes it, with a password."""
        account = Principal("service", service).account
        await self._put("Role", account, privileges=self.wanted_rights(service), roles=[])
        login = {} if password is None else {"pwd": password}
        await self._put("User", account, **login, roles=[{"role": account, "db": "admin"}])

    async def _put(self, kind: str, name: str, **content: Any) -> None:
        try:
            await self._client.admin.command(f"update{kind}", name, **content)
        except OperationFailure as refusal:
            if refusal.code not in _UNKNOWN:
                raise
            await self._client.admin.command(f"create{kind}", name, **content)

    async def greeting(self) -> Document:
        """What the server says of itself: `setName` where it is in a replica set, and its `localTime`."""
        return await self._client.admin.command("hello")

    @property
    def with_users(self) -> bool:
        """Whether users log in here, as the administrator does."""
        return _LOGIN.match(self.uri) is not None


def _right(database: str, collection: str, actions: Sequence[str]) -> Document:
    return {"resource": {"db": database, "collection": collection}, "actions": sorted(actions)}


def _sorted(rights: Rights) -> list[tuple[str, ...]]:
    return sorted(
        (*(right["resource"].get(part, "") for part in ("db", "collection")), *sorted(right["actions"]))
        for right in rights
    )


@asynccontextmanager
async def databases(uri: str, names: Mapping[Service, str]) -> AsyncIterator[Databases]:
    """The databases of an installation for as long as the block lasts. Raises PyMongoError."""
    client: AsyncMongoClient[Document]
    patience = SERVER_SELECTION_MS
    async with AsyncMongoClient(uri, serverSelectionTimeoutMS=patience) as client:
        yield Databases(uri, names, client)
