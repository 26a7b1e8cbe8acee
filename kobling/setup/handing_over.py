"""The files by which an account's password reaches whoever is to use it, in a directory of its owner alone.

Of each account, by its name: `.password`; for a service `.mongodb`, the URI of its database; for everybody
else `.conf` for kcat and whatever is built on librdkafka, `.properties` for Java, and `.env` for `kobling`.
"""

import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.cluster import Cluster
from shared.contracts.access import Principal

_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


def new_password() -> str:
    """Thirty-two random characters of which none needs to be quoted anywhere."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Secrets:
    """A directory of such files; it is made with the first."""

    directory: Path

    def has(self, account: str, kind: str = "password") -> bool:
        """Whether a file of the account is here."""
        return self._file(account, kind).exists()

    def password(self, account: str) -> str:
        """The account's password, made and written first where there is none. Raises OSError."""
        if not self.has(account):
            self.write(account, "password", new_password())
        return self.read(account, "password")

    def read(self, account: str, kind: str) -> str:
        """One of the account's files. Raises OSError."""
        return self._file(account, kind).read_text().rstrip("\r\n")

    def hand_over(self, principal: Principal, kafka: Cluster) -> list[Path]:
        """Writes how somebody reaches Kafka; returns the files that they are to be given."""
        account = principal.account
        own = Cluster(
            kafka.servers,
            kafka.security_protocol,
            kafka.sasl_mechanism,
            account,
            self.password(account),
            kafka.ca_file,
        )
        contents = {"conf": librdkafka(own), "properties": java(own), "env": _environment(own)}
        for kind, lines in contents.items():
            self.write(account, kind, "".join(f"{name}={value}\n" for name, value in lines.items()))
        return [self._file(account, kind) for kind in contents]

    def forget(self, account: str) -> None:
        """Removes what is here of an account."""
        for file in self.directory.glob(f"{account}.*"):
            if file.stem == account:
                file.unlink()

    def _file(self, account: str, kind: str) -> Path:
        return self.directory / f"{account}.{kind}"

    def write(self, account: str, kind: str, content: str) -> None:
        """Writes one of the account's files anew. Raises OSError."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Whole and renamed, so that nobody reads half of a password, and readable for nobody else ever.
        partial = self._file(account, f"{kind}.partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(content)
        partial.rename(self._file(account, kind))


def librdkafka(kafka: Cluster) -> Mapping[str, str]:
    """How clients that are built on librdkafka are told to connect, such as kcat and confluent-kafka."""
    settings = {"bootstrap.servers": kafka.servers, "security.protocol": kafka.security_protocol}
    if kafka.with_account:
        settings["sasl.mechanism"] = kafka.sasl_mechanism
        settings |= {"sasl.username": kafka.username, "sasl.password": kafka.password}
    if kafka.ca_file is not None:
        settings["ssl.ca.location"] = str(kafka.ca_file)
    return settings


def java(kafka: Cluster) -> Mapping[str, str]:
    """How Kafka's own command line, and others in Java, are told to connect."""
    login = f'{_LOGIN} required username="{kafka.username}" password="{kafka.password}";'
    settings = {
        "bootstrap.servers": kafka.servers,
        "security.protocol": kafka.security_protocol,
        "sasl.mechanism": kafka.sasl_mechanism,
        "sasl.jaas.config": login,
    }
    if kafka.ca_file is not None:
        settings |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(kafka.ca_file)}
    return settings


def _environment(kafka: Cluster) -> Mapping[str, str]:
    return {f"KOBLING_{name.upper()}": shlex.quote(value) for name, value in kafka.settings().items()}
