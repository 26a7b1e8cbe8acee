"""Servers by way of example, and the ways of proving who one is to them."""

from shared.contracts.asyncapi.naming import Data, ref

SCHEMES: dict[str, Data] = {
    "password": {
        "type": "scramSha512",
        "description": "SASL/SCRAM-SHA-512 over TLS, with an account such as `municipality.no-4601`.",
    },
    "certificate": {
        "type": "X509",
        "description": "Mutual TLS: the client certificate has the account as its common name.",
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
