"""Intake's settings, read from `INTAKE_*`."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import Key, PublicKey, ServiceSettings


class Settings(ServiceSettings):
    """What intake needs besides every service's settings. Keys are 32 bytes in URL-safe base 64."""

    model_config = SettingsConfigDict(
        env_prefix="INTAKE_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    master_key: Key = Field(description="Wraps each person's key; without it no stored detail can be read.")
    case_key: Key = Field(description="Digests municipalities' case references; never changed.")
    card_key_id: str = Field(
        "notifications-1", description="Name of the key that contact cards are sealed to."
    )
    card_public_key: PublicKey = Field(description="Public key (X25519) that contact cards are sealed to.")
