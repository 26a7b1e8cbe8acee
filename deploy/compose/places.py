"""Where the containers of one installation keep what they know of each other, and how they are found."""

from collections.abc import Mapping
from pathlib import Path

from deploy.local.mongodb import REPLICA_SET
from deploy.local.security import ADMINISTRATOR, mongodb_uri

ROOT = Path("/run/kobling")
"""Below it there is a volume for each reader, mounted there in every container that knows it."""
ACCOUNTS = "accounts"
CA_FILE = ROOT / "ca" / "ca.pem"
PASSWORD_FILE = ROOT / ACCOUNTS / f"{ADMINISTRATOR}.password"
KAFKA = "kafka:9092"
MONGODB = "mongodb:27017"
FOR_ITS_GROUP = 0o640
"""Servers of others' images have users of their own, and our group."""


def write(place: str, name: str, content: str | bytes) -> Path:
    """Writes a file of a volume, whole or not at all; returns it. Raises OSError."""
    file = ROOT / place / name
    partial = file.with_name(f"{name}.partial")
    partial.touch(mode=FOR_ITS_GROUP)
    partial.chmod(FOR_ITS_GROUP)
    partial.write_bytes(content.encode() if isinstance(content, str) else content)
    return partial.rename(file)


def administrator() -> Mapping[str, str]:
    """The settings with which `kobling` comes as the administrator. Raises OSError."""
    password = PASSWORD_FILE.read_text()
    options = f"replicaSet={REPLICA_SET}"
    return {
        **{f"KOBLING_{name.upper()}": value for name, value in kafka(password).items()},
        "KOBLING_MONGODB": mongodb_uri(MONGODB, options, ADMINISTRATOR, password, CA_FILE),
        "KOBLING_SECRETS": str(ROOT / ACCOUNTS),
    }


def kafka(password: str) -> Mapping[str, str]:
    """How the administrator reaches Kafka, as `ClusterSettings` takes it."""
    return {
        "kafka": KAFKA,
        "kafka_security_protocol": "SASL_SSL",
        "kafka_username": ADMINISTRATOR,
        "kafka_password": password,
        "kafka_ca_file": str(CA_FILE),
    }
