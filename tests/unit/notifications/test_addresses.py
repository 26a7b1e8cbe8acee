"""E-mail addresses: which are written to, and in which form."""

import pytest

from shared.mail_addresses import Unaddressable, wire_form


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ("a.b+c@mail.example", "a.b+c@mail.example"),
        (" a@mail.example ", "a@mail.example"),
        ("A@Mail.Example", "A@mail.example"),
        ("a@blåbær.example", "a@xn--blbr-roah.example"),
        ("a@BLÅBÆR.example", "a@xn--blbr-roah.example"),
        ("a@xn--blbr-roah.example", "a@xn--blbr-roah.example"),
        ("a@faß.example", "a@xn--fa-hia.example"),
        ("a@mailserver", "a@mailserver"),
        ("å.b@faß.example", "å.b@xn--fa-hia.example"),
        ("a\u030a@mail.example", "å@mail.example"),
        ("a" * 64 + "@mail.example", "a" * 64 + "@mail.example"),
    ],
)
def test_addresses_stand_in_their_wire_form(given: str, wire: str) -> None:
    assert wire_form(given) == wire
    assert wire_form(wire) == wire


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (None, "no_email"),
        ("", "no_email"),
        ("  ", "no_email"),
        ("a", "email_invalid"),
        ("@mail.example", "email_invalid"),
        ("a@", "email_invalid"),
        ("a@b..example", "email_invalid"),
        ("a@-b.example", "email_invalid"),
        (".a@mail.example", "email_invalid"),
        ("a..b@mail.example", "email_invalid"),
        ("a@mail.example\r\nBcc: b@mail.example", "email_invalid"),
        ("a\r\nRCPT TO:<b@mail.example>@mail.example", "email_invalid"),
        ("a@mail.example,b@mail.example", "email_invalid"),
        ("a@b@mail.example", "email_invalid"),
        ("<a@mail.example>", "email_invalid"),
        ('"a b"@mail.example', "email_invalid"),
        ("a" * 65 + "@mail.example", "email_invalid"),
        ("a@" + ".".join(["b" * 60] * 5), "email_invalid"),
        ("a@[127.0.0.1]", "email_invalid"),
        ("a@xn--a.example", "email_invalid"),
        ("a@\u2603.example", "email_invalid"),
        ("a@mail.invalid", "email_invalid"),
    ],
)
def test_what_is_no_address_is_refused_without_being_quoted(given: str | None, code: str) -> None:
    with pytest.raises(Unaddressable) as refusal:
        wire_form(given)
    assert refusal.value.code == code
    assert refusal.value.args == (code,)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
