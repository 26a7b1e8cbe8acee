"""The texts of messages: fixed, with places for a greeting and a link and nothing else.

Plain text: nothing needs escaping. No text says anything about the other side of a pair.
"""

from collections.abc import Mapping
from string import Template

from services.notifications.domain.pairs import Side
from shared.values import value

FALLBACK = "en"
"""The language for whoever prefers one that nothing is written in."""


@value
class Text:
    """A subject line, and a body that needs `greeting` and `link`."""

    subject: str
    body: Template


@value
class Texts:
    """All texts by (template, side, language), how each language greets, and in which language those write
    who read another: `written` leads from a BCP 47 tag, or the first part of one, to a language.
    """

    texts: Mapping[tuple[str, Side, str], Text]
    greetings: Mapping[str, str]
    written: Mapping[str, str]

    def language(self, tag: str) -> str:
        """The language to write in to somebody who prefers a BCP 47 `tag` in its one form: that of the whole
        tag where something is written for it (`fa-AF`), else that of its language.
        """
        return self.written.get(tag) or self.written.get(tag.partition("-")[0], FALLBACK)
