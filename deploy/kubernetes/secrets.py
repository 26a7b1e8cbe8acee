"""The Secrets of a new installation: passwords and keys that are made once, and never printed again."""

from base64 import b64encode
from collections.abc import Mapping

from deploy.kubernetes.strimzi import KEDA, NAMESPACE, PASSWORDS, SET_UP, Manifest
from kobling.keys import new_keys
from kobling.setup.databases import password_of, uri_of
from kobling.setup.handing_over import new_password
from shared.contracts.access import Principal
from shared.contracts.topics import SERVICES

OURS = "kobling"
"""The services' namespace."""


def fresh(mongodb: str) -> list[Manifest]:
    """Every Secret, with values that nobody else has.

    They are immutable: whoever makes them twice is refused, and no key is lost under data that was
    written with it. mongodb: the administrator's URI; raises ValueError where it is none.
    """
    # Whether its options hold is for whoever connects to say: the certificates that they name are elsewhere.
    if not mongodb.startswith(("mongodb://", "mongodb+srv://")) or password_of(mongodb) is None:
        raise ValueError(
            "KOBLING_MONGODB must be the URI of MongoDB's administrator: mongodb://user:password@…"
        )
    passwords = {account: new_password() for account in (*_accounts().values(), KEDA.account, SET_UP)}
    keys = new_keys()
    own: dict[str, dict[str, str]] = {
        service: {
            "kafka.password": passwords[account],
            "mongodb.uri": uri_of(mongodb, account, new_password()),
        }
        for service, account in _accounts().items()
    }
    own["intake"] |= {
        "master.key": keys["master"],
        "case.key": keys["case"],
        "card_public.key": keys["card_public"],
    }
    own["notifications"]["card_private.key"] = keys["card_private"]
    own["setup"] = {"kafka.password": passwords[SET_UP], "mongodb.uri": mongodb}
    own["keda"] = {"username": KEDA.account, "kafka.password": passwords[KEDA.account]}
    return [
        *(_secret(OURS, f"kobling-{name}", content) for name, content in own.items()),
        _secret(NAMESPACE, PASSWORDS, passwords),
    ]


def _accounts() -> dict[str, str]:
    return {service: Principal("service", service).account for service in SERVICES}


def _secret(namespace: str, name: str, content: Mapping[str, str]) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/part-of": "kobling"},
        },
        "immutable": True,
        "type": "Opaque",
        "data": {key: b64encode(value.encode()).decode() for key, value in content.items()},
    }
