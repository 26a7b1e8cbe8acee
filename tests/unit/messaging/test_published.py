"""What is refused of a record since it would be published, by the marks at the contracts' fields."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from services.intake import wire
from services.intake.domain import refugee
from services.intake.domain.person import Person
from services.intake.domain.volunteer import register
from services.intake.public_state import public_state
from services.intake.vocabulary import Vocabulary
from shared.contracts import topics
from shared.contracts.catalogue import MESSAGES
from shared.contracts.example import shown
from shared.contracts.fields import Code, Contract, Line
from shared.contracts.intake.commands.people import RecordCheck, RecordConsent, RecordInterview
from shared.contracts.intake.commands.volunteers import RegisterVolunteer
from shared.contracts.message import Message, command, inbound
from shared.contracts.municipal import PersonSettled
from shared.contracts.published import ITEM, PRIVATE, PUBLISHED, REGISTERED, texts
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Received
from shared.published import Refused, holds_unprintable, published_paths, refusal
from tests.unit.messaging.marked import NUMBER, shown_field, with_text
from tests.unit.messaging.records import raw, settlement

INBOUND = [message for message in MESSAGES if message.inbound]
PUBLISHED_FIELDS = {
    "PersonSettled": {"languages.0.code", "occupation", "interests.0"},
    "RegisterVolunteer": {"languages.0.code", "interests.0", "occupation"},
    "CorrectPerson": {"languages.0.code", "interests.0", "occupation"},
    "RecordReferenceConsent": {"pair", "text_version"},
    "WithdrawReferenceConsent": {"pair"},
    "RecordConsent": {"purpose", "text_version"},
    "WithdrawConsent": {"purpose"},
    "RecordInterview": {"expectations.activities.0", "interests.0"},
    "RecordCheck": {"kind", "role"},
    "SignAgreement": {"signatory", "text_version"},
}
"""Of which field what is published, as the page of contracts has it; of all other messages nothing."""


def published_fields() -> Iterator[tuple[Message, tuple[str, ...]]]:
    for message in INBOUND:
        for path in published_paths(message.model):
            yield message, path


def sample(model: type[Contract]) -> Contract:
    return model.model_validate(shown(model))


def ids(value: Any) -> str:
    return value.name if isinstance(value, Message) else ".".join(value)


EVERY_WORD = Vocabulary({}, frozenset(f"word{number}" for number in range(100)))


# Marks


def test_exactly_these_fields_are_published() -> None:
    found = {
        message.name: {shown_field(path) for path in published_paths(message.model)} for message in INBOUND
    }
    assert {name: fields for name, fields in found.items() if fields} == PUBLISHED_FIELDS


@pytest.mark.parametrize("message", INBOUND, ids=lambda message: f"{message.topic.name}:{message.name}")
def test_every_text_of_an_inbound_model_says_what_becomes_of_it(message: Message) -> None:
    assert {text.mark for text in texts(message.model)} <= {PUBLISHED, REGISTERED, PRIVATE}
    assert {text.path[0] for text in texts(message.model)} == {
        name for name, field in message.model.model_fields.items() if holds_text(field.annotation)
    }


def holds_text(annotation: Any) -> bool:
    """Whether a type's name mentions a text, as a second way to find them all."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(holds_text(field.annotation) for field in annotation.model_fields.values())
    arguments = getattr(annotation, "__args__", ())
    if "Literal[" in str(annotation)[:20]:
        return False
    return annotation is str or any(holds_text(argument) for argument in arguments)


class Unmarked(Contract):
    """A made-up model with a text that says nothing."""

    song: list[Line] | None = None


class Nested(Contract):
    """The same within another model."""

    inner: Unmarked


class Counted(Contract):
    """A dictionary's texts have no place that a refusal could name."""

    counts: Annotated[dict[Code, int], PUBLISHED]


class Marked(Contract):
    """The outermost mark holds."""

    within: Annotated[Nested, PRIVATE]
    over: Annotated[Annotated[Line, PUBLISHED], PRIVATE]
    day: date


@pytest.mark.parametrize(
    ("model", "where"),
    [(Unmarked, r"Unmarked\.song\.\*"), (Nested, r"Nested\.inner\.song\.\*"), (Counted, r"Counted\.counts")],
)
def test_a_text_without_a_mark_stops_the_import(model: type[Contract], where: str) -> None:
    for make in (inbound, command):
        with pytest.raises(TypeError, match=where):
            make(topics.SETTLEMENTS, model)


def test_the_outermost_mark_holds() -> None:
    assert [(text.path, text.mark) for text in texts(Marked)] == [
        (("within", "inner", "song", ITEM), PRIVATE),
        (("over",), PRIVATE),
    ]


# Refusals


@pytest.mark.parametrize(("message", "path"), list(published_fields()), ids=ids)
@pytest.mark.parametrize(
    ("text", "code"),
    [(f"a{NUMBER}", "personal_number"), ("two\nlines", "unprintable_character")],
    ids=["number", "unprintable"],
)
def test_no_published_field_holds_what_must_not_go_out(
    message: Message, path: tuple[str, ...], text: str, code: str
) -> None:
    data = sample(message.model)
    assert refusal(data) is None
    refused = refusal(with_text(data, path, text))
    assert refused is not None
    assert (refused.code, refused.field) == (code, shown_field(path))


@pytest.mark.parametrize("message", INBOUND, ids=lambda message: f"{message.topic.name}:{message.name}")
def test_what_is_not_published_is_not_looked_at(message: Message) -> None:
    data = sample(message.model)
    for text in texts(message.model):
        if text.mark != PUBLISHED and ITEM not in text.path:
            # A model that isn't there has no texts.
            with suppress(AttributeError):
                assert refusal(with_text(data, text.path, NUMBER)) is None, text


