"""The wire form of sealed data: readable by the holder of one private key, bound to one subject."""

from typing import Annotated

from pydantic import StringConstraints

from shared.contracts.example import example
from shared.contracts.fields import Contract

Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]*={0,2}$", max_length=100_000)]
KeyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,60}$")]


class Sealed(Contract):
    """X25519 key agreement, HKDF-SHA-256 and AES-256-GCM; all bytes in URL-safe base 64.

    `key_id` names the reader's key; `ephemeral` is the sender's public key (32 bytes), `nonce` 12 bytes,
    `ciphertext` with its 16-byte tag. The associated data is the subject, so a card can't be moved to
    another person's record.
    """

    model_config = example(
        {
            "key_id": "notifications-1",
            "ephemeral": "ZXhhbXBsZSBvZiBhbiBlcGhlbWVyYWwga2V5IDMyIGI=",
            "nonce": "ZXhhbXBsZS1ub25j",
            "ciphertext": "c2VhbGVkIHRleHQsIGFuZCBhIHRhZyBvZiAxNiBieXRlcw==",
        }
    )

    key_id: KeyId
    ephemeral: Base64
    nonce: Base64
    ciphertext: Base64
