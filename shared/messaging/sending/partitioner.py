"""Which partition a key belongs to: Kafka's default, murmur2, so that any client finds a key's records."""

import struct
from collections.abc import Collection

_SEED, _MULTIPLIER, _SHIFT = 0x9747B28C, 0x5BD1E995, 24
_MASK = 0xFFFFFFFF
_POSITIVE = 0x7FFFFFFF


def murmur2(key: bytes) -> int:
    """The 32-bit MurmurHash2 that Kafka's clients use, unsigned.

    aiokafka's own reads byte by byte and takes several times as long; a test holds the two together.
    """
    length = len(key)
    whole = length & ~3
    value = _SEED ^ length
    for word in struct.unpack_from(f"<{length >> 2}I", key):
        mixed = word * _MULTIPLIER & _MASK
        value = (value * _MULTIPLIER & _MASK) ^ ((mixed ^ mixed >> _SHIFT) * _MULTIPLIER & _MASK)
    if whole < length:
        value = (value ^ int.from_bytes(key[whole:], "little")) * _MULTIPLIER & _MASK
    value = (value ^ value >> 13) * _MULTIPLIER & _MASK
    return value ^ value >> 15


def partition_of(key: bytes | None, partitions: Collection[int], fallback: int) -> int:
    """A key's partition; a record without one goes where `fallback`, any number, takes it."""
    if len(partitions) == 1:
        # As with every receipt: nothing to find out.
        return 0
    return (fallback if key is None else murmur2(key) & _POSITIVE) % len(partitions)