class Verse(Contract):
    """A made-up model that stands in a list."""

    first: Annotated[Line, PUBLISHED]
    second: Annotated[Line, PUBLISHED] | None = None
    rhymes: Annotated[list[Line], PUBLISHED]


class Author(Contract):
    """The same with a single text, that may be absent."""

    name: Annotated[Line, PUBLISHED] | None = None


class Song(Contract):
    """Every shape in which published texts may lie."""

    title: Annotated[Line, PUBLISHED]
    verses: list[Verse]
    refrain: Verse | None = None
    authors: list[Author]
    chords: Annotated[list[list[Line]], PUBLISHED]


def song() -> Song:
    verse = Verse(first="a", second="b", rhymes=["c"])
    authors = [Author(name="e"), Author()]
    return Song(title="t", verses=[verse], refrain=verse, authors=authors, chords=[["f"]])


@pytest.mark.parametrize("path", published_paths(Song), ids=ids)
def test_texts_are_found_in_every_shape_of_a_model(path: tuple[str, ...]) -> None:
    assert refusal(song()) is None
    refused = refusal(with_text(song(), path, "two\nlines"))
    assert refused is not None
    assert refused.field == shown_field(path)


def test_what_is_absent_in_any_shape_is_no_text() -> None:
    absent = Song(title="t", verses=[Verse(first="a", rhymes=[])], authors=[Author()], chords=[[]])
    assert refusal(absent) is None


def test_a_later_item_of_a_list_is_named_by_its_place() -> None:
    data = shown(RecordInterview)
    activities = {**data["expectations"], "activities": ["cooking", f"a{NUMBER}"]}
    refused = refusal(RecordInterview.model_validate({**data, "expectations": activities}))
    assert refused is not None
    assert refused.field == "expectations.activities.1"


@pytest.mark.parametrize(
    "protected", [{"protection": "confidential"}, {"protection": ...}, {"unaccompanied_minor": True}]
)
def test_of_protected_people_and_minors_nothing_is_refused(protected: dict[str, Any]) -> None:
    data = {**shown(PersonSettled), "occupation": f"baker\n{NUMBER}", **protected}
    said = PersonSettled.model_validate({name: value for name, value in data.items() if value is not ...})
    assert refusal(said) is None


@pytest.mark.parametrize("absent", [{}, {"role": "guide"}])
def test_what_is_absent_is_no_text(absent: dict[str, Any]) -> None:
    said = RecordCheck.model_validate({"reason": "seen", "kind": "police", "seen_on": "2016-06-01", **absent})
    assert refusal(said) is None


def test_two_texts_do_not_make_a_number_together() -> None:
    said = RecordConsent.model_validate(
        {
            "reason": "given",
            "purpose": "p010107",
            "text_version": "50160",
            "given_on": "2016-06-01",
        }
    )
    assert refusal(said) is None


def test_a_personal_number_comes_before_what_cannot_be_printed() -> None:
    data = shown(PersonSettled)
    said = PersonSettled.model_validate(
        {
            **data,
            "placement": {**data["placement"], "district": "Fana\n"},
            "occupation": NUMBER,
        }
    )
    assert refusal(said) == Refused(
        "personal_number", "No field that is published may hold a personal number.", "occupation"
    )


@pytest.mark.parametrize(
    "text",
    [
        "a\nb",
        "a\rb",
        "a\tb",
        "a\x00b",
        "a\x85b",
        "a\u2028b",
        "a\u2029b",
        "a\u202eb",
        "a\u2066b",
        "a\u200bb",
        "a\ufeffb",
        "soft\u00adhyphen",
        "a\ue000b",
        "a\U0010fffdb",
        "a\u0378b",
        "a\ud800b",
        "\u200da",
        "a \u200cb",
    ],
    ids=ascii,
)
def test_signs_that_cannot_be_printed_are_seen(text: str) -> None:
    assert holds_unprintable(text)


@pytest.mark.parametrize(
    "text",
    [
        "Åsane",
        "Bydel 2, 5006 Bergen",
        "no\u00a0break",
        "\u0645\u06cc\u200c\u062e\u0648",
        "ക്\u200dഷ",
        "北区",
        "e\u0301",
        "",
    ],
    ids=ascii,
)
def test_spelling_is_let_through(text: str) -> None:
    assert not holds_unprintable(text)


# The marks say the truth


def words(model: type[Contract], *, published: bool) -> Contract:
    """The model's example with a word of its own in each text that is (not) published."""
    said: Contract = sample(model)
    for number, text in enumerate(texts(model)):
        # A word is no date.
        if text.path[-1] == "birth_date":
            continue
        if (text.mark == PUBLISHED) == published and ITEM not in text.path and text.mark != REGISTERED:
            # A model that isn't there has no texts.
            with suppress(AttributeError):
                said = with_text(said, text.path, f"word{number}")
    return said


def state_of(said: Any) -> str:
    match said:
        case PersonSettled():
            record = Parser(topics.SETTLEMENTS).parse(raw(settlement()))
            assert isinstance(record, Received)
            settled = wire.settlement(record, said, ["case"], EVERY_WORD)
            who: Person = refugee.settle(None, settled, "refugee-1", date(2026, 11, 22)).refugee
        case RegisterVolunteer():
            who = register(wire.registration(said, EVERY_WORD), "volunteer-1")
        case _:
            raise TypeError
    return repr(public_state(who))


@pytest.mark.parametrize("model", [PersonSettled, RegisterVolunteer])
def test_of_private_texts_nothing_stands_in_the_public_state(model: type[Contract]) -> None:
    assert "word" not in state_of(words(model, published=False))
    assert "word" in state_of(words(model, published=True))
