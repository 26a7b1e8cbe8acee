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
        return self._file(account, "password").read_text()

    def hand_over(self, principal: Principal, kafka: Cluster) -> list[Path]:
        """Writes how somebody reaches Kafka; returns the files that they are to be given."""
        account, password = principal.account, self.password(principal.account)
        contents = {
            "conf": _librdkafka(kafka, account, password),
            "properties": _java(kafka, account, password),
            "env": _environment(kafka, account, password),
        }
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


def _librdkafka(kafka: Cluster, account: str, password: str) -> Mapping[str, str]:
    trusted = {} if kafka.ca_file is None else {"ssl.ca.location": str(kafka.ca_file)}
    return {
        "bootstrap.servers": kafka.servers,
        "security.protocol": kafka.security_protocol,
        "sasl.mechanism": kafka.sasl_mechanism,
        "sasl.username": account,
        "sasl.password": password,
        **trusted,
    }


def _java(kafka: Cluster, account: str, password: str) -> Mapping[str, str]:
    trusted = (
        {}
        if kafka.ca_file is None
        else {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(kafka.ca_file)}
    )
    return {
        "bootstrap.servers": kafka.servers,
        "security.protocol": kafka.security_protocol,
        "sasl.mechanism": kafka.sasl_mechanism,
        "sasl.jaas.config": f'{_LOGIN} required username="{account}" password="{password}";',
        **trusted,
    }


def _environment(kafka: Cluster, account: str, password: str) -> Mapping[str, str]:
    settings = Cluster(
        kafka.servers,
        kafka.security_protocol,
        kafka.sasl_mechanism,
        account,
        password,
        kafka.ca_file,
    ).settings()
    return {f"KOBLING_{name.upper()}": shlex.quote(value) for name, value in settings.items()}
