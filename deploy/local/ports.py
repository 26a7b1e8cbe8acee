"""Free ports on the loopback interface, and who listens on which."""

import fcntl
import os
import secrets
import socket
import sys
import tempfile
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"

_LOWEST = 10_000
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_EPHEMERAL_START = 32_768
_TRIES = 1_000
_LISTEN = "0A"  # TCP_LISTEN in linux/tcp_states.h
_reserved: list[IO[bytes]] = []
"""Locked files, one for each port that this process was given: the kernel frees them when it ends."""
_MAPPED = bytes(10) + b"\xff\xff"


def free_ports(count: int) -> list[int]:
    """`count` different ports that nobody listens on, and that no running process was given by this function.

    They lie below the kernel's ephemeral range: while a server is down, a client that retries from an
    ephemeral port equal to the server's connects to itself and keeps the server from coming back.

    Raises OSError when no free ports are found.
    """
    found: list[int] = []
    for _ in range(_TRIES):
        if len(found) == count:
            return found
        port = _LOWEST + secrets.randbelow(_ephemeral_start() - _LOWEST)
        if _is_free(port) and _reserve(port):
            found.append(port)
    raise OSError(f"no {count} free ports on {LOOPBACK}")


def _is_free(port: int) -> bool:
    with socket.socket() as candidate:
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _reserve(port: int) -> bool:
    """Keeps a port for this process; False where it, or another process, was given it before."""
    directory = Path(tempfile.gettempdir(), f"kobling-ports-{os.getuid()}")
    directory.mkdir(exist_ok=True)
    file = (directory / str(port)).open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    _reserved.append(file)
    return True


def listening(pid: int) -> list[tuple[str, int]]:
    """Addresses and ports on which a process of ours listens (Linux); empty when it has ended.

    An IPv4 address, mapped into IPv6 or not, is shown dotted; any other as 32 hexadecimal digits.
    """
    found: list[tuple[str, int]] = []
    try:
        handles = [str(handle.readlink()) for handle in Path(f"/proc/{pid}/fd").iterdir()]
        sockets = {handle[len("socket:[") : -1] for handle in handles if handle.startswith("socket:[")}
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                _, local, _, state, *_, inode = line.split()[:10]
                if state == _LISTEN and inode in sockets:
                    host, _, port = local.partition(":")
                    found.append((_readable(host), int(port, 16)))
    except (FileNotFoundError, ProcessLookupError):
        # The process, or one of its files, went while we looked.
        return []
    return found


def _readable(host: str) -> str:
    """An address of /proc/net/tcp: 32-bit words in the machine's byte order."""
    words = (bytes.fromhex(host[start : start + 8]) for start in range(0, len(host), 8))
    address = b"".join(int.from_bytes(word, sys.byteorder).to_bytes(4, "big") for word in words)
    mapped = address.removeprefix(_MAPPED)
    return ".".join(str(byte) for byte in mapped) if len(mapped) == len(_MAPPED) // 3 else host


def _ephemeral_start() -> int:
    try:
        start = int(_EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _USUAL_EPHEMERAL_START
    return start if start > _LOWEST else _USUAL_EPHEMERAL_START
