"""Files ↔ documents. Personal details are stored encrypted, each person's under a key of their own."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import TypeAdapter
from pymongo import DeleteOne, InsertOne, ReplaceOne

from services.intake.domain.person import Details, Person
from services.intake.domain.refugee import Refugee
from services.intake.domain.volunteer import Volunteer
from services.intake.lookup import FoundBy
from shared.messaging.work import Revision
from shared.mongo import Database, Document, Session
from shared.sealing import FieldCipher

P_co = TypeVar("P_co", bound=Person, covariant=True)
P = TypeVar("P", bound=Person)

_REFUGEE = TypeAdapter(Refugee)
_VOLUNTEER = TypeAdapter(Volunteer)
_DETAILS = TypeAdapter(Details)
_APART = {"details"}
"""Stored encrypted, beside the rest."""
_NAMES: dict[type[Person], str] = {Refugee: "refugees", Volunteer: "volunteers"}
_CODECS: dict[type[Person], TypeAdapter[Any]] = {
    Refugee: _REFUGEE,
    Volunteer: _VOLUNTEER,
}


class File(NamedTuple, Generic[P_co]):
    """A person as stored: the file, its place in its state topic, and that of its contact card.

    `also` are keys under which its cases are known besides, each with the case's own.
    """

    person: P_co
    state: Revision = Revision()
    card: Revision = Revision()
    key: bytes | None = None
    also: tuple[tuple[str, str], ...] = ()


Change = tuple[File[Person] | None, File[Person] | None]
"""A file as it was loaded, if it was there, and as it is to be stored, if it is to be."""


@dataclass(slots=True)
class Entry(Generic[P]):
    """A file in the hands of a batch: as it was loaded, and as it is now."""

    before: File[P] | None
    file: File[P] | None
    changed: bool = False


class Files(Generic[P]):
    """The files of refugees or of volunteers."""

    def __init__(self, database: Database, kind: type[P], cipher: FieldCipher, found_by: FoundBy) -> None:
        self._collection = database[_NAMES[kind]]
        self._keys = database["subject_keys"]
        self._kind = kind
        self._cipher = cipher
        self._found_by = found_by

    async def by_subject(self, subjects: Iterable[str], session: Session) -> dict[str, File[P]]:
        """Files by subject."""
        return {file.person.subject: file for file in await self._in("_id", subjects, session)}

    async def by_case(self, cases: Iterable[str], session: Session) -> dict[str, File[P]]:
        """Refugees' files by each key of each of their cases."""
        found: dict[str, File[P]] = {}
        for file in await self._in("cases", cases, session):
            if isinstance(file.person, Refugee):
                found.update({case.key: file for case in file.person.cases})
                found.update({alias: file for alias, _ in file.also})
        return found

    async def under(
        self, municipalities: Collection[str], after: str, limit: int, session: Session
    ) -> list[File[P]]:
        """The next files of these municipalities after a subject, in the order of their subjects."""
        wanted = {"_id": {"$gt": after}, "person.municipality": {"$in": list(municipalities)}}
        return await self.find(wanted, session, limit)

    async def _in(self, path: str, wanted: Iterable[str], session: Session) -> list[File[P]]:
        values = list(set(wanted))
        return await self.find({path: {"$in": values}}, session) if values else []

    async def find(self, wanted: Document, session: Session, limit: int = 0) -> list[File[P]]:
        """The files that MongoDB finds, by subject where no more than a `limit` is asked for."""
        cursor = self._collection.find(wanted, session=session)
        if limit:
            cursor = cursor.sort("_id", 1).limit(limit)
        return await self._files(await cursor.to_list(None), session)

    async def aggregate(self, pipeline: Sequence[Document], session: Session) -> list[Document]:
        """What a pipeline over the documents gives."""
        return await self._collection.aggregate(list(pipeline), session=session).to_list(None)

    async def count(self, wanted: Document, session: Session) -> int:
        """How many files MongoDB finds."""
        return await self._collection.count_documents(wanted, session=session)

    async def _files(self, documents: Sequence[Document], session: Session) -> list[File[P]]:
        sealed = [document["_id"] for document in documents if document["details"] is not None]
        keys: dict[str, bytes] = {}
        if sealed:
            async for document in self._keys.find({"_id": {"$in": sealed}}, session=session):
                keys[document["_id"]] = self._cipher.unwrap(document["wrapped"], document["_id"])
        return [self._file(document, keys.get(document["_id"])) for document in documents]

    def _file(self, document: Document, key: bytes | None) -> File[P]:
        person = _CODECS[self._kind].validate_python(document["person"])
        if not isinstance(person, self._kind):
            raise TypeError(f"document of another kind than {self._kind.__name__}")
        if key is not None:
            plain = self._cipher.decrypt(key, document["details"], person.subject)
            person = replace(person, details=_DETAILS.validate_json(plain))
        also = tuple((alias, case) for alias, case in document.get("also", ()))
        return File(person, Revision(*document["state"]), Revision(*document["card"]), key, also)

    async def save(self, files: Sequence[Change], session: Session) -> None:
        """Writes (before, after) pairs: opened, changed, or, with no after, removed with its key."""
        writes: list[InsertOne[Document] | ReplaceOne[Document] | DeleteOne] = []
        keys: list[InsertOne[Document] | DeleteOne] = []
        for before, after in files:
            if before is not None and (after is None or after.person.subject != before.person.subject):
                writes.append(DeleteOne({"_id": before.person.subject}))
                keys.append(DeleteOne({"_id": before.person.subject}))
            if after is None:
                continue
            document = self._document(after, before, keys)
            if before is not None and after.person.subject == before.person.subject:
                writes.append(ReplaceOne({"_id": document["_id"]}, document))
            else:
                writes.append(InsertOne(document))
        if keys:
            await self._keys.bulk_write(keys, session=session)
        if writes:
            await self._collection.bulk_write(writes, session=session)

    def _document(
        self, file: File[Person], before: File[Person] | None, keys: list[InsertOne[Document] | DeleteOne]
    ) -> Document:
        person = file.person
        key = file.key
        cipher: bytes | None = None
        if person.details is None and before is not None and before.key is not None:
            keys.append(DeleteOne({"_id": before.person.subject}))
        if person.details is not None:
            if key is None:
                key, wrapped = self._cipher.new_key(person.subject)
                keys.append(InsertOne({"_id": person.subject, "wrapped": wrapped}))
            cipher = self._cipher.encrypt(key, _DETAILS.dump_json(person.details), person.subject)
        document: Document = {
            "_id": person.subject,
            # As JSON has it: dates as text, tuples as lists.
            "person": _CODECS[type(person)].serializer.to_python(person, mode="json", exclude=_APART),
            "details": cipher,
            "state": [file.state.number, file.state.order],
            "card": [file.card.number, file.card.order],
            **self._found_by(person),
        }
        if isinstance(person, Refugee):
            document["cases"] = [case.key for case in person.cases] + [alias for alias, _ in file.also]
            if file.also:
                document["also"] = [list(one) for one in file.also]
        return document


@dataclass(frozen=True, slots=True)
class People:
    """The files of both kinds of people by their subjects, whose prefix says which."""

    refugees: Files[Refugee]
    volunteers: Files[Volunteer]

    async def by_subject(self, subjects: Iterable[str], session: Session) -> dict[str, File[Person]]:
        """Files by subject."""
        wanted = set(subjects)
        refugees = {subject for subject in wanted if subject.startswith("refugee-")}
        volunteers = {subject for subject in wanted if subject.startswith("volunteer-")}
        return {
            **await self.refugees.by_subject(refugees, session),
            **await self.volunteers.by_subject(volunteers, session),
        }

    async def save(self, changes: Sequence[Change], session: Session) -> None:
        """Writes files that were opened or changed."""
        for files, kind in ((self.refugees, Refugee), (self.volunteers, Volunteer)):
            await files.save(
                [change for change in changes if change[1] and isinstance(change[1].person, kind)], session
            )
