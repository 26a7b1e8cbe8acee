"""Mail servers that are away, refuse, encrypt, or are not who they say."""

import io
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.integration.notifications.people import PERSONAL, both_cards
from tests.integration.notifications.world import World, subjects
from tests.support.cluster import wait_until
from tests.support.mail import new_certificate, server_context


async def test_a_mail_server_that_comes_back_gets_each_message_once(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.sink.stop()
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    await world.tried(2)
    assert await world.events() == []
    await world.sink.start()
    await world.ended()
    assert world.sink.recipients == {"zahrabanu@mail.example": 1, "torbjorg@post.example": 1}
    assert len(await world.events_until(2)) == 2


async def test_a_temporary_refusal_is_tried_again(world: World, logs: io.StringIO) -> None:
    pair, receiving, giving = subjects()
    world.sink.recipient_replies["zahrabanu@mail.example"] = "451 zahrabanu@mail.example is greylisted"
    world.sink.data_replies["torbjorg@post.example"] = "452 torbjorg@post.example has no room"
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)

    async def refused() -> bool:
        return world.sink.refusals >= 8

    # More often than a message may be handed over unanswered: a clear no costs nothing.
    await wait_until(refused, "eight refusals")
    world.sink.recipient_replies.clear()
    world.sink.data_replies.clear()
    await world.ended()
    assert world.sink.recipients == {"zahrabanu@mail.example": 1, "torbjorg@post.example": 1}
    assert {event.type for event in await world.events_until(2)} == {"no.kobling.NotificationSent.v1"}
    assert not [word for word in PERSONAL if word in logs.getvalue().lower()]


async def test_a_permanent_refusal_is_reported_and_nothing_quoted(world: World, logs: io.StringIO) -> None:
    pair, receiving, giving = subjects()
    world.sink.recipient_replies["zahrabanu@mail.example"] = "550 no zahrabanu@mail.example here"
    world.sink.data_replies["torbjorg@post.example"] = "554 torbjorg@post.example wants no such mail"
    await world.start()
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    await world.ended()
    events = await world.events_until(2)
    assert {(event.data["side"], event.type, event.data["code"]) for event in events} == {
        ("receiving", "no.kobling.NotificationFailed.v1", "recipient_refused"),
        ("giving", "no.kobling.NotificationFailed.v1", "message_refused"),
    }
    assert world.sink.mails == []
    assert not [word for word in PERSONAL if word in logs.getvalue().lower()]


async def test_mail_goes_encrypted_and_with_the_password_where_the_server_asks(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, receiving, giving = subjects()
    certificate = new_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    await world.sink.stop()
    world.sink.tls = server_context(certificate)
    world.sink.account = ("kobling", "right")
    await world.sink.start()
    secure = {"smtp_starttls": True, "smtp_username": SecretStr("kobling")}
    await world.start(**secure, smtp_password=SecretStr("wrong"))
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    await world.tried(3)
    assert world.sink.mails == []

    # A mistake of ours costs no message: mended, it goes out.
    await world.stop()
    await world.start(**secure, smtp_password=SecretStr("right"))
    await world.ended()
    assert world.sink.recipients == {"zahrabanu@mail.example": 1, "torbjorg@post.example": 1}


async def test_nothing_goes_to_a_server_that_cannot_encrypt_or_is_another(
    world: World, tmp_path: Path
) -> None:
    pair, receiving, giving = subjects()
    await world.start(smtp_starttls=True)
    await both_cards(world, receiving, giving)
    await world.pair(pair, 1, receiving, giving)
    await world.tried(2)
    await world.sink.stop()
    world.sink.tls = server_context(new_certificate(tmp_path))
    await world.sink.start()
    await world.tried(5)
    assert world.sink.mails == []
    assert await world.events() == []


ABROAD = {"given_name": "Åse", "email": "åse@faß.example", "preferred_language": "nor"}


async def test_mail_goes_to_the_very_address_that_was_taken(world: World) -> None:
    pair, receiving, giving = subjects()
    await world.start()
    await world.card(receiving, 1, ABROAD)
    await world.card(giving, 1, {**ABROAD, "email": "o'brien+guide@BLÅBÆR.example"})
    await world.pair(pair, 1, receiving, giving)
    await world.ended()
    assert sorted(world.sink.addressed) == ["o'brien+guide@xn--blbr-roah.example", "åse@xn--fa-hia.example"]
    assert world.sink.recipients.keys() == set(world.sink.addressed)
    assert all(mail.get_content().startswith("Hei Åse,") for mail in world.sink.mails)


async def test_an_address_beyond_ascii_waits_for_a_server_that_takes_it(
    world: World, logs: io.StringIO
) -> None:
    pair, receiving, giving = subjects()
    await world.sink.stop()
    world.sink.smtputf8 = False
    await world.sink.start()
    await world.start()
    await world.card(receiving, 1, ABROAD)
    await world.card(giving, 1, {**ABROAD, "email": "guide@mail.example"})
    await world.pair(pair, 1, receiving, giving)

    async def was_put_off() -> bool:
        # A server that never takes it must not be waited for without end.
        told = [line for line in logs.getvalue().splitlines() if "smtputf8_missing" in line]
        return any("Unready" in line for line in told) and world.sink.addressed == ["guide@mail.example"]

    await wait_until(was_put_off, "an attempt without SMTPUTF8")
    await world.sink.stop()
    world.sink.smtputf8 = True
    await world.sink.start()
    await world.ended()
    assert world.sink.addressed == ["guide@mail.example", "åse@xn--fa-hia.example"]
    assert {event.type for event in await world.events_until(2)} == {"no.kobling.NotificationSent.v1"}
