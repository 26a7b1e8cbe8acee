"""Encryption: data sealed to a reader's public key, and fields encrypted under a key per subject.

Sealing agrees one key per sender and reader (X25519, then HKDF-SHA-256) and uses it for many cards with
AES-256-GCM and random 96-bit nonces; a sender renews its ephemeral key long before NIST SP 800-38D's limit
of 2^32 messages. Associated data binds a cipher text to its subject.
"""

import base64
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.contracts.sealed import Sealed
from shared.randomness import random_bytes

KEY_BYTES = 32
NONCE_BYTES = 12
SEALS_PER_EPHEMERAL = 1 << 20


class SealingError(ValueError):
    """Sealed data that can't be opened: another key, another subject, or changed on the way."""


def encode(raw: bytes) -> str:
    """URL-safe base 64, as contracts carry bytes."""
    return base64.urlsafe_b64encode(raw).decode()


def decode(text: str) -> bytes:
    """The bytes of `encode`; raises SealingError where the text is not base 64."""
    try:
        return base64.urlsafe_b64decode(text)
    except ValueError:
        raise SealingError("not URL-safe base 64") from None


def new_key_pair() -> tuple[str, str]:
    """A fresh X25519 (private, public) pair, each 32 bytes in base 64."""
    private = X25519PrivateKey.generate()
    return encode(private.private_bytes_raw()), encode(private.public_key().public_bytes_raw())


def is_public_key(text: str) -> bool:
    """Whether data can be sealed to it: 32 bytes in base 64, and no point that agrees on no secret."""
    try:
        point = X25519PublicKey.from_public_bytes(decode(text))
        X25519PrivateKey.generate().exchange(point)
    except ValueError:
        return False
    return True


def _derive(shared: bytes, ephemeral: bytes, reader: bytes) -> AESGCM:
    info = b"kobling sealed v1" + ephemeral + reader
    return AESGCM(HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(shared))


@dataclass(slots=True)
class Sealer:
    """Seals data to one reader: `key_id` names the key, `public_key` is its 32 bytes in base 64."""

    key_id: str
    public_key: str
    _seals: int = field(default=0, init=False)
    _ephemeral: bytes = field(default=b"", init=False)
    _cipher: AESGCM | None = field(default=None, init=False)

    def seal(self, plain: bytes, subject: str) -> Sealed:
        """Seals `plain` so that it opens with the reader's key and this subject alone."""
        cipher = self._current()
        nonce = random_bytes(NONCE_BYTES)
        return Sealed(
            key_id=self.key_id,
            ephemeral=encode(self._ephemeral),
            nonce=encode(nonce),
            ciphertext=encode(cipher.encrypt(nonce, plain, subject.encode())),
        )

    def _current(self) -> AESGCM:
        if self._cipher is None or self._seals >= SEALS_PER_EPHEMERAL:
            reader = decode(self.public_key)
            private = X25519PrivateKey.generate()
            self._ephemeral = private.public_key().public_bytes_raw()
            shared = private.exchange(X25519PublicKey.from_public_bytes(reader))
            self._cipher, self._seals = _derive(shared, self._ephemeral, reader), 0
        self._seals += 1
        return self._cipher


def sealer_to(key_id: str | None, public_key: str | None) -> Sealer | None:
    """What seals to an operator's key as `operators.v1` has it; None where nothing can be sealed to it."""
    if key_id is None or public_key is None or not is_public_key(public_key):
        return None
    return Sealer(key_id, public_key)


@dataclass(slots=True)
class Opener:
    """Opens what was sealed to one private key (32 bytes in base 64) that goes by `key_id`."""

    key_id: str
    private_key: str
    _ciphers: dict[str, AESGCM] = field(default_factory=dict, init=False)

    def open(self, sealed: Sealed, subject: str) -> bytes:
        """The plain text; raises SealingError for another key, another subject or changed bytes."""
        if sealed.key_id != self.key_id:
            raise SealingError("sealed to another key")
        try:
            return self._cipher(sealed.ephemeral).decrypt(
                decode(sealed.nonce), decode(sealed.ciphertext), subject.encode()
            )
        except (InvalidTag, ValueError):
            raise SealingError("does not open with this key and subject") from None

    def _cipher(self, ephemeral: str) -> AESGCM:
        found = self._ciphers.get(ephemeral)
        if found is None:
            private = X25519PrivateKey.from_private_bytes(decode(self.private_key))
            public = private.public_key().public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw
            )
            theirs = decode(ephemeral)
            shared = private.exchange(X25519PublicKey.from_public_bytes(theirs))
            # A cache of a few senders' keys; cleared when it grows, since anyone can make ephemeral keys.
            if len(self._ciphers) > 1000:  # noqa: PLR2004
                self._ciphers.clear()
            found = self._ciphers[ephemeral] = _derive(shared, theirs, public)
        return found


@dataclass(frozen=True, slots=True)
class FieldCipher:
    """Encrypts a service's own fields. `master` (32 bytes) wraps each subject's key.

    Destroying a subject's wrapped key makes every copy of its fields unreadable, backups included.
    """

    master: bytes
    _wrapping: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_wrapping", AESGCM(self.master))

    def new_key(self, subject: str) -> tuple[bytes, bytes]:
        """A fresh (key, wrapped key) for a subject; only the wrapped one is stored."""
        key = random_bytes(KEY_BYTES)
        return key, _encrypt(self._wrapping, key, subject)

    def unwrap(self, wrapped: bytes, subject: str) -> bytes:
        """The subject's key; raises SealingError where it was wrapped for another subject or master."""
        return _decrypt(self._wrapping, wrapped, subject)

    @staticmethod
    def encrypt(key: bytes, plain: bytes, subject: str) -> bytes:
        """Nonce and cipher text, bound to the subject."""
        return _encrypt(AESGCM(key), plain, subject)

    @staticmethod
    def decrypt(key: bytes, cipher: bytes, subject: str) -> bytes:
        """The plain text; raises SealingError where key, subject or bytes don't fit."""
        try:
            return _decrypt(AESGCM(key), cipher, subject)
        except ValueError:
            raise SealingError("does not decrypt with this key and subject") from None


def _encrypt(cipher: AESGCM, plain: bytes, subject: str) -> bytes:
    nonce = random_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, subject.encode())


def _decrypt(cipher: AESGCM, sealed: bytes, subject: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], subject.encode())
    except (InvalidTag, ValueError):
        raise SealingError("does not decrypt with this key and subject") from None
