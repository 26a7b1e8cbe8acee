"""A real SMTP server for tests: it keeps what it accepts, and misbehaves on demand."""

import asyncio
import logging
import ssl
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.local.ports import free_ports

LOOPBACK = "127.0.0.1"
GATE_SECONDS = 15.0


def _free_port() -> int:
    (port,) = free_ports(1)
    return port


@dataclass(slots=True)
class MailSink:
    """Accepts mail on a port of its own.

    `recipient_replies` answers RCPT, and `data_replies` the message, for an address; `cuts` is how many of
    the next messages are accepted with the connection cut instead of an answer. With `tls` it asks for
    STARTTLS, and with `account` for that user name and password. A `gate` holds up answers to RCPT.
    Without `smtputf8` it takes no address beyond ASCII. `addressed` is whom its mails went to.
    """

    port: int = field(default_factory=_free_port)
    mails: list[EmailMessage] = field(default_factory=list)
    recipient_replies: dict[str, str] = field(default_factory=dict)
    data_replies: dict[str, str] = field(default_factory=dict)
    cuts: int = 0
    tls: ssl.SSLContext | None = None
    account: tuple[str, str] | None = None
    gate: threading.Event | None = None
    smtputf8: bool = True
    addressed: list[str] = field(default_factory=list)
    refusals: int = field(default=0, init=False)
    asked: int = field(default=0, init=False)
    _controller: Any = field(default=None, init=False)

    async def start(self) -> None:
        """Listens; after `stop`, on the same port again."""
        # Its own log quotes addresses, and belongs to nobody's service.
        logging.getLogger("mail").propagate = False
        self._controller = Controller(
            self,
            hostname=LOOPBACK,
            port=self.port,
            enable_SMTPUTF8=self.smtputf8,
            tls_context=self.tls,
            require_starttls=self.tls is not None,
            auth_required=self.account is not None,
            authenticator=self._authenticate,
        )
        await asyncio.to_thread(self._controller.start)

    async def stop(self) -> None:
        """Refuses connections from now on."""
        if self._controller is not None:
            controller, self._controller = self._controller, None
            await asyncio.to_thread(controller.stop)

    def to(self, address: str) -> list[EmailMessage]:
        """Mails to an address, in the order of arrival."""
        return [mail for mail in list(self.mails) if mail["To"] == address]

    @property
    def recipients(self) -> Counter[str]:
        """How many mails each address got."""
        return Counter(str(mail["To"]) for mail in list(self.mails))

    def _authenticate(self, *arguments: Any) -> AuthResult:
        login: LoginPassword = arguments[-1]
        given = (login.login.decode(), login.password.decode())
        return AuthResult(success=given == self.account, handled=False)

    async def handle_RCPT(self, server: Any, _: Any, envelope: Any, address: str, __: Any) -> str:  # noqa: N802
        """aiosmtpd's hook."""
        self.asked += 1
        if self.gate is not None:
            await asyncio.to_thread(self.gate.wait, GATE_SECONDS)
        if not address.isascii() and not envelope.smtp_utf8:
            # As RFC 6531 has it; aiosmtpd itself lets it pass.
            return "553 MAIL did not ask for SMTPUTF8"
        reply = self.recipient_replies.get(address)
        if reply is not None:
            self.refusals += 1
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _: Any, envelope: Any) -> str:  # noqa: N802
        """aiosmtpd's hook."""
        reply = self.data_replies.get(envelope.rcpt_tos[0])
        if reply is not None:
            self.refusals += 1
            return reply
        self.addressed.extend(envelope.rcpt_tos)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        if self.cuts:
            self.cuts -= 1
            server.transport.abort()
        return "250 OK"


def new_certificate(directory: Path) -> Path:
    """A PEM file with a fresh key and its self-signed certificate for the loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = directory / "mail.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return file


def server_context(certificate: Path) -> ssl.SSLContext:
    """A server's TLS with that certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
