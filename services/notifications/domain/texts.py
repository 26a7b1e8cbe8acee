"""The texts of messages: fixed, with a place for a link and nothing else.

Plain text: nothing needs escaping. No text says anything about the other side of a pair.
"""

from dataclasses import dataclass
from string import Template
from typing import Literal

from services.notifications.domain.messages import PAIR_CREATED, Side

Language = Literal["nb", "en"]
FALLBACK: Language = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """A subject line, and a body that needs `greeting` and `link`."""

    subject: str
    body: Template


GREETINGS: dict[Language, str] = {"nb": "Hei", "en": "Hello"}

_NB = """$greeting

$said

Les mer her:
$link

Denne e-posten er sendt automatisk og kan ikke besvares.

Vennlig hilsen
Kobling
"""
_EN = """$greeting

$said

Read more here:
$link

This e-mail was sent automatically and can't be answered.

Kind regards
Kobling
"""


def _text(frame: str, subject: str, said: str) -> Text:
    return Text(subject, Template(Template(frame).safe_substitute(said=said)))


TEXTS: dict[tuple[str, Side, Language], Text] = {
    (PAIR_CREATED, "receiving", "nb"): _text(
        _NB, "Du har fått en guide", "Du er nå koblet med en frivillig guide."
    ),
    (PAIR_CREATED, "receiving", "en"): _text(
        _EN, "You have a guide", "You have now been paired with a volunteer guide."
    ),
    (PAIR_CREATED, "giving", "nb"): _text(
        _NB, "Du er koblet som guide", "Du er nå koblet med en person som har fått deg som guide."
    ),
    (PAIR_CREATED, "giving", "en"): _text(
        _EN, "You have been paired as a guide", "You have now been paired with a person as their guide."
    ),
}


def language(tag: str) -> Language:
    """The language to write in to somebody who prefers a BCP 47 `tag`; any Norwegian is bokmål."""
    return "nb" if tag.lower().partition("-")[0] in {"nb", "nn", "no"} else FALLBACK
