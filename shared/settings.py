"""What every service is told: one class, a unit and a default for each setting, read from the environment."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings that all services share; each adds its own under its own prefix, such as `MATCHING_`."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    kafka: str = Field("localhost:9092", description="Bootstrap servers, host:port, comma-separated.")
    mongodb: SecretStr = Field(
        SecretStr("mongodb://localhost:27017/?directConnection=true"),
        description="MongoDB URI of a replica set; may hold a password.",
    )
    database: str = Field("", description="The database that this service alone uses; its own name if empty.")
    topic_prefix: str = Field(
        "", pattern=r"^[a-z0-9.-]*$", description="Put before every topic, group and transactional id."
    )
    http_host: str = Field("127.0.0.1", description="Address of the health endpoint.")
    http_port: Annotated[int, Field(ge=0, le=65535, description="Port of the health endpoint; 0 is any.")] = 0
    log_level: str = Field("INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    clock_offset: timedelta = Field(
        timedelta(), description="Added to the clock: a demonstration of another year, or a test of skew."
    )
    batch_records: Annotated[int, Field(ge=1, le=10_000, description="Most records in one transaction.")] = (
        500
    )
    batch_bytes: Annotated[
        int, Field(ge=64 * 1024, description="Most bytes of record values in one transaction.")
    ] = 8 * 1024 * 1024
    relay_rows: Annotated[
        int, Field(ge=1, le=10_000, description="Most records in one relay transaction.")
    ] = 1000
    relay_poll: timedelta = Field(
        timedelta(milliseconds=100), description="How often an idle relay looks for other replicas' rows."
    )
    due_poll: timedelta = Field(timedelta(seconds=1), description="How often due rows are looked for.")
    drain: timedelta = Field(
        timedelta(seconds=10), description="How long a stopping service may finish what it has begun."
    )
