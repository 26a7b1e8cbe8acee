"""`python -m deploy.compose.prepare`: certificates, passwords and keys, unless they are there, and the
broker's settings, each in the volume of whoever reads it.
"""

import os
import secrets
import tempfile
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.compose.places import ACCOUNTS, CA_FILE, PASSWORD_FILE, ROOT, write
from deploy.local.certificates import HERE, Authority, end_of
from deploy.local.kafka import BROKER_SETTINGS
from deploy.local.security import BROKER, MEMBER, guarded
from kobling.keys import new_keys
from kobling.setup.handing_over import new_password

VALID = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=30)
"""An installation that is started so shortly before its certificates' end gets others."""
KEYS: Mapping[str, tuple[str, str]] = {
    "card_private": ("notifications", "card_private.key"),
    "card_public": ("intake", "card_public.key"),
    "case": ("intake", "case.key"),
    "master": ("intake", "master.key"),
}
"""The volume and the file of each key. Intake's master key is written last: with it all are there."""
_LISTENERS = {"CLIENTS": ":9092", "HOST": ":9095", "CERTIFIED": ":9094", "CONTROLLER": "127.0.0.1:9093"}
_PROTOCOLS = "CLIENTS:SASL_SSL,HOST:SASL_SSL,CERTIFIED:SSL,CONTROLLER:SSL"


def certificates(now: datetime) -> bool:
    """Makes an authority and has it sign for the servers, unless theirs are good for a while; whether it did.

    The authority's own key is kept nowhere. Raises OSError.
    """
    if CA_FILE.exists() and end_of(CA_FILE) > now + RENEWED_BEFORE:
        return False
    with tempfile.TemporaryDirectory() as name:
        authority = Authority.made(Path(name), VALID)
        for server in (BROKER, MEMBER):
            write(server, f"{server}.pem", authority.sign(server, server, *HERE).read_bytes())
        # Last: with it all are there.
        write("ca", CA_FILE.name, authority.ca_file.read_bytes())
    return True


def passwords() -> bool:
    """Makes the administrator's password and what else is made once, unless it is there; whether it did."""
    if PASSWORD_FILE.exists():
        return False
    password = new_password()
    write(MEMBER, "keyfile", secrets.token_hex(256))
    # One that began with a dash would be read as an option.
    identity = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
    write(BROKER, "cluster.id", identity)
    write(BROKER, PASSWORD_FILE.name, password)
    write("grafana", PASSWORD_FILE.name, new_password())
    # Last: with it all are there.
    write(ACCOUNTS, PASSWORD_FILE.name, password)
    return True


def keys() -> bool:
    """Makes the services' keys, unless they are there; whether it did."""
    place, name = KEYS["master"]
    if (ROOT / place / name).exists():
        return False
    made = new_keys()
    for key, (place, name) in KEYS.items():
        write(place, name, made[key])
    return True


def broker_settings(host_port: str) -> Mapping[str, str]:
    """What Kafka is set to: clients in the network find it by its name, those on the host at this port."""
    advertised = {"CLIENTS": "kafka:9092", "HOST": f"localhost:{host_port}", "CERTIFIED": "kafka:9094"}
    return {
        **BROKER_SETTINGS,
        **guarded(ROOT / BROKER / f"{BROKER}.pem", CA_FILE, "clients", "host"),
        "inter.broker.listener.name": "CERTIFIED",
        "listener.security.protocol.map": _PROTOCOLS,
        "listeners": ",".join(f"{name}://{address}" for name, address in _LISTENERS.items()),
        "advertised.listeners": ",".join(f"{name}://{address}" for name, address in advertised.items()),
        "controller.quorum.bootstrap.servers": _LISTENERS["CONTROLLER"],
        "log.dirs": "/var/lib/kafka/data",
    }


def main() -> None:
    """Does all of it and says what was new, without a value."""
    os.umask(0o027)
    new = {"certificates": certificates(datetime.now(UTC)), "passwords": passwords(), "keys": keys()}
    settings = broker_settings(os.environ["KAFKA_PORT"])
    lines = "".join(f"{name}={value}\n" for name, value in settings.items())
    write(BROKER, "server.properties", lines)
    print(*(f"{what}: {'made' if made else 'there'}" for what, made in new.items()), sep="\n")  # noqa: T201


if __name__ == "__main__":
    main()
