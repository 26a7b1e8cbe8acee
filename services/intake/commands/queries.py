"""Questions about people. Whatever shows a name shows it sealed, and it is kept who asked."""

from collections.abc import Sequence

from services.intake import looks, search, shown, transfers
from services.intake.codes import only
from services.intake.commands.spec import Asking, Question, Refused
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.search import Among
from services.intake.store import File
from shared.contracts.intake.commands.queries import (
    FindPerson,
    ListDue,
    ListLooks,
    ListPeople,
    ShowPerson,
)
from shared.messaging.commands.answers import Accepted, Answer, UnknownSubject, rejected_elsewhere
from shared.messaging.reading.outcome import Fault
from shared.mongo import Document
from shared.personal_numbers import reads_as_personal_number
from shared.sealing import Sealer, sealer_to

MOST_FOUND = 20
"""People that a search by name shows."""


async def find(command: FindPerson, asking: Asking) -> Answer:
    """Who somebody is; raises `ask_by_one`."""
    if command.case is not None and command.name is not None:
        raise DomainError("ask_by_one", "Ask by a case or by a name.", "name")
    if command.name is not None:
        return await _by_name(command.name, command.municipality, asking)
    if command.case is not None:
        return await _by_case(command.case, command.municipality, asking)
    subject = asking.request.subject
    file = (await asking.people.by_subject([subject], asking.work.session)).get(subject)
    if file is None or not search.is_known(file):
        return UnknownSubject()
    return await _one(file, asking) if _may_see(file, asking) else rejected_elsewhere()


async def _by_case(case: str, municipality: str | None, asking: Asking) -> Answer:
    """The person of a case. Raises `personal_number`."""
    if municipality is None:
        raise Refused([Fault("field_missing", "municipality", "data")])
    if reads_as_personal_number(case):
        raise DomainError(
            "personal_number", "Ask by the case's reference, never by a personal number.", "case"
        )
    keys = asking.codes.keys(municipality, case)
    file = only(keys, await asking.people.refugees.by_case(keys.every, asking.work.session))
    # A case that was withdrawn before it was heard of has a file, and nothing was published of it.
    if file is None or not search.is_known(file):
        return UnknownSubject()
    if not _may_see(file, asking):
        # They live elsewhere by now: their reference is all that this municipality had a part in.
        subject = file.person.subject
        return Accepted({"subject": subject, "revision": file.state.number}, subject)
    return await _one(file, asking)


async def _one(file: File[Person], asking: Asking) -> Answer:
    """Somebody, with the name where the operator has a key to which it can be sealed."""
    operator = asking.request.operator
    sealer = sealer_to(operator.key_id, operator.public_key)
    (entry,) = await _with_names([file], sealer, asking)
    return Accepted(entry, file.person.subject)


async def _by_name(name: str, municipality: str | None, asking: Asking) -> Answer:
    """Those whose names are close to the one asked for, the closest first."""
    operator = asking.request.operator
    # The subject is a record's key, which nothing encrypts: so that nobody writes the name there.
    asking.require_subject(municipality or operator.operator)
    sealer = asking.sealer()
    municipalities = operator.municipalities if municipality is None else [municipality]
    found = await search.named(name, municipalities, asking.people, asking.digest, asking.work.session)
    files = [file for _, file in found]
    people = await _with_names(files[:MOST_FOUND], sealer, asking)
    subjects = tuple(file.person.subject for file in files[:MOST_FOUND])
    return Accepted({"people": people, "more": len(files) > MOST_FOUND}, subjects)


async def _with_names(files: Sequence[File[Person]], sealer: Sealer | None, asking: Asking) -> list[Document]:
    """People briefly, each with the name sealed; it is kept who was told them. A dry run tells none."""
    entries = [shown.briefly(file) for file in files]
    if sealer is None or asking.request.dry_run:
        return entries
    told: list[Person] = []
    for entry, file in zip(entries, files, strict=True):
        if file.person.details is not None:
            subject = file.person.subject
            entry["sealed"] = _sealed(shown.name(subject, file.person.details), subject, sealer)
            told.append(file.person)
    await looks.remember(told, asking.request, asking.work)
    return entries


