"""Notifications' settings, read from `NOTIFICATIONS_*`."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from shared.settings import Key, ServiceSettings

MAIL_ADDRESS = r"^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$"


class Settings(ServiceSettings):
    """What notifications needs besides every service's settings."""

    model_config = SettingsConfigDict(
        env_prefix="NOTIFICATIONS_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    card_private_key: Key = Field(
        description="Private key (X25519, 32 bytes in URL-safe base 64) that opens contact cards."
    )
    card_key_id: str = Field("notifications-1", description="Name of the key that cards are sealed to.")
    smtp_host: str = Field("localhost", description="The mail server that takes messages for delivery.")
    smtp_port: Annotated[int, Field(ge=1, le=65535, description="Port of the mail server.")] = 587
    smtp_username: SecretStr | None = Field(None, description="Account at the mail server, if it asks.")
    smtp_password: SecretStr | None = Field(None, description="The account's password.")
    smtp_starttls: bool = Field(
        True, description="Encrypt with STARTTLS and check the certificate; never falls back to plain text."
    )
    smtp_timeout: timedelta = Field(
        timedelta(seconds=20),
        gt=timedelta(),
        le=timedelta(seconds=25),
        description="How long the mail server may take to accept a recipient, and again for the message.",
    )
    sender: str = Field("guide@kobling.example", pattern=MAIL_ADDRESS, description="Sender of all messages.")
    link_base: str = Field(
        "https://kobling.example/pairs/",
        pattern=r"^https?://[!-~]+$",
        description="Beginning of the link in a message; the pair's reference follows it.",
    )
    retry_first: timedelta = Field(
        timedelta(seconds=5), gt=timedelta(), description="Wait before a message's second attempt; doubles."
    )
    retry_ceiling: timedelta = Field(
        timedelta(hours=1), le=timedelta(hours=24), description="Longest wait between two attempts."
    )
    card_wait: timedelta = Field(
        timedelta(hours=24), description="How long a message waits for its recipient's contact card."
    )
    welcome_within: timedelta = Field(
        timedelta(days=88),
        le=timedelta(days=88),
        description="Older pairs count as told: two days less than `notifications.v1` keeps what was sent, "
        "since days differ by time zone.",
    )

    @model_validator(mode="after")
    def _password_is_encrypted(self) -> Self:
        if self.smtp_username is not None and not self.smtp_starttls:
            raise ValueError("smtp_username needs smtp_starttls: the password would travel in the clear")
        return self
