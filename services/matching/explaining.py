"""Answers why somebody has no proposal: by the pool, or by what keeps them out of it."""

from typing import Any

from services.matching import receipts
from services.matching.domain.unproposed import Explained, explain
from services.matching.rounds import LoadedRules, Rounds
from services.matching.store import Pairs, Parties
from services.matching.worker import on_pool
from shared.messaging.commands.answers import Accepted, Rejected
from shared.messaging.due import Task
from shared.messaging.work import Work
from shared.values import fields_of


class Explaining:
    """The due row's handler."""

    def __init__(self, rounds: Rounds, parties: Parties, pairs: Pairs) -> None:
        self._rounds = rounds
        self._parties = parties
        self._pairs = pairs

    async def explain_waiting(self, task: Task) -> None:
        """Answers by the pool as it is now, solved as a round would."""
        found = await self._rounds.load(task)
        if found is None:
            return
        person = task.row.data["person"]
        explained = await on_pool(explain, found.loaded.pool, person)

        async def reply(work: Work) -> None:
            if explained is None:
                answer = await self._not_in_pool(found, person, work)
            else:
                answer = Accepted(_told(person, found, explained), _people(person, explained))
            await self._rounds.reply(task, answer, work)

        await task.finish(reply)

    async def _not_in_pool(self, found: LoadedRules, person: str, work: Work) -> Accepted | Rejected:
        """Of who isn't ready, or has a pair already: all on the other side count under that."""
        pool = found.loaded.pool
        known = (await self._parties.known([person], work.session)).get(person)
        nobody = Rejected("unknown_subject", "Nobody of this reference takes part here.", "person")
        if known is None or known.erased or known.presence is None:
            return nobody
        if known.presence.municipality != found.municipality:
            # Whoever asks here may learn nothing of who lives elsewhere, not even that they do.
            return nobody
        others = len(pool.giving if person.startswith("refugee-") else pool.receiving)
        open_pairs = await self._pairs.open_of([person], work.session)
        theirs = [one.pair.subject for one in open_pairs if one.pair.programme == pool.rules.name]
        lacks = known.lacks.get(pool.rules.name)
        if pool.rules.name in known.presence.held:
            reason, more = "not_available", {}
        elif lacks is not None:
            reason, more = "not_ready", {"missing": list(lacks)}
        elif pool.rules.name in known.presence.there and person not in found.loaded.since:
            reason, more = "rests", {}
        elif theirs:
            # A refugee: of a guide with no free place the pool says so.
            reason, more = "paired", {"pairs": theirs}
        else:
            return Rejected("not_waiting", "They don't take part in this programme.", "person")
        told: dict[str, Any] = {
            "person": person,
            "others": others,
            "removed": {reason: others},
            "candidates": 0,
        }
        return Accepted({**told, "reason": reason, **more}, person)


def _told(person: str, found: LoadedRules, explained: Explained) -> dict[str, Any]:
    fields = fields_of(explained) | {
        "removed": dict(explained.removed),
        "would_help": dict(explained.would_help),
        "alternative": receipts.alternative_fields(explained.alternative),
    }
    since = found.loaded.since.get(person)
    told = {name: value for name, value in fields.items() if value is not None}
    return {"person": person, **told, **({} if since is None else {"since": since.isoformat()})}


def _people(person: str, explained: Explained) -> tuple[str, ...]:
    other = explained.alternative
    named = (person, explained.proposed, *(() if other is None else other.people))
    return tuple(one for one in named if one)
