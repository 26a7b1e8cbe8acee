"""Operators' commands to matching: each is decided as its specification says, and what follows is stored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.matching import answers, commands, packs, wire, wire_rounds
from services.matching.around import Around
from services.matching.commands.spec import AboutPair, Context, DueOfPairs, OfPairs, OnCouple, OnPair, OnPool
from services.matching.domain.dues import Expected, dues
from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Pair
from services.matching.publish import Publisher
from services.matching.rounds import new_round_id
from services.matching.store import Page, Pairs, Parties, StoredPair
from shared.clock import local_day, local_time
from shared.contracts.commands import Command
from shared.contracts.matching.events import ROUND_COMPLETED
from shared.messaging.commands.answers import (
    Accepted,
    Answer,
    Pending,
    Rejected,
    Request,
    UnknownSubject,
    stale_revision,
)
from shared.messaging.commands.registry import Registry, specs_in
from shared.messaging.tables import Programmes
from shared.messaging.work import DueRow, Revision, Work

SPECS = Registry("matching", specs_in(commands))
"""Every command that matching takes of its own, from the modules of `commands`."""


class Matching:
    """Decides commands on pools and pairs."""

    def __init__(self, pairs: Pairs, parties: Parties, programmes: Programmes, publisher: Publisher) -> None:
        self._pairs = pairs
        self._parties = parties
        self._programmes = programmes
        self._publisher = publisher

    async def decide(self, requests: Sequence[Request], work: Work) -> list[Answer]:
        """One answer for each command, in order; pairs and people are read and written once."""
        around = Around(self._pairs, self._parties, work.session)
        await around.load_pairs(request.subject for request in requests)
        people = {person for request in requests for person in _people(request, around)}
        await around.load_people(people, traced=work.tracer is not None)
        decided = [await self._answer(request, around, work) for request in requests]
        await around.save()
        return decided

    async def _answer(self, request: Request, around: Around, work: Work) -> Answer:
        if _people(request, around):
            await around.leave_places()
        match SPECS.of(request.command):
            case OnPair() as spec:
                return self._step(spec, request, around, work)
            case AboutPair() as spec:
                return self._about(spec, request, around, work)
            case OnCouple() as spec:
                return self._refused(request) or self._of_two(spec, request, around, work)
            case OnPool() as spec:
                return self._refused(request) or self._put_off(spec.decide, request, work)
            case OfPairs() as spec:
                # What this batch has changed is listed as it stands.
                await around.save()
                return self._refused(request) or await self._list(spec.decide(request.command), request, work)
            case DueOfPairs() as spec:
                await around.save()
                return self._refused(request) or await self._due(spec.decide(request.command), request, work)
            case spec:
                raise TypeError(type(spec).__name__)

    def _refused(self, request: Request) -> Rejected | None:
        """Why a command on a pool is not for this one."""
        command: Any = request.command
        municipality, programme = command.municipality, command.programme
        if self._programmes.active(municipality, programme) is None:
            return Rejected(
                "unknown_programme",
                f"The municipality {municipality} runs no such programme.",
                "programme",
            )
        pool = f"{municipality}/{programme}"
        if request.subject != pool:
            return Rejected("subject_invalid", f"The subject of this command is {pool}.", "subject")
        return None

    async def _list(self, page: Page, request: Request, work: Work) -> Answer:
        command: Any = request.command
        found, count, more = await self._pairs.page(
            command.municipality, command.programme, page, work.session
        )
        result = answers.listed(
            [stored.pair for stored in found], count, lambda pair: self._fares(pair, work), more=more
        )
        return Accepted(result, answers.people_in(result))

    def _fares(self, pair: Pair, work: Work) -> list[dict[str, Any]]:
        pack = self._programmes.pack(pair.programme, pair.pack_version)
        today = local_day(work.now, pair.municipality)
        return answers.health(pair, None if pack is None else packs.weekly_hours(pack), today)

    async def _due(self, page: Page, request: Request, work: Work) -> Answer:
        """The next pairs about which something is due, as many as a page has, and whether more follow."""
        command: Any = request.command
        today = local_time(work.now, command.municipality).date()
        found = []
        async for pair in self._pairs.each(command.municipality, command.programme, page, work.session):
            pack = self._programmes.pack(pair.programme, pair.pack_version)
            if due := dues(pair, Expected() if pack is None else packs.expected(pack), today):
                found.append((pair, due))
            if len(found) > page.limit:
                break
        result = answers.due(found[: page.limit], more=len(found) > page.limit)
        return Accepted(result, answers.people_in(result))

    def _of_two(self, spec: OnCouple[Command], request: Request, around: Around, work: Work) -> Answer:
        command: Any = request.command
        pack = self._programmes.active(command.municipality, command.programme)
        if pack is None:
            raise LookupError(f"{request.subject} was looked at before")
        now = local_time(work.now, command.municipality)
        known = around.of((command.receiving, command.giving))
        try:
            decided = spec.decide(
                command, pack, Context(now, request.operator.organisation, self._programmes, known)
            )
        except DomainError as error:
            return Rejected(error.code, error.message, error.field)
        if request.dry_run:
            pair, _ = decided.decisions[-1]
            return Accepted(_state(pair), answers.people_of(pair))
        for changed, facts in decided.decisions:
            trace = around.trace_of(changed.receiving) or around.trace_of(changed.giving)
            stored = around.find(changed.subject) or StoredPair(changed, Revision(), trace=trace)
            told = self._publisher.publish(stored, changed, facts, request.cause, work)
            around.put(told)
        if decided.round is not None:
            completed = wire_rounds.completed(command.municipality, decided.round, 1, 0, None)
            work.emit(ROUND_COMPLETED, subject=request.subject, data=completed, cause=request.cause)
        return _told(told, {"pair": told.pair.subject})

    def _put_off(self, kind: str, request: Request, work: Work) -> Answer:
        command: Any = request.command
        municipality, programme = command.municipality, command.programme
        row = DueRow(
            id=f"{kind}/{request.ref.reply_id}",
            kind=kind,
            due_at=work.now,
            subject=request.subject,
            data={
                "municipality": municipality,
                "programme": programme,
                "round": new_round_id(),
                "command": request.ref.document(),
                "dry_run": request.dry_run,
                # Of the commands that ask for one.
                "person": getattr(command, "person", None),
                "cause": request.cause.id,
                "correlation": request.ref.correlation,
                **request.cause.for_later,
            },
        )
        work.schedule(row)
        return Pending(("round",))

    def _about(self, spec: AboutPair[Command], request: Request, around: Around, work: Work) -> Answer:
        stored = around.find(request.subject)
        if stored is None:
            return UnknownSubject()
        asked_of = stored.pair
        if (elsewhere := request.elsewhere(asked_of.municipality, asked_of.formerly)) is not None:
            return elsewhere
        try:
            told = spec.decide(stored.pair, self._context(request, stored.pair, work))
        except DomainError as error:
            return Rejected(error.code, error.message, error.field)
        return Accepted(told, (stored.pair.subject, *answers.people_of(stored.pair)))

    def _context(self, request: Request, pair: Pair, work: Work) -> Context:
        now = local_time(work.now, pair.municipality)
        return Context(now, request.operator.organisation, self._programmes)

    def _step(self, spec: OnPair[Command], request: Request, around: Around, work: Work) -> Answer:
        stored = around.find(request.subject)
        if stored is None:
            return UnknownSubject()
        elsewhere = request.elsewhere(stored.pair.municipality, stored.pair.formerly)
        if elsewhere is not None:
            return elsewhere
        late = stale_revision(request.expected_revision, stored.state.number, _state(stored.pair))
        if late is not None:
            return replace(late, subject=request.subject)
        try:
            people = around.of(spec.people(stored.pair, request.command))
            context = replace(self._context(request, stored.pair, work), around=people)
            pair, facts = spec.decide(stored.pair, request.command, context)
        except DomainError as error:
            return Rejected(error.code, error.message, error.field)
        if request.dry_run:
            # A dry run may name a guide whom the pair hasn't got.
            return Accepted(_state(pair), (pair.subject, *answers.people_of(pair)))
        if facts:
            stored = self._publisher.publish(stored, pair, facts, request.cause, work)
            around.put(stored)
        return _told(stored, {})


def _people(request: Request, around: Around) -> tuple[str, ...]:
    """Of whom a command needs to know all pairs."""
    command: Any = request.command
    match SPECS.of(request.command):
        case OnPair() as spec:
            stored = around.find(request.subject)
            return () if stored is None else spec.people(stored.pair, request.command)
        case OnCouple():
            return command.receiving, command.giving
        case _:
            return ()


def _told(stored: StoredPair, named: dict[str, object]) -> Accepted:
    """A pair's state as it stands now, to whoever changed it."""
    pair = stored.pair
    # Whom it names now it may name no more when they must be forgotten.
    people = (pair.subject, *answers.people_of(pair))
    return Accepted({**named, **_state(pair), "revision": stored.state.number}, people)


def _state(pair: Pair) -> dict[str, object]:
    return wire.pair_state(pair).model_dump(mode="json", by_alias=True, exclude_none=True)
