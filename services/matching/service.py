"""Operators' commands to matching: rounds are asked for, proposals answered, agreements signed."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from services.matching import wire
from services.matching.domain import pair as decisions
from services.matching.domain.errors import DomainError
from services.matching.domain.pair import Decision, Pair
from services.matching.publish import publish
from services.matching.rounds import LIST_WAITING, RUN_ROUND, new_round_id
from services.matching.store import Pairs, StoredPair
from shared.contracts.matching import commands as command
from shared.messaging.commands.answers import (
    Accepted,
    Answer,
    Pending,
    Rejected,
    Request,
    UnknownSubject,
    rejected_elsewhere,
    stale_revision,
)
from shared.messaging.commands.registry import CommandSpec, Registry
from shared.messaging.due import Task
from shared.messaging.tables import Programmes
from shared.messaging.work import DueRow, Work

SPECS = Registry(
    "matching",
    [
        CommandSpec(command.RunRound, "coordinator", "person", None),
        CommandSpec(command.ListWaiting, "coordinator", "person", None),
        CommandSpec(command.AnswerProposal, "coordinator", "person", None),
        CommandSpec(command.SignAgreement, "coordinator", "person", None),
    ],
)


class Matching:
    """Decides commands on pools and pairs."""

    def __init__(self, pairs: Pairs, programmes: Programmes) -> None:
        self._pairs = pairs
        self._programmes = programmes

    async def decide(self, requests: Sequence[Request], work: Work) -> list[Answer]:
        """One answer for each command, in order; the pairs are read and written once."""
        known = await self._pairs.by_subject((request.subject for request in requests), work.session)
        before = dict(known)
        answers = [self._one(request, known, work) for request in requests]
        await self._pairs.save([item for key, item in known.items() if item is not before[key]], work.session)
        return answers

    def _one(self, request: Request, known: dict[str, StoredPair], work: Work) -> Answer:
        match request.command:
            case command.RunRound() as said:
                return self._ask(RUN_ROUND, said, request, work)
            case command.ListWaiting() as said:
                return self._ask(LIST_WAITING, said, request, work)
            case command.AnswerProposal() as said:
                side, accept, day = said.side, said.accept, said.answered_on
                return self._on_pair(
                    request, known, work, lambda pair: decisions.answer(pair, side, accept, day, work.now)
                )
            case command.SignAgreement() as said:
                return self._on_pair(request, known, work, lambda pair: self._sign(pair, said, work))
            case _:
                raise TypeError(type(request.command).__name__)

    def _ask(
        self, kind: str, said: command.RunRound | command.ListWaiting, request: Request, work: Work
    ) -> Answer:
        """Puts a pool's work off to a due row: it takes longer than a transaction may."""
        if self._programmes.active(said.municipality, said.programme) is None:
            return Rejected(
                "unknown_programme",
                f"The municipality {said.municipality} runs no such programme.",
                "programme",
            )
        pool = f"{said.municipality}/{said.programme}"
        if request.subject != pool:
            return Rejected("subject_invalid", f"The subject of this command is {pool}.", "subject")
        row = DueRow(
            id=f"{kind}/{request.ref.reply_id}",
            kind=kind,
            due_at=work.now,
            subject=pool,
            data={
                "municipality": said.municipality,
                "programme": said.programme,
                "round": new_round_id(),
                "command": request.ref.document(),
                "dry_run": request.dry_run,
                "cause": request.cause.id,
                "correlation": request.ref.correlation,
            },
        )
        work.schedule(row)
        return Pending(("round",))

    def _on_pair(
        self,
        request: Request,
        known: dict[str, StoredPair],
        work: Work,
        decide: Callable[[Pair], Decision],
    ) -> Answer:
        stored = known.get(request.subject)
        if stored is None:
            return UnknownSubject()
        if not request.may_act_in(stored.pair.municipality):
            return rejected_elsewhere()
        late = stale_revision(request.expected_revision, stored.state.number, _state(stored.pair))
        if late is not None:
            return late
        try:
            pair, facts = decide(stored.pair)
        except DomainError as error:
            return Rejected(error.code, error.message, error.field)
        if request.dry_run:
            return Accepted(_state(pair))
        if facts:
            known[request.subject] = publish(replace(stored, pair=pair), facts, request.cause, work)
        return Accepted({**_state(pair), "revision": known[request.subject].state.number})

    def _sign(self, pair: Pair, said: command.SignAgreement, work: Work) -> Decision:
        pack = self._programmes.pack(pair.programme, pair.pack_version)
        if pack is None:
            raise DomainError("unknown_programme", "The pair's pack version is not published any more.")
        return decisions.sign(
            pair,
            said.signatory,
            said.text_version,
            said.signed_on,
            signatories=pack.pairing.signatories,
            maximum_months=wire.maximum_months(pack),
            now=work.now,
        )

    async def expire(self, task: Task) -> None:
        """Closes a proposal that nobody has answered in time: the due rows' handler."""

        async def close(work: Work) -> None:
            found = await self._pairs.by_subject([task.row.subject], work.session)
            stored = found.get(task.row.subject)
            if stored is None or stored.pair.status != "proposed":
                return
            pair, facts = decisions.expire(stored.pair, work.now)
            changed = publish(replace(stored, pair=pair), facts, task.row.cause, work)
            await self._pairs.save([changed], work.session)

        await task.finish(close)


def _state(pair: Pair) -> dict[str, object]:
    return wire.pair_state(pair).model_dump(mode="json", by_alias=True, exclude_none=True)
