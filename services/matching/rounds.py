"""Runs rounds: load a pool, solve it in a worker process, write the proposals in small transactions.

Correctness does not depend on who runs a round, or on how many run at once: a proposal takes slots under
unique indexes and moves its people's versions on, and whoever has changed since the pool was read is skipped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from services.matching import answers, packs, wire_rounds
from services.matching.between_rounds import BetweenRounds
from services.matching.domain.agreement import propose
from services.matching.domain.cohorts import Cohorts
from services.matching.domain.pair import Pair
from services.matching.domain.party import Rules
from services.matching.domain.proposal import Proposal
from services.matching.domain.rounds import RoundResult, run_round
from services.matching.publish import Publisher
from services.matching.store import Known, LoadedPool, Pairs, Parties, ReadPool, StoredPair, loaded
from services.matching.worker import on_pool
from shared.clock import local_day, local_time
from shared.contracts.matching.events import ROUND_COMPLETED
from shared.contracts.matching.rounds import CohortsEvened
from shared.ids import new_event_id, new_subject
from shared.messaging.commands.answers import Accepted, CommandRef, Rejected
from shared.messaging.commands.replies import Replies
from shared.messaging.due import Task
from shared.messaging.tables import Programmes
from shared.messaging.work import DueRow, Revision, Work

RUN_ROUND = "run_round"
LIST_WAITING = "list_waiting"
EXPLAIN_WAITING = "explain_waiting"
LISTED = 500
"""Most people of each side that one reply lists; the counts beside them are whole."""


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """A pool as it was read, the rules of the pack that runs there, and its cohorts where it evens them."""

    municipality: str
    rules: Rules
    loaded: LoadedPool
    cohorts: Cohorts | None


@dataclass(frozen=True, slots=True)
class _Solved(LoadedRules):
    """With its solution."""

    result: RoundResult

    @property
    def evened(self) -> CohortsEvened | None:
        """What the cohort controller did, where the pack has one."""
        attribute = self.rules.cohort_attribute
        return (
            None if attribute is None or self.cohorts is None else wire_rounds.evened(attribute, self.cohorts)
        )


def new_round_id() -> str:
    """A round's own id, which stands in the receipts of its proposals."""
    return f"round-{new_event_id()}"


