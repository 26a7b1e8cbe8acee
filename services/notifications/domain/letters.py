"""Composes e-mails. What a card holds comes from outside: nothing in it is trusted."""

import re
import unicodedata
from dataclasses import field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from services.notifications.domain.messages import Message
from services.notifications.domain.texts import Texts
from shared.values import value

NAME_LENGTH = 60

_JOINERS = frozenset("\u200c\u200d")
"""Persian and Indic spelling needs them; other invisible characters only hide or turn text."""
_NAME_MARKS = frozenset("'-.\u2019\u02bc\u2010\u00b7")


@value
class Recipient:
    """Whom a message goes to, by an address as SMTP takes it; in ASCII but for a local part that is not.
    Never shown in logs.
    """

    given_name: str = field(repr=False)
    address: str = field(repr=False)
    preferred_language: str = field(repr=False)


@value
class Letter:
    """A finished e-mail and the one address that it goes to."""

    to: str = field(repr=False)
    content: bytes = field(repr=False)


def compose(
    message: Message, recipient: Recipient, texts: Texts, *, sender: str, link_base: str, now: datetime
) -> Letter:
    """The e-mail; the same message has the same Message-ID whenever it is composed."""
    language = texts.language(recipient.preferred_language)
    text = texts.texts[message.template, message.side, language]
    name = first_name(recipient.given_name)
    # Only an address beyond ASCII asks for headers in UTF-8, which not every server on the way takes.
    email = EmailMessage(policy=SMTP if recipient.address.isascii() else SMTPUTF8)
    email["From"] = f"Kobling <{sender}>"
    email["To"] = recipient.address
    email["Subject"] = text.subject
    email["Date"] = format_datetime(now)
    email["Message-ID"] = f"<{message.mail_id}@{sender.rpartition('@')[2]}>"
    email["Auto-Submitted"] = "auto-generated"
    greets = texts.greetings[language]
    greeting = f"{greets} {name}," if name else f"{greets},"
    body = text.body.substitute(greeting=greeting, link=f"{link_base}{message.pair}")
    # Seven bits: not every server on the way speaks 8BITMIME.
    email.set_content(body, charset="utf-8", cte="quoted-printable")
    # After the content, which clears all headers of its kind.
    email["Content-Language"] = language
    return Letter(recipient.address, email.as_bytes())


def first_name(given: str) -> str:
    """A given name as it may stand in a letter: letters of any script and the marks between them.

    What else is in it (line breaks, characters that turn the direction of writing, brackets, addresses that
    a mail program would make a link of) is left out; nothing may be left.
    """
    kept = "".join(
        character if _in_a_name(character) else " " for character in unicodedata.normalize("NFC", given)
    )
    words = re.sub(r"\.(?=\S)", " ", kept).split()
    return " ".join(words)[:NAME_LENGTH].strip() if any(map(str.isalpha, kept)) else ""


def _in_a_name(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" or character in _NAME_MARKS or character in _JOINERS
