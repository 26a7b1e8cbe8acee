"""What keeps stored records, replies and due rows unreadable in services that hold personal data in them."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordCipher:
    """Encrypts bytes, bound to a context such as a dead letter's id, and decrypts them in that context."""

    encrypt: Callable[[bytes, str], bytes]
    decrypt: Callable[[bytes, str], bytes]


def stored(cipher: RecordCipher | None, content: bytes | None, context: str) -> bytes | None:
    """Content as it is stored: cipher text, or itself where the service has no cipher."""
    return content if content is None or cipher is None else cipher.encrypt(content, context)


def restored(cipher: RecordCipher | None, content: bytes | None, context: str) -> bytes | None:
    """What `stored` was given."""
    return content if content is None or cipher is None else cipher.decrypt(content, context)
