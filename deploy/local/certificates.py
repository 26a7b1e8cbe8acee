"""A throw-away certificate authority for the servers and clients of one machine: nobody else trusts it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = timedelta(days=30)
"""A stack lives for hours; what is found of it later is of no use."""
BEFORE = timedelta(days=1)
"""Clocks of containers and of other machines may be behind."""
HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Authority:
    """Signs certificates into its directory: `ca.pem`, and `<name>.pem` with key and certificate of each."""

    directory: Path
    _key: EllipticCurvePrivateKey
    _name: x509.Name
    _valid: timedelta

    @classmethod
    def made(cls, directory: Path, valid: timedelta = VALID) -> "Authority":
        """A new one; its own key is in no file. It and what it signs are good for so long."""
        directory.mkdir(parents=True, exist_ok=True)
        key = generate_private_key(SECP256R1())
        authority = cls(directory, key, _named("Kobling's throw-away authority"), valid)
        # RFC 5280, 4.2.1.3 and 4.2.1.9: what makes it one, and what its key may be used for.
        certificate = (
            authority._certificate(authority._name, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_signs(), critical=True)
            .sign(key, hashes.SHA256())
        )
        authority.ca_file.write_bytes(certificate.public_bytes(Encoding.PEM))
        return authority

    @property
    def ca_file(self) -> Path:
        """The certificate that whoever comes here is to trust."""
        return self.directory / "ca.pem"

    def keep_key(self) -> Path:
        """Writes its own key beside its certificate, as `ca.key`: who may read it can sign as it does."""
        return self._write("ca.key", _plain(self._key))

    def sign(self, name: str, *hosts: str) -> Path:
        """A certificate for `name`, as a server that is found at `hosts` and as a client; its file."""
        key = generate_private_key(SECP256R1())
        certificate = (
            self._certificate(_named(name), key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
        )
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            certificate = certificate.add_extension(names, critical=False)
        signed = certificate.sign(self._key, hashes.SHA256())
        # Kafka and MongoDB both take the key and its certificate in one file.
        return self._write(f"{name}.pem", _plain(key) + signed.public_bytes(Encoding.PEM))

    def _write(self, name: str, content: bytes) -> Path:
        """Writes a file that its owner alone may read."""
        file = self.directory / name
        file.touch(mode=0o600)
        file.write_bytes(content)
        return file

    def _certificate(self, subject: x509.Name, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BEFORE)
            .not_valid_after(now + self._valid)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )


def end_of(file: Path) -> datetime:
    """Until when the first certificate of a file in PEM is good. Raises OSError and ValueError."""
    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc


def _plain(key: EllipticCurvePrivateKey) -> bytes:
    """The key in PEM, in the form that Java reads (PKCS 8)."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _signs() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
