"""What happens at its time: approvals that waited in vain are answered, people come of age,
referrals go out.
"""

import contextlib
import secrets
from collections.abc import Mapping
from datetime import date, timedelta

from services.intake import approvals
from services.intake.domain import refugee, volunteer
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.progress import progressed
from services.intake.domain.refugee import Refugee
from services.intake.domain.requirements import missing_approvals
from services.intake.domain.volunteer import Volunteer
from services.intake.packs import Packs
from services.intake.publish import Publisher
from services.intake.rows import APPROVAL_KIND, READINESS_KIND, REFERRAL_KIND
from services.intake.store import People
from services.intake.warnings import Warnings
from shared.clock import local_day, local_midnight
from shared.messaging.at_rest import RecordCipher
from shared.messaging.commands.answers import CommandRef, Rejected
from shared.messaging.commands.replies import Replies
from shared.messaging.due import DueHandler, Task
from shared.messaging.work import DueRow, Work

_DAY = timedelta(days=1)


def readiness_id(subject: str) -> str:
    """The row that looks at somebody again: each has one at most."""
    return f"{READINESS_KIND}/{subject}"


def look_again(who: Person, day: date | None, work: Work) -> None:
    """Has somebody looked at when a day begins on which they stand otherwise; not at all without a day."""
    if day is None:
        work.cancel(readiness_id(who.subject))
        return
    begins = local_midnight(day, who.municipality)
    work.schedule(DueRow(readiness_id(who.subject), READINESS_KIND, begins, who.subject))


def refer_later(who: Refugee, work: Work) -> None:
    """Has a referral published at some moment of the next day.

    Beside what ends the state of the same person it would say of that state whose it was: a minor's.
    """
    tomorrow = local_midnight(local_day(work.now, who.municipality) + _DAY, who.municipality)
    at = tomorrow + timedelta(seconds=secrets.randbelow(int(_DAY.total_seconds())))
    work.schedule(DueRow(f"{REFERRAL_KIND}/{who.subject}", REFERRAL_KIND, at, who.subject))


class Due:
    """The handlers of intake's due rows."""

    def __init__(
        self,
        people: People,
        publisher: Publisher,
        packs: Packs,
        warnings: Warnings,
        cipher: RecordCipher,
    ) -> None:
        self._people = people
        self._publisher = publisher
        self._packs = packs
        self._warnings = warnings
        self._cipher = cipher

    @property
    def handlers(self) -> Mapping[str, DueHandler]:
        """The handler of each kind of row."""
        return {
            APPROVAL_KIND: self.close_approval,
            READINESS_KIND: self.reassess,
            REFERRAL_KIND: self.refer,
        }

    async def close_approval(self, task: Task) -> None:
        """Gives an approval that waited in vain its final answer."""
        ref, subject = CommandRef.of(task.row.data), task.row.subject

        async def close(work: Work) -> None:
            file = (await self._people.by_subject([subject], work.session)).get(subject)
            lacking: tuple[str, ...] = ()
            if file is not None:
                # The pack may have been removed since: then nobody can say whose approvals it asked for.
                with contextlib.suppress(DomainError):
                    asked = self._packs.asked(file.person, task.row.data["programme"])
                    today = local_day(work.now, file.person.municipality)
                    lacking = missing_approvals(file.person, asked, today)
            if not await approvals.give_up(ref, subject, work):
                return
            replies = await Replies.load(work, [ref], self._cipher)
            names = ", ".join(lacking) or "unknown"
            reason = f"After {approvals.APPROVAL_WINDOW.days} days approvals are missing: {names}."
            # The message's limit is the contract's.
            rejected = Rejected("approval_incomplete", f"{reason[:300]} The approval given stays on record.")
            replies.send(ref, task.row.cause, rejected)

        await task.finish(close)

    async def reassess(self, task: Task) -> None:
        """Publishes how somebody stands by now, and warns of what lapses soon. A row that is out of date
        changes nothing.
        """
        subject = task.row.subject

        async def look(work: Work) -> None:
            file = (await self._people.by_subject([subject], work.session)).get(subject)
            if file is None:
                return
            today = local_day(work.now, file.person.municipality)
            # Of a pack that was removed since nobody can say what it asked for.
            with contextlib.suppress(DomainError):
                who = file.person
                if isinstance(who, Volunteer):
                    who = volunteer.resumed_by(who, today)
                after = self._packs.assessed(who, today)
                changed = file
                if after != file.person:
                    after, fact = progressed(file.person, after, refugee.Fact.CORRECTED, today)
                    changed = file._replace(person=after)
                    changed = self._publisher.changed(file, changed, fact, task.row.cause, work)
                # Nothing of a warning is public.
                after = self._warnings.warn(after, today, task.row.cause, work)
                if after != file.person:
                    await self._people.save([(file, changed._replace(person=after))], work.session)
                look_again(after, self._packs.next_change(after, today), work)

        await task.finish(look)

    async def refer(self, task: Task) -> None:
        """Publishes a referral, if the case is open yet and a minor's."""
        subject = task.row.subject

        async def publish(work: Work) -> None:
            file = (await self._people.by_subject([subject], work.session)).get(subject)
            if file is None or file.person.status != "referred" or file.state.number:
                return
            await self._people.save([(file, self._publisher.refer(file, work))], work.session)

        await task.finish(publish)
