"""Hands letters to the mail server. Its errors quote addresses: they end here, and codes go on."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from aiosmtplib import SMTP, SMTPException, SMTPRecipientRefused, SMTPResponseException

from services.notifications.domain.attempts import Deferred, Delivered, Refused, Unconfirmed, Unready
from services.notifications.domain.letters import Letter

Delivery = Delivered | Deferred | Refused | Unconfirmed | Unready

TEMPORARY, PERMANENT = 400, 500
"""SMTP's reply codes from here on mean: not now, and never."""
SESSION_CODES = frozenset({421, 500, 502, 503, 504, 530, 534, 535, 538})
"""Replies that speak of the session or the account: a mistake of ours, which can be mended."""

_OUTAGE = (SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Mailer:
    """One connection a letter: messages are few, and a connection kept open would be cut in between.

    `timeout` bounds the dialogue up to the recipient, and again the message itself.
    """

    host: str
    port: int
    sender: str
    starttls: bool
    timeout: timedelta
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    async def deliver(self, letter: Letter, handing_over: Callable[[], Awaitable[None]]) -> Delivery:
        """Sends a letter. `handing_over` runs when the server has accepted the recipient; what it raises
        ends the attempt, and nothing was sent.
        """
        smtp = SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            start_tls=self.starttls,
            local_hostname=self.sender.rpartition("@")[2],
            timeout=self.timeout.total_seconds(),
        )
        try:
            refused = await self._introduce(smtp, letter.to)
            if refused is not None:
                return refused
            await handing_over()
            return await self._hand_over(smtp, letter.content)
        finally:
            smtp.close()

    async def _introduce(self, smtp: SMTP, to: str) -> Deferred | Refused | Unready | None:
        """Everything up to the recipient: whatever fails here, nothing was sent."""
        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                await smtp.connect()
                if to.isascii():
                    await smtp.mail(self.sender)
                elif not await _takes_utf8(smtp):
                    return Unready("smtputf8_missing")
                else:
                    await smtp.mail(self.sender, options=["SMTPUTF8"])
                await smtp.rcpt(to, encoding="utf-8")
        except SMTPRecipientRefused as error:
            if error.code >= PERMANENT and error.code not in SESSION_CODES:
                return Refused("recipient_refused")
            return Deferred(_code(error))
        except _OUTAGE as error:
            return Deferred(_code(error))
        return None

    async def _hand_over(self, smtp: SMTP, content: bytes) -> Delivery:
        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                await smtp.data(content)
        except SMTPResponseException as error:
            if error.code >= PERMANENT and error.code not in SESSION_CODES:
                return Refused("message_refused")
            # Anything but a clear no may have been a yes.
            return Deferred(_code(error)) if error.code >= TEMPORARY else Unconfirmed()
        except _OUTAGE:
            return Unconfirmed()
        with contextlib.suppress(*_OUTAGE):
            await smtp.quit(timeout=1)
        return Delivered()


async def _takes_utf8(smtp: SMTP) -> bool:
    """Whether the server takes addresses beyond ASCII."""
    if not smtp.last_ehlo_response:
        await smtp.ehlo()
    return smtp.supports_extension("smtputf8")


def _code(error: BaseException) -> str:
    match error:
        case SMTPResponseException():
            return f"smtp_{error.code}"
        case TimeoutError():
            return "smtp_timeout"
        case _:
            return "smtp_unavailable"
