"""Servers by way of example, and the ways of proving who one is to them."""

from shared.contracts.asyncapi.naming import Data, ref

SCHEMES: dict[str, Data] = {
    "password": {
        "type": "scramSha512",
        "description": "SASL/SCRAM-SHA-512 over TLS: a name and a password for each outside system.",
    },
    "certificate": {
        "type": "X509",
        "description": "Mutual TLS: a client certificate for each outside system.",
    },
}


def servers() -> dict[str, Data]:
    """An installation's brokers, whose real names its administrators tell, and the local stack's."""
    return {
        "production": {
            "host": "kafka.example.org:9093",
            "protocol": "kafka-secure",
            "description": "An installation's brokers; either scheme will do.",
            "security": [ref("components", "securitySchemes", name) for name in SCHEMES],
        },
        "local": {
            "host": "127.0.0.1:9092",
            "protocol": "kafka",
            "description": "What `make up` starts; `.run/addresses.json` has its port. It lets everybody in.",
        },
    }
