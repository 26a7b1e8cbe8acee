"""MongoDB: the only place that opens a client or a transaction.

Motor stays behind this module and the repositories, so that PyMongo's asynchronous client can replace it.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from bson import CodecOptions, ObjectId
from bson.binary import UuidRepresentation
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo import IndexModel, InsertOne, ReadPreference, ReplaceOne
from pymongo.errors import CollectionInvalid, ConfigurationError, OperationFailure
from pymongo.errors import PyMongoError as DatabaseError
from pymongo.read_concern import ReadConcern
from pymongo.server_description import ServerDescription
from pymongo.topology_description import TopologyDescription
from pymongo.uri_parser import parse_uri, split_options
from pymongo.write_concern import WriteConcern

from shared.servers import Members, database_cause

__all__ = [
    "DURABLE",
    "Collection",
    "Database",
    "DatabaseError",
    "Document",
    "Indexes",
    "ObjectId",
    "Session",
    "TransactionOutlived",
    "is_uri",
    "put",
]

Document = dict[str, Any]
Indexes = Mapping[str, Sequence[IndexModel]]
"""Every collection of a database, and its indexes."""
Collection = AsyncIOMotorCollection[Document]
Session = AsyncIOMotorClientSession
T = TypeVar("T")

DURABLE = WriteConcern("majority", j=True)
NAMESPACE_EXISTS = 48
"""MongoDB's code for a collection that another replica has just created."""
SERVER_SELECTION_MS = 5_000
"""How long one try looks for a primary; the retry above it goes on for ever."""
NO_SUCH_TRANSACTION, OUTLIVED = 251, 290
"""What a transaction meets that was open for longer than `transactionLifetimeLimitSeconds`: the server has
ended it between two of its operations, or in one. It says 251 also where its primary has changed.
"""


