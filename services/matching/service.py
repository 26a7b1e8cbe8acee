"""Operators' commands to matching: each is decided as its specification says, and what follows is stored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.matching import answers, commands, packs, wire
from services.matching.commands.spec import AboutPair, Context, OfPairs, OnPair, OnPool
from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Pair
from services.matching.publish import Publisher
from services.matching.rounds import new_round_id
from services.matching.store import Page, Pairs, StoredPair
from shared.clock import local_day, local_time
from shared.contracts.commands import Command
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
from shared.messaging.work import DueRow, Work

SPECS = Registry("matching", specs_in(commands))
"""Every command that matching takes of its own, from the modules of `commands`."""


class Matching:
    """Decides commands on pools and pairs."""

    def __init__(self, pairs: Pairs, programmes: Programmes, publisher: Publisher) -> None:
        self._pairs = pairs
        self._programmes = programmes
        self._publisher = publisher

    async def decide(self, requests: Sequence[Request], work: Work) -> list[Answer]:
        """One answer for each command, in order; the pairs are read and written once."""
        known = await self._pairs.by_subject((request.subject for request in requests), work.session)
        before = dict(known)
        decided = [await self._answer(request, known, work) for request in requests]
        await self._pairs.save([item for key, item in known.items() if item is not before[key]], work.session)
        return decided

    async def _answer(self, request: Request, known: dict[str, StoredPair], work: Work) -> Answer:
        match SPECS.of(request.command):
            case OnPair() as spec:
                return self._step(spec, request, known, work)
            case AboutPair() as spec:
                return self._about(spec, request, known, work)
            case OnPool() as spec:
                return self._refused(request) or self._put_off(spec.decide, request, work)
            case OfPairs() as spec:
                return self._refused(request) or await self._list(spec.decide(request.command), request, work)
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
            },
        )
        work.schedule(row)
        return Pending(("round",))

    def _about(
        self, spec: AboutPair[Command], request: Request, known: dict[str, StoredPair], work: Work
    ) -> Answer:
        stored = known.get(request.subject)
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

    def _step(
        self, spec: OnPair[Command], request: Request, known: dict[str, StoredPair], work: Work
    ) -> Answer:
        stored = known.get(request.subject)
        if stored is None:
            return UnknownSubject()
        elsewhere = request.elsewhere(stored.pair.municipality, stored.pair.formerly)
        if elsewhere is not None:
            return elsewhere
        late = stale_revision(request.expected_revision, stored.state.number, _state(stored.pair))
        if late is not None:
            return replace(late, subject=request.subject)
        try:
            context = self._context(request, stored.pair, work)
            pair, facts = spec.decide(stored.pair, request.command, context)
        except DomainError as error:
            return Rejected(error.code, error.message, error.field)
        if request.dry_run:
            return Accepted(_state(pair), pair.subject)
        if facts:
            known[request.subject] = self._publisher.publish(stored, pair, facts, request.cause, work)
        return Accepted({**_state(pair), "revision": known[request.subject].state.number}, pair.subject)


def _state(pair: Pair) -> dict[str, object]:
    return wire.pair_state(pair).model_dump(mode="json", by_alias=True, exclude_none=True)
