"""Kafka as a client reaches it: where it is, and who the client is to it."""

import ssl
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from aiokafka.abc import AbstractTokenProvider

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
"""Kafka's `security.protocol`."""
Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER"]
"""Kafka's `sasl.mechanism`, as far as aiokafka has it without Kerberos."""


@dataclass(frozen=True)
class Cluster:
    """Bootstrap servers and an account: whatever opens a client of Kafka is given one.

    servers: `host:port[,host:port…]`. `ca_file`: PEM certificates of whoever may have signed the brokers';
    the system's where there is none. `certificate_file`, `key_file`: the client's own, in PEM, where the
    broker asks for one (mTLS); the key may stand in the certificate's file. `token_file`: what OAUTHBEARER
    sends, read at each connection, so that whoever renews the token writes the file anew.
    """

    servers: str
    security_protocol: Protocol = "PLAINTEXT"
    sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    key_password: str = field(default="", repr=False)
    token_file: Path | None = None

    def __str__(self) -> str:
        return self.servers

    @property
    def encrypted(self) -> bool:
        """Whether it is spoken to under TLS."""
        return self.security_protocol.endswith("SSL")

    @property
    def with_account(self) -> bool:
        """Whether the client logs in by SASL."""
        return self.security_protocol.startswith("SASL_")

    @cached_property
    def options(self) -> dict[str, Any]:
        """What a client of aiokafka's takes. Raises OSError where a file can't be read, and ssl.SSLError
        where it holds no certificate or key.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": self.servers.split(","),
            "security_protocol": self.security_protocol,
        }
        if self.encrypted:
            options["ssl_context"] = self.tls()
        if self.with_account:
            options["sasl_mechanism"] = self.sasl_mechanism
            if self.token_file is not None:
                options["sasl_oauth_token_provider"] = TokenFile(self.token_file)
            else:
                options |= {"sasl_plain_username": self.username, "sasl_plain_password": self.password}
        return options

    def tls(self) -> ssl.SSLContext:
        """How connections are encrypted: the broker's name and certificate are checked. Raises as above."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file is not None:
            # Never asked for at a terminal, where nobody sits.
            context.load_cert_chain(self.certificate_file, self.key_file, lambda: self.key_password)
        return context

    def settings(self) -> dict[str, str]:
        """What `ClusterSettings` takes for it, by field; whatever is as unless set is left out."""
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "servers"}
        defaults = {one.name: one.default for one in fields(self)}
        own = {f"kafka_{name}": str(value) for name, value in given.items() if value != defaults[name]}
        return {"kafka": self.servers, **own}


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]
    """OAUTHBEARER's token, as it stands in a file now."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    async def token(self) -> str:
        """The token. Raises OSError where the file can't be read."""
        # A few hundred bytes of a local file, once a connection.
        return self._file.read_text().strip()
