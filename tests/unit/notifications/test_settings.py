"""Settings that would harm are refused at the start."""

import pytest
from pydantic import SecretStr, ValidationError

from services.notifications.settings import Settings
from shared.sealing import encode

KEY = SecretStr(encode(bytes(32)))


def test_a_password_never_travels_in_the_clear() -> None:
    with pytest.raises(ValidationError, match="smtp_starttls"):
        Settings(card_private_key=KEY, smtp_username=SecretStr("kobling"), smtp_starttls=False)
    assert Settings(card_private_key=KEY).smtp_starttls


@pytest.mark.parametrize("sender", ["guide@kobling.example\r\nBcc: a@b.example", "Guide <a@b.example>", "a"])
def test_the_sender_is_one_plain_address(sender: str) -> None:
    with pytest.raises(ValidationError):
        Settings(card_private_key=KEY, sender=sender)
