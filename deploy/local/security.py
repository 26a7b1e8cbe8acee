"""What guards a local stack that is secured: TLS, an account for its administrator, and no right for others.

Kafka has two listeners for clients: `CLIENTS`, where they log in with a password (SCRAM-SHA-512) or a token
(OAUTHBEARER), and `CERTIFIED`, where they show a certificate, whose common name is then their principal. The
broker itself is a client of the second, and of its controller's.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

from deploy.local.certificates import HERE, Authority
from shared.cluster import Cluster

ADMINISTRATOR = "administrator"
"""The account that may do everything, of Kafka and of MongoDB alike."""
BROKER = "kafka"
MEMBER = "mongodb"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
_TOKENS = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
_VALIDATOR = "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler"
AUDIENCE = "kobling"
"""What a token must be made out to (RFC 7519, `aud`)."""


def guarded(certificate: Path, ca_file: Path, *listeners: str) -> Mapping[str, str]:
    """What a broker is set to, so that clients log in with a password at these listeners, named in small
    letters, and with a certificate at `certified` and `controller`, and may do what they are granted alone.

    certificate: the broker's, with its key, in PEM.
    """
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{BROKER};User:{ADMINISTRATOR}",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificate),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ca_file),
        "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/",
        "listener.name.certified.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        **{f"listener.name.{name}.sasl.enabled.mechanisms": "SCRAM-SHA-512" for name in listeners},
        **{
            f"listener.name.{name}.scram-sha-512.sasl.jaas.config": f"{_SCRAM} required;"
            for name in listeners
        },
    }


def mongodb_uri(hosts: str, options: str, user: str, password: str, ca_file: Path) -> str:
    """A URI with which this user logs in, under TLS."""
    login = f"{quote_plus(user)}:{quote_plus(password)}"
    tls = f"tls=true&tlsCAFile={quote_plus(str(ca_file))}&authSource=admin"
    return f"mongodb://{login}@{hosts}/?{options}&{tls}"


@dataclass(frozen=True)
class Security:
    """Certificates and the administrator's password of one stack, in its directory, which its owner alone
    may read.
    """

    authority: Authority
    password: str

    @classmethod
    def made(cls, directory: Path) -> "Security":
        """New ones below `directory`."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.chmod(0o700)
        authority = Authority.made(directory)
        # Whoever administers this stack signs accounts' certificates, and has its administrator's password.
        authority.keep_key()
        for name in (BROKER, MEMBER):
            authority.sign(name, *HERE)
        made = cls(authority, secrets.token_urlsafe(24))
        made._write("keyfile", secrets.token_hex(256))
        made._write("jwks.json", '{"keys": []}')
        return made

    @property
    def directory(self) -> Path:
        """Where everything is."""
        return self.authority.directory

    @property
    def keys_of_tokens(self) -> Path:
        """The keys (RFC 7517) with which tokens may be signed; none, until somebody writes some."""
        return self.directory / "jwks.json"

    def cluster(self, servers: str) -> Cluster:
        """Kafka, as its administrator reaches it."""
        return Cluster(
            servers,
            "SASL_SSL",
            username=ADMINISTRATOR,
            password=self.password,
            ca_file=self.authority.ca_file,
        )

    def broker_settings(self) -> Mapping[str, str]:
        """What Kafka's broker is set to besides; the listeners' protocols and addresses are another's."""
        clients = "listener.name.clients"
        tokens = f"{clients}.oauthbearer.sasl"
        return {
            **guarded(self.directory / f"{BROKER}.pem", self.authority.ca_file, "clients"),
            f"{clients}.sasl.enabled.mechanisms": "SCRAM-SHA-512,OAUTHBEARER",
            f"{tokens}.jaas.config": f"{_TOKENS} required;",
            f"{tokens}.server.callback.handler.class": _VALIDATOR,
            f"{tokens}.oauthbearer.jwks.endpoint.url": self.keys_of_tokens.as_uri(),
            f"{tokens}.oauthbearer.expected.audience": AUDIENCE,
        }

    def java_options(self) -> list[str]:
        """What the broker's Java needs to be told besides."""
        return [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self.keys_of_tokens.as_uri()}"]

    def format_options(self) -> list[str]:
        """What Kafka's StorageTool is told besides: the administrator's account, for the first to log in."""
        return ["--add-scram", f"SCRAM-SHA-512=[name={ADMINISTRATOR},password={self.password}]"]

    def member_options(self) -> list[str]:
        """What `mongod` is told besides. Clients need no certificate: they have a password."""
        return [
            *("--tlsMode", "requireTLS"),
            *("--tlsCertificateKeyFile", str(self.directory / f"{MEMBER}.pem")),
            *("--tlsCAFile", str(self.authority.ca_file)),
            "--tlsAllowConnectionsWithoutCertificates",
            *("--keyFile", str(self.directory / "keyfile")),
        ]

    def uri(self, hosts: str, options: str, user: str = ADMINISTRATOR, password: str = "") -> str:
        """A MongoDB URI of this user, else of the administrator."""
        return mongodb_uri(hosts, options, user, password or self.password, self.authority.ca_file)

    def _write(self, name: str, content: str) -> None:
        file = self.directory / name
        file.touch(mode=0o600)
        file.write_text(content)
