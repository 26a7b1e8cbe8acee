"""Languages as intake takes them: in one form, and unknown tags refused."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from services.intake.domain.person import Language, LanguageLevel
from shared.contracts.intake.commands.corrections import CorrectPerson
from shared.contracts.intake.commands.volunteers import RegisterVolunteer
from shared.contracts.municipal import PersonSettled
from shared.languages import nearest_tag, normal_or_same, normal_tag
from shared.messaging.reading.outcome import Fault


class _Given(Protocol):
    """A language as contracts have it."""

    @property
    def code(self) -> str: ...

    @property
    def level(self) -> LanguageLevel: ...


_LEVELS = ("basic", "fluent", "native")


def unknown_languages(data: PersonSettled | RegisterVolunteer | CorrectPerson) -> list[Fault]:
    """A fault for each tag that names no language, with the nearest that does."""
    found = []
    preferred = data.person.preferred_language if data.person is not None else None
    if preferred is not None and normal_tag(preferred) is None:
        found.append(_unknown("person.preferred_language", preferred))
    for number, item in enumerate(data.languages or ()):
        if normal_tag(item.code) is None:
            found.append(_unknown(f"languages.{number}.code", item.code))
    return found


def _unknown(field: str, tag: str) -> Fault:
    return Fault("language_unknown", field, "data", nearest=nearest_tag(tag))


def spoken(languages: Iterable[_Given]) -> tuple[Language, ...]:
    """Each language once in its one form, as well as it is spoken by any of its tags."""
    return _in_one_form(tuple((given.code, given.level) for given in languages))


# Bounded: senders choose the tags. Most people speak what many do.
@lru_cache(maxsize=4096)
def _in_one_form(languages: tuple[tuple[str, LanguageLevel], ...]) -> tuple[Language, ...]:
    best: dict[str, LanguageLevel] = {}
    for tag, level in languages:
        code = normal_or_same(tag)
        if _LEVELS.index(level) >= _LEVELS.index(best.get(code, level)):
            best[code] = level
    return tuple(Language(code, level) for code, level in best.items())
