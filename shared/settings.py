"""What every service is told: one class, a unit and a default for each setting, read from the environment."""

import base64
import binascii
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings

from shared.clock import Clock, FileTime, read_offset
from shared.cluster_settings import ClusterSettings
from shared.mongo import is_uri
from shared.sealing import is_public_key
from shared.secret_files import FromFile, SecretFileError

KEY_BYTES = 32


def _is_key(text: SecretStr) -> SecretStr:
    try:
        size = len(base64.urlsafe_b64decode(text.get_secret_value()))
    except (ValueError, binascii.Error):
        size = -1
    if size != KEY_BYTES:
        raise ValueError("must be 32 bytes in URL-safe base 64, as `kobling keys new` makes them")
    return text


def _is_public_key(text: str) -> str:
    if not is_public_key(text):
        raise ValueError(
            "must be a public key (X25519), 32 bytes in URL-safe base 64: "
            "the other half of the private key that notifications has, as `kobling keys new` makes them"
        )
    return text


def _is_uri(text: SecretStr) -> SecretStr:
    if not is_uri(text.get_secret_value()):
        raise ValueError(
            "must be a MongoDB URI, mongodb://user:password@host:27017/?replicaSet=name, with options that "
            "exist; in user and password write %40 for @, %3A for :, %2F for / and %25 for %"
        )
    return text


def _is_clock_file(file: Path) -> Path:
    try:
        read_offset(file)
    except (OSError, ValueError):
        raise ValueError("must be a file that holds a span, such as PT0S or P30D") from None
    return file


MongoUri = Annotated[SecretStr, AfterValidator(_is_uri)]
"""A MongoDB URI that the client takes."""

Key = Annotated[SecretStr, AfterValidator(_is_key)]
"""A key of 32 bytes in URL-safe base 64."""

PublicKey = Annotated[str, AfterValidator(_is_public_key), FromFile()]
"""A public key (X25519) in URL-safe base 64, to which data can be sealed."""


ClockFile = Annotated[Path, AfterValidator(_is_clock_file)]
"""A file that holds what to add to the clock."""


class ServiceSettings(ClusterSettings):
    """Settings that all services share; each adds its own under its own prefix, such as `MATCHING_`."""

    mongodb: MongoUri = Field(
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
    clock_file: ClockFile | None = Field(
        None,
        description="A file whose span is added to the clock in place of `clock_offset`, read whenever it "
        "changes: a story of a year whose services run on. The clock goes forward alone.",
    )
    batch_records: Annotated[int, Field(ge=1, le=10_000, description="Most records in one transaction.")] = (
        1000
    )
    batch_bytes: Annotated[
        int, Field(ge=64 * 1024, description="Most bytes of record values in one transaction.")
    ] = 8 * 1024 * 1024
    relay_rows: Annotated[
        int, Field(ge=1, le=10_000, description="Records in one relay transaction, give or take a bundle.")
    ] = 1000
    relay_shards: Annotated[
        Literal[1, 2, 4, 8, 16],
        # From the environment it comes as text, which a Literal of numbers takes for another value.
        BeforeValidator(lambda given: int(given) if str(given).isdigit() else given),
        Field(description="Relays that share the outbox."),
    ] = 1
    relay_poll: timedelta = Field(
        timedelta(milliseconds=250), description="How often an idle relay looks for other replicas' rows."
    )
    due_poll: timedelta = Field(timedelta(seconds=1), description="How often due rows are looked for.")
    drain: timedelta = Field(
        timedelta(seconds=10), description="How long a stopping service may finish what it has begun."
    )

    def clock(self) -> Clock:
        """What says the time to whatever is set so."""
        return (
            Clock(self.clock_offset) if self.clock_file is None else Clock(source=FileTime(self.clock_file))
        )


S = TypeVar("S", bound=BaseSettings)


def load_settings(kind: type[S], *, prefix: str = "", **given: Any) -> S:
    """The settings from the environment; ends the process with 2 and a line for each missing or wrong one.

    The lines name the variables and never show a value: other variables that were set may be secrets.
    prefix: instead of the kind's own. given: settings that stand before the environment's.
    """
    prefix = prefix or kind.model_config.get("env_prefix", "")
    try:
        return kind(_env_prefix=prefix, **given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        lines = [f"{_variable(prefix, fault['loc'])}: {fault['msg']}" for fault in faults]
    except SecretFileError as error:
        lines = [str(error)]
    sys.stderr.write("\n".join(["These settings are missing or wrong:", *lines]) + "\n")
    sys.exit(2)


def _variable(prefix: str, location: tuple[int | str, ...]) -> str:
    """A setting's variable, or how all of them begin where several don't go together."""
    return f"{prefix}{'_'.join(map(str, location)).upper() or '*'}"
