"""`CorrectPerson` → domain: what is given, what it becomes, and what of it can't be used."""

from collections.abc import Callable, Iterator, Set
from typing import Any

from services.intake import contact
from services.intake.domain.correction import Correction
from services.intake.languages import spoken
from services.intake.vocabulary import Vocabulary
from services.intake.wire import published_occupation
from shared.contracts.intake.commands.corrections import CorrectPerson
from shared.languages import normal_or_same
from shared.messaging.reading.outcome import Fault

_PERSON = "person."
_PROFILE = frozenset({"languages", "interests", "education", "adults", "minors"})
_REACHED = ("phone", "email", "address")


def given(command: CorrectPerson) -> frozenset[str]:
    """The fields with a new value, by the names that refusals give. A null, or a blank text, is none."""
    person = () if command.person is None else command.person
    named = [(f"{_PERSON}{name}", content) for name, content in person]
    named += [(name, content) for name, content in command if name not in {"reason", "person", "clear"}]
    return frozenset(name for name, content in named if content is not None and not _is_blank(content))


def correction(command: CorrectPerson, named: Set[str], municipality: str, known: Vocabulary) -> Correction:
    """The new values of what is `named` as given, and None for what is cleared."""
    details: dict[str, Any] = {}
    profile: dict[str, Any] = {}
    for field in sorted({*named, *command.clear}):
        name = field.removeprefix(_PERSON)
        if field == "occupation":
            code = published_occupation(command.occupation, known)
            profile["occupation"] = code
            details["occupation"] = command.occupation if code is None else None
        elif field.startswith(_PERSON):
            written = None if field not in named else getattr(command.person, name)
            details[name] = None if written is None else _understood(name, written, municipality)
        elif field in _PROFILE:
            profile[name] = _of_profile(name, getattr(command, name))
    if f"{_PERSON}gender" in {*named, *command.clear}:
        profile["gender"] = details["gender"]
    return Correction(details, profile)


def unusable(named: Set[str], made: Correction) -> Iterator[Fault]:
    """What was given to reach somebody by and can't be used."""
    for name in _REACHED:
        if f"{_PERSON}{name}" in named and made.details[name] is None:
            yield Fault(f"{name}_invalid", f"{_PERSON}{name}", "data")


def _understood(name: str, written: Any, municipality: str) -> Any:
    """A field of `Details` as it is kept; None where it can't be used."""
    readers: dict[str, Callable[[Any], Any]] = {
        "phone": lambda text: contact.phone(text, municipality),
        "email": contact.email,
        "address": contact.address,
        "preferred_language": normal_or_same,
    }
    return readers[name](written) if name in readers else written


def _of_profile(name: str, content: Any) -> Any:
    if name == "languages":
        return spoken(content)
    return tuple(content) if name == "interests" else content


def _is_blank(content: object) -> bool:
    return isinstance(content, str) and not content.strip()