class TransactionOutlived(DatabaseError):
    """The server has ended a transaction, most likely since it took too long: do less in one."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the server ended the transaction: error {code}")
        self.code = code


def is_uri(text: str) -> bool:
    """Whether the client would take `text`, and each of its options; asks no name server."""
    head, _, options = text.partition("?")
    try:
        if head.startswith("mongodb+srv://"):
            # Parsed under its own scheme, its host would be looked up.
            parse_uri(head.replace("+srv", "", 1))
            split_options(options)
        else:
            parse_uri(text)
    except (DatabaseError, ValueError, TypeError):
        return False
    return True


def put(document: Document, *, known: bool) -> InsertOne[Document] | ReplaceOne[Document]:
    """Writes a whole document, where this transaction knows whether there is one.

    An upsert would find it out once more: it takes MongoDB half as long again as an insert.
    """
    return ReplaceOne({"_id": document["_id"]}, document) if known else InsertOne(document)


def _is_there(index: IndexModel, known: Mapping[str, Document]) -> bool:
    """Whether an index is among those that a server lists, with the same keys and options."""
    wanted = index.document
    found = known.get(wanted["name"])
    if found is None:
        return False
    options = (wanted.keys() | found.keys()) - {"v", "ns", "key", "name", "background"}
    same_keys = list(found["key"].items()) == list(wanted["key"].items())
    return same_keys and all(found.get(option) == wanted.get(option) for option in options)


class Database:
    """One service's database: majority reads, majority and journaled writes, UTC datetimes."""

    def __init__(self, uri: str, name: str) -> None:
        seeds = parse_uri(uri)["nodelist"]
        self._members = Members(seeds)
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            uri,
            appname=f"kobling-{name}",
            tz_aware=True,
            serverSelectionTimeoutMS=SERVER_SELECTION_MS,
            retryWrites=True,
            event_listeners=[self._members],
        )
        self._address = ",".join(f"{host}:{port}" for host, port in seeds)
        self._database: AsyncIOMotorDatabase[Document] = self._client.get_database(
            name,
            codec_options=CodecOptions(tz_aware=True, uuid_representation=UuidRepresentation.STANDARD),
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("majority"),
            write_concern=DURABLE,
        )
        self._collections: dict[str, Collection] = {}

    def __getitem__(self, collection: str) -> Collection:
        if self._members.forgotten:
            self._remember()
        # Motor makes another object, of two layers, each time it is asked.
        found = self._collections.get(collection)
        if found is None:
            found = self._collections[collection] = self._database[collection]
        return found

    @property
    def address(self) -> str:
        """Where the database is said to be, as host:port, without credentials."""
        return self._address

    def cause(self, error: BaseException) -> str:
        """What an error of this database says: the member, the server's code, and what helps."""
        # Events come up to half a second late.
        now = self._client.delegate.topology_description.server_descriptions()
        return database_cause(error, self._address, self._members.unfit(now))

    def _remember(self) -> None:
        """Has the client look for its seeds again.

        It strikes out for good a server that is no member of its replica set, and where that was the last it
        would find none ever again, whatever becomes of them. PyMongo has no public way to say so.
        """
        topology = self._client.delegate._topology  # noqa: SLF001
        with topology._lock:  # noqa: SLF001
            known = topology.description
            if known.server_descriptions():
                return
            topology._description = TopologyDescription(  # noqa: SLF001
                known.topology_type,
                {seed: ServerDescription(seed) for seed in self._members.seeds},
                known.replica_set_name,
                known.max_set_version,
                known.max_election_id,
                known._topology_settings,  # noqa: SLF001
            )
            self._members.forgotten = False
            topology._update_servers()  # noqa: SLF001

    def _connect_anew(self) -> None:
        """Drops the connections: each goes on taking its server for what it was when it was opened, such as
        one without sessions, for it was in no replica set yet.
        """
        for server in list(self._client.delegate._topology._servers.values()):  # noqa: SLF001
            server.pool.reset()

    async def ping(self) -> None:
        """Raises a PyMongoError where no primary answers."""
        if self._members.forgotten:
            self._remember()
        await self._client.admin.command("ping")

    async def transact(self, body: Callable[[Session], Coroutine[Any, Any, T]]) -> T:
        """Runs `body` in one snapshot transaction and returns its result once a majority has it on disk.

        `body` runs again from its start after a conflict or a change of primary, so it may have no effect
        but through its session. Raises TransactionOutlived where the server ended it in between: run again
        as a whole, one that takes too long would do so for ever.
        """

        async def in_time(session: Session) -> T:
            try:
                return await body(session)
            except OperationFailure as error:
                if error.code in (NO_SUCH_TRANSACTION, OUTLIVED):
                    raise TransactionOutlived(error.code) from error
                raise
            except ConfigurationError:
                self._connect_anew()
                raise

        if self._members.forgotten:
            self._remember()
        async with await self._client.start_session() as session:
            return await session.with_transaction(
                in_time,
                read_concern=ReadConcern("snapshot"),
                write_concern=DURABLE,
                read_preference=ReadPreference.PRIMARY,
            )

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Session]:
        """A session whose reads all see the one state that a majority had at the first."""
        async with await self._client.start_session(snapshot=True) as session:
            try:
                yield session
            except ConfigurationError:
                self._connect_anew()
                raise

    async def missing(self, indexes: Indexes) -> dict[str, list[IndexModel]]:
        """The collections that aren't there, and of each the indexes that aren't there, or are otherwise."""
        existing = set(await self._database.list_collection_names())
        found: dict[str, list[IndexModel]] = {}
        for collection, wanted in indexes.items():
            known: dict[str, Document] = {}
            if collection in existing:
                known = {index["name"]: index async for index in self._database[collection].list_indexes()}
            lacking = [index for index in wanted if not _is_there(index, known)]
            if lacking or collection not in existing:
                found[collection] = lacking
        return found

    async def ensure(self, indexes: Indexes) -> None:
        """Creates collections and indexes that aren't there; a transaction can't create them quickly.

        Who may not create anything may call it all the same where everything is there.
        """
        for collection, lacking in (await self.missing(indexes)).items():
            await self._create(collection)
            if lacking:
                await self._database[collection].create_indexes(lacking)

    async def _create(self, collection: str) -> None:
        try:
            await self._database.create_collection(collection)
        except (CollectionInvalid, OperationFailure) as error:
            already = isinstance(error, CollectionInvalid) or error.code == NAMESPACE_EXISTS
            if not already:
                raise

    async def drop(self) -> None:
        """Drops the database: for tests and `make down`."""
        await self._client.drop_database(self._database.name)

    def close(self) -> None:
        """Closes the client's connections."""
        self._client.close()
