"""The settings that say where Kafka is and who logs in there, of services and of the command line."""

import re
import ssl
from functools import cached_property
from typing import Annotated, Self

from pydantic import AfterValidator, Field, FilePath, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.cluster import Cluster, Mechanism, Protocol
from shared.secret_files import SecretFiles

_SERVER = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})")
_PORTS = range(1, 65536)


def _are_servers(text: str) -> str:
    servers = [server.strip() for server in text.split(",")]
    found = [_SERVER.fullmatch(server) for server in servers]
    if not all(server and int(server[2]) in _PORTS for server in found):
        raise ValueError("must be host:port, and several separated by commas, without a scheme or an account")
    return ",".join(servers)


Servers = Annotated[str, AfterValidator(_are_servers)]
"""Kafka's bootstrap servers: host:port, comma-separated."""


class ClusterSettings(BaseSettings):
    """Kafka's servers and the account there; what doesn't go together is refused, with what would."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    kafka: Servers = Field("localhost:9092", description="Bootstrap servers, host:port, comma-separated.")
    kafka_security_protocol: Protocol = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, as Kafka's security.protocol."
    )
    kafka_sasl_mechanism: Mechanism = Field(
        "SCRAM-SHA-512", description="SCRAM-SHA-512, SCRAM-SHA-256, PLAIN or OAUTHBEARER."
    )
    kafka_username: str = Field("", description="The account, where the mechanism has one.")
    kafka_password: SecretStr = Field(SecretStr(""), description="The account's password.")
    kafka_ca_file: FilePath | None = Field(
        None, description="PEM certificates of the authority that signed the brokers'; else the system's."
    )
    kafka_certificate_file: FilePath | None = Field(
        None, description="The client's own certificate in PEM, where brokers ask for one."
    )
    kafka_key_file: FilePath | None = Field(
        None, description="The certificate's private key in PEM, unless it stands in the certificate's file."
    )
    kafka_key_password: SecretStr = Field(SecretStr(""), description="The private key's password.")
    kafka_token_file: FilePath | None = Field(
        None, description="OAUTHBEARER's token; read at each connection, so that it may be renewed."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given, then the environment, then the files that it names."""
        prefix = getattr(env_settings, "env_prefix", "")
        return init_settings, env_settings, SecretFiles(settings_cls, prefix)

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        cluster = self.cluster
        tokens = self.kafka_sasl_mechanism == "OAUTHBEARER"
        account = bool(cluster.username and cluster.password)
        files = (self.kafka_ca_file, self.kafka_certificate_file, self.kafka_key_file)
        contradictions = {
            "KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_TOKEN_FILE need KAFKA_SECURITY_PROTOCOL SASL_SSL": (
                not cluster.with_account and (cluster.username or cluster.password or cluster.token_file)
            ),
            f"KAFKA_SECURITY_PROTOCOL {cluster.security_protocol} needs KAFKA_USERNAME and KAFKA_PASSWORD, "
            "or KAFKA_PASSWORD_FILE, which names a file that holds it": (
                cluster.with_account and not tokens and not account
            ),
            "KAFKA_SASL_MECHANISM OAUTHBEARER needs KAFKA_TOKEN_FILE": (
                cluster.with_account and tokens and not cluster.token_file
            ),
            "KAFKA_CA_FILE, KAFKA_CERTIFICATE_FILE and KAFKA_KEY_FILE need KAFKA_SECURITY_PROTOCOL SSL or "
            "SASL_SSL": not cluster.encrypted and any(files),
            "KAFKA_KEY_FILE needs KAFKA_CERTIFICATE_FILE": cluster.key_file and not cluster.certificate_file,
        }
        for why, wrong in contradictions.items():
            if wrong:
                raise ValueError(why)
        try:
            cluster.options  # noqa: B018 (made once, and kept)
        except (OSError, ssl.SSLError):
            raise ValueError(
                "KAFKA_CA_FILE, KAFKA_CERTIFICATE_FILE or KAFKA_KEY_FILE: holds no certificate or key in "
                "PEM, the key is not the certificate's, or KAFKA_KEY_PASSWORD is another"
            ) from None
        return self

    @cached_property
    def cluster(self) -> Cluster:
        """Where Kafka is and who logs in."""
        return Cluster(
            self.kafka,
            self.kafka_security_protocol,
            self.kafka_sasl_mechanism,
            self.kafka_username,
            self.kafka_password.get_secret_value(),
            self.kafka_ca_file,
            self.kafka_certificate_file,
            self.kafka_key_file,
            self.kafka_key_password.get_secret_value(),
            self.kafka_token_file,
        )
