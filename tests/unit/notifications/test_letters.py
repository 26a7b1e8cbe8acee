"""E-mails: what is in them, and what no card can put into them."""

import json
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from services.notifications import templates
from services.notifications.domain.letters import (
    NAME_LENGTH,
    Recipient,
    compose,
    first_name,
)
from services.notifications.domain.messages import new_message
from services.notifications.domain.pairs import Side
from services.notifications.domain.texts import Text, Texts
from services.notifications.wire import recipient

TEXTS = templates.load()

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LETTERS = Path(__file__).parent / "letters"
SIDES: dict[str, Side] = {"receiving": "receiving", "giving": "giving"}
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Language",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
]


def letter(
    name: str = "Amina", email: str = "a@mail.example", tag: str = "nb", side: Side = "receiving"
) -> EmailMessage:
    message = new_message("pair-p", "pair_created", "refugee-r", side, NOW, "chain")
    made = compose(
        message,
        Recipient(name, email, tag),
        TEXTS,
        sender="guide@kobling.example",
        link_base="https://k.example/",
        now=NOW,
    )
    assert made.to == email
    assert made.content.isascii()
    assert b"\n" not in made.content.replace(b"\r\n", b"")
    return message_from_bytes(made.content, policy=default)


def test_a_letter_says_who_to_whom_and_when_and_leads_to_the_pair() -> None:
    mail = letter()
    assert mail["From"] == "Kobling <guide@kobling.example>"
    assert mail["To"] == "a@mail.example"
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == letter(name="Other", tag="en")["Message-ID"]
    assert re.fullmatch(r"<[0-9a-f]{32}@kobling\.example>", mail["Message-ID"])
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "https://k.example/pair-p\r\n" in mail.get_content()
    assert sorted(mail.keys()) == sorted(HEADERS)


@pytest.mark.parametrize(
    ("tag", "spoken"),
    [
        ("nb", "nb"),
        ("nob", "nb"),
        ("nor-NO", "nb"),
        ("nn-NO", "nb"),
        ("NO", "nb"),
        ("en-GB", "en"),
        ("ti", "en"),
        ("", "en"),
        ("xx", "en"),
        ("nbx", "en"),
    ],
)
def test_norwegian_is_written_to_norwegian_readers_and_english_to_all_others(tag: str, spoken: str) -> None:
    card = json.dumps({"given_name": "Amina", "email": "a@mail.example", "preferred_language": tag})
    read = recipient(card.encode()).preferred_language
    assert TEXTS.language(read) == spoken
    assert letter(tag=read).get_content().startswith("Hei" if spoken == "nb" else "Hello")


def test_a_variety_has_its_own_texts_where_there_are_any_and_else_its_languages() -> None:
    texts = Texts({}, {}, {"fa": "fa", "fa-AF": "prs"})
    assert [texts.language(tag) for tag in ("fa", "fa-AF", "fa-TJ")] == ["fa", "prs", "fa"]


def test_an_address_beyond_ascii_stands_in_the_letter_as_it_was_taken() -> None:
    message = new_message("pair-p", "pair_created", "refugee-r", "receiving", NOW, "chain")
    to = Recipient("Åse", "åse@xn--fa-hia.example", "nb")
    made = compose(
        message, to, TEXTS, sender="guide@kobling.example", link_base="https://k.example/", now=NOW
    )
    assert made.to == to.address
    assert b"\r\nTo: " + to.address.encode() + b"\r\n" in b"\r\n" + made.content


@pytest.mark.parametrize("text", TEXTS.texts.values())
def test_no_text_has_a_place_for_anything_but_greeting_and_link(text: Text) -> None:
    places = re.findall(r"\$(\w+)", text.body.template)
    assert sorted(places) == ["greeting", "link"]
    assert "$" not in text.subject


@pytest.mark.parametrize("kept", sorted(LETTERS.glob("*.eml")), ids=lambda path: path.stem)
def test_a_letter_is_byte_for_byte_the_one_that_was_read_and_approved(kept: Path) -> None:
    template, side, tag = kept.stem.split(".")
    message = new_message("pair-p", template, "refugee-r", SIDES[side], NOW, "chain")
    made = compose(
        message,
        Recipient("Amina", "a@mail.example", tag),
        TEXTS,
        sender="guide@kobling.example",
        link_base="https://k.example/",
        now=NOW,
    )
    assert made.content == kept.read_bytes()


def test_every_letter_is_kept() -> None:
    kept = {tuple(path.stem.split(".")) for path in LETTERS.glob("*.eml")}
    assert kept == TEXTS.texts.keys()
    assert len({text.subject for text in TEXTS.texts.values()}) == len(kept)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Amina", "Amina"),
        ("Åse-Marie", "Åse-Marie"),
        ("D'Arcy J. R.", "D'Arcy J. R."),
        ("محمد", "محمد"),
        ("\u0645\u06cc\u200c\u0646", "\u0645\u06cc\u200c\u0646"),
        ("ኣማኒኤል", "ኣማኒኤል"),
        ("Ola\r\nBcc: all@mail.example", "Ola Bcc all mail example"),
        ("Ola\u2028\u2029\x85\x0b\x0cNordmann", "Ola Nordmann"),
        ("\u202eanimA\u202c\u2066x\u2069\u200f\u061c", "animA x"),
        ("<b>Ola</b>", "b Ola b"),
        ("=HYPERLINK(1)", "HYPERLINK"),
        ("\uff1dcmd", "cmd"),
        ("Ola\x00\x1b[31m", "Ola m"),
        ("see www.evil.example", "see www evil example"),
        ("https://evil.example/x", "https evil example x"),
        ("$link ${link}", "link link"),
        ("\u200b\u2060\ufeff", ""),
        ("\u200d", ""),
        ("1234", ""),
        (" ", ""),
        ("-", ""),
    ],
)
def test_names_keep_their_letters_and_nothing_else(given: str, shown: str) -> None:
    assert first_name(given) == shown


def test_names_are_cut() -> None:
    assert first_name("a" * 200) == "a" * NAME_LENGTH


@pytest.mark.parametrize(
    "name", ["Ola\r\nBcc: x@y.example\r\n\r\nBody", "Ola\nX: y", "Ola\r.\r\nQUIT", "\x00"]
)
def test_no_name_adds_a_header_or_a_line(name: str) -> None:
    mail = letter(name=name)
    assert sorted(mail.keys()) == sorted(HEADERS)
    plain = letter(name="Ola").get_content()
    assert mail.get_content().count("\n") == plain.count("\n")


def test_a_name_with_nothing_to_show_is_left_out() -> None:
    assert letter(name="\u202e", tag="en").get_content().startswith("Hello,\r\n")


def test_nothing_shows_itself_by_accident() -> None:
    shown = repr(Recipient("Amina", "a@mail.example", "ti"))
    assert shown == "Recipient()"
