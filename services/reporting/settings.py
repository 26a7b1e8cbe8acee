"""Reporting's settings, read from `REPORTING_*`."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What reporting needs besides every service's settings."""

    model_config = SettingsConfigDict(
        env_prefix="REPORTING_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    publish_every: timedelta = Field(
        timedelta(days=1),
        description="How often figures that changed are published. A shorter time tells more closely when a "
        "fifth person was counted.",
    )
    close_after: timedelta = Field(
        timedelta(days=1),
        description="How long a month stays open after its end, for what is recorded late; then it is final.",
    )