async def show(_: ShowPerson, asking: Asking) -> Answer:
    """All that the operator may see of somebody; a dry run shows nothing that identifies them."""
    subject = asking.request.subject
    file = (await asking.people.by_subject([subject], asking.work.session)).get(subject)
    if file is None or not search.is_known(file):
        return UnknownSubject()
    who = file.person
    if not _may_see(file, asking):
        return rejected_elsewhere()
    sealer = asking.sealer()
    entry = shown.wholly(file, asking.packs, asking.today(who.municipality))
    if who.details is not None and not asking.request.dry_run:
        entry["sealed"] = _sealed(shown.personal(subject, who.details), subject, sealer)
        await looks.remember([who], asking.request, asking.work)
    return Accepted(entry, subject)


async def people(command: ListPeople, asking: Asking) -> Answer:
    """A municipality's people, in pages."""
    municipality = command.municipality
    asking.require_subject(municipality)
    among = Among(
        municipality,
        asking.coordinators(municipality),
        None if command.without_coordinator else command.coordinator,
        command.without_coordinator,
        command.programme,
        command.status,
    )
    found, count, more = await search.page(
        among, command.kind, command.after, command.limit, asking.people, asking.work.session
    )
    today = asking.today(municipality)
    entries = [shown.listed(file, asking.packs, today, command.on) for file in found]
    result: Document = {"people": entries, "count": count}
    if more:
        result["next"] = found[-1].person.subject
    return Accepted(result, tuple(file.person.subject for file in found))


async def due(command: ListDue, asking: Asking) -> Answer:
    """What is to be done about people, in pages; the first page has the offers that await an answer."""
    municipality, operator = command.municipality, asking.request.operator.operator
    asking.require_subject(municipality)
    is_own = not (command.all or command.without_coordinator or command.coordinator)
    is_anybodys = command.all or command.without_coordinator
    among = Among(
        municipality,
        asking.coordinators(municipality),
        operator if is_own else None if is_anybodys else command.coordinator,
        is_own or (command.without_coordinator and not command.all),
        command.programme,
    )
    today = asking.today(municipality)
    found, more = await search.due(
        among, command.kind, today, command.after, command.limit, asking.people, asking.work.session
    )
    entries = [_due(item, today.isoformat()) for item in found]
    result: Document = {"due": entries}
    if more:
        result["next"] = found[-1]["key"]
    if command.after is None:
        offers = await transfers.offered_to(operator, municipality, asking.codes, asking.work)
        result["offers"] = [
            {"transfer": one.subject, "from": one.giver, "offered_on": one.offered_on.isoformat()}
            for one in offers
        ]
    return Accepted(result, tuple(sorted({item["_id"] for item in found})))


async def who_looked(command: ListLooks, asking: Asking) -> Answer:
    """Who has looked at whom, in pages."""
    asking.require_subject(command.municipality)
    found, more = await looks.page(
        command.municipality,
        command.person,
        command.operator,
        command.after,
        command.limit,
        asking.work,
    )
    result: Document = {"looks": found}
    if more:
        result["next"] = found[-1]["look"]
    return Accepted(result, tuple(sorted({look["subject"] for look in found})))


def _due(item: Document, today: str) -> Document:
    told: Document = {"subject": item["_id"], **item["tasks"], "overdue": item["tasks"]["on"] < today}
    del told["shown_from"]
    if item.get("coordinator") is not None:
        told["coordinator"] = item["coordinator"]
    return told


def _may_see(file: File[Person], asking: Asking) -> bool:
    return asking.request.may_act_in(file.person.municipality)


def _sealed(plain: bytes, subject: str, sealer: Sealer) -> Document:
    return sealer.seal(plain, subject).model_dump(mode="json")


FIND_PERSON = Question(
    model=FindPerson, role="coordinator", subject="case, person or municipality", decide=find
)
SHOW_PERSON = Question(model=ShowPerson, role="coordinator", subject="person", decide=show)
LIST_PEOPLE = Question(model=ListPeople, role="coordinator", subject="municipality", decide=people)
LIST_DUE = Question(model=ListDue, role="coordinator", subject="municipality", decide=due)
LIST_LOOKS = Question(model=ListLooks, role="auditor", subject="municipality", decide=who_looked)
