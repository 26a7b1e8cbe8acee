"""Matching's settings, read from `MATCHING_*`."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What matching needs besides every service's settings."""

    model_config = SettingsConfigDict(
        env_prefix="MATCHING_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    proposals_per_transaction: Annotated[
        int, Field(ge=1, le=100, description="Most proposals written at once.")
    ] = 100
    again_after: timedelta = Field(
        timedelta(seconds=5), description="When a pool is tried again whose people changed during a round."
    )