class Rounds:
    """The due rows' handlers for a pool's work."""

    def __init__(
        self,
        parties: Parties,
        pairs: Pairs,
        programmes: Programmes,
        publisher: Publisher,
        between: BetweenRounds,
        *,
        proposals_per_transaction: int,
        again_after: timedelta,
    ) -> None:
        self._parties = parties
        self._pairs = pairs
        self._programmes = programmes
        self._publisher = publisher
        self._between = between
        self._at_once = proposals_per_transaction
        self._again_after = again_after

    async def run_round(self, task: Task) -> None:
        """Proposes the best pairs of a pool. After a crash it runs again and counts what it had proposed."""
        solved = await self._solve(task)
        if solved is None:
            return
        data = task.row.data
        skipped = 0
        if not data.get("dry_run"):
            proposals = solved.result.proposals
            versions = dict(solved.loaded.versions)
            for start in range(0, len(proposals), self._at_once):
                part = proposals[start : start + self._at_once]
                moved = await task.step(partial(self._propose, part, solved.rules, versions, task))
                skipped += sum(proposal.receiving not in moved for proposal in part)
                # Only what this round moved itself, and after the commit: a transaction may run twice.
                for subject in moved:
                    versions[subject] += 1
        await task.finish(lambda work: self._complete(solved, skipped, task, work))

    async def list_waiting(self, task: Task) -> None:
        """Answers who waits in a pool, since when, and what keeps them from a proposal."""
        solved = await self._solve(task)
        if solved is None:
            return
        today = solved.loaded.pool.today
        result = solved.result
        could = [proposal.receiving for proposal in result.proposals]
        answer: dict[str, Any] = {
            "receiving": result.receiving,
            "giving": result.giving,
            "could_be_proposed": len(could),
            "unmatched_receiving": answers.unmatched(
                result.unmatched_receiving[:LISTED], solved.loaded.since, today
            ),
            "unmatched_giving": answers.unmatched(
                result.unmatched_giving[:LISTED], solved.loaded.since, today
            ),
        }
        named = answers.people_in(answer)
        await task.finish(lambda work: self.reply(task, Accepted(answer, named), work))

    async def _solve(self, task: Task) -> _Solved | None:
        found = await self.load(task)
        if found is None:
            return None
        result = await on_pool(run_round, found.loaded.pool, task.row.data["round"])
        return _Solved(found.municipality, found.rules, found.loaded, found.cohorts, result)

    async def load(self, task: Task) -> LoadedRules | None:
        """The pool; None where the programme has ended meanwhile and the command is answered."""
        data = task.row.data
        municipality, programme = data["municipality"], data["programme"]
        pack = self._programmes.active(municipality, programme)
        if pack is None:
            gone = Rejected(
                "unknown_programme", "The municipality does not run the programme any more.", "programme"
            )
            await task.finish(lambda work: self.reply(task, gone, work))
            return None
        rules = packs.rules(pack)
        # A question about a pool, or a trial, moves nothing on.
        keep = task.row.kind == RUN_ROUND and not data.get("dry_run")
        read, today, favoured, cohorts = await task.step(
            lambda work: self._read(municipality, rules, work, keep=keep)
        )
        return LoadedRules(municipality, rules, await loaded(read, rules, today, favoured), cohorts)

    async def _read(
        self, municipality: str, rules: Rules, work: Work, *, keep: bool
    ) -> tuple[ReadPool, date, Mapping[str, int], Cohorts | None]:
        today = local_day(work.now, municipality)
        favoured, cohorts = await self._between.favour(municipality, rules, today, work, keep=keep)
        read = await self._parties.read(municipality, rules, today, self._pairs, work.session)
        return read, today, favoured, cohorts

    async def _propose(
        self,
        proposals: Sequence[Proposal],
        rules: Rules,
        versions: Mapping[str, int],
        task: Task,
        work: Work,
    ) -> set[str]:
        """Writes proposals whose people are still at these versions; returns whose versions it moved on."""
        others = _named(proposals)
        people = {subject for proposal in proposals for subject in (proposal.receiving, proposal.giving)}
        known = await self._parties.known(people | others, work.session)
        gone = {person for person in others if person in known and known[person].erased}
        unchanged = {subject for subject, now in known.items() if now.version == versions.get(subject)}
        made = [
            self._proposed(
                replace(proposal, receipt=proposal.receipt.without(gone)), rules, known, task, work
            )
            for proposal in proposals
            if proposal.receiving in unchanged and proposal.giving in unchanged
        ]
        moved = {subject for item in made for subject in (item.pair.receiving, item.pair.giving)}
        if made:
            await self._parties.touch(moved, work.session)
            await self._parties.name(_named(item.pair for item in made) - moved, work.session)
            await self._pairs.insert(made, work.session)
        return moved

    def _proposed(
        self, proposal: Proposal, rules: Rules, known: Mapping[str, Known], task: Task, work: Work
    ) -> StoredPair:
        now = local_time(work.now, proposal.municipality)
        receiving, giving = known[proposal.receiving], known[proposal.giving]
        pair, facts = propose(
            proposal,
            rules,
            subject=new_subject("pair"),
            coordinator=receiving.coordinator or giving.coordinator,
            on=now.date(),
            now=now,
        )
        new = StoredPair(pair, Revision(), trace=receiving.trace or giving.trace)
        return self._publisher.publish(new, pair, facts, task.row.cause, work)

    async def _complete(self, solved: _Solved, skipped: int, task: Task, work: Work) -> None:
        data = task.row.data
        count, made = await self._pairs.of_round(data["round"], LISTED, work.session)
        today = solved.loaded.pool.today
        result, is_trial = solved.result, bool(data.get("dry_run"))
        if not is_trial:
            completed = wire_rounds.completed(solved.municipality, result, count, skipped, solved.evened)
            work.emit(ROUND_COMPLETED, subject=task.row.subject, data=completed, cause=task.row.cause)
            await self._between.tell_needs(solved.municipality, result, task.row.cause, work)
        if skipped:
            # A round of its own that answers nobody: under the same id it would be counted twice.
            again = {key: value for key, value in data.items() if key != "command"}
            again["round"] = new_round_id()
            due_at = work.now + self._again_after
            work.schedule(
                DueRow(f"{RUN_ROUND}/{task.row.subject}", RUN_ROUND, due_at, task.row.subject, data=again)
            )
        answer: dict[str, Any] = {
            "round": data["round"],
            "receiving": result.receiving,
            "giving": result.giving,
            "proposed": len(result.proposals) if is_trial else count,
            "skipped": skipped,
            "optimum_proven": result.optimum_proven,
            "total": result.total,
            "proposals": (
                answers.would_propose(result.proposals[:LISTED]) if is_trial else answers.proposals(made)
            ),
            "unmatched_receiving": answers.unmatched(
                result.unmatched_receiving[:LISTED], solved.loaded.since, today
            ),
            "recruitment": [wire_rounds.need_fields(need) for need in result.needs],
        }
        await self.reply(task, Accepted(answer, answers.people_in(answer)), work)

    async def reply(self, task: Task, answer: Accepted | Rejected, work: Work) -> None:
        """Answers the command that the row was put off for, if there is one, without people who were erased
        since the pool was read.
        """
        command = task.row.data.get("command")
        if command is None:
            return
        if isinstance(answer, Accepted) and answer.subject:
            named = {answer.subject} if isinstance(answer.subject, str) else set(answer.subject)
            if not task.row.data.get("dry_run"):
                await self._parties.name(named, work.session)
            answer = answers.without(answer, await self._parties.erased(named, work.session))
        ref = CommandRef.of(command)
        replies = await Replies.load(work, [ref])
        replies.send(ref, task.row.cause, answer, dry_run=bool(task.row.data.get("dry_run")))


def _named(items: Iterable[Proposal | Pair]) -> set[str]:
    """Whom receipts name beside the two."""
    return {person for item in items if (told := item.receipt.alternative) for person in told.people}
