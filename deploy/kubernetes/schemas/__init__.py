"""What each kind of manifest may hold, as its owners publish it: trimmed to the kinds used here, and strict.

`fetch.sh` makes the files anew. Kubernetes, KEDA, Strimzi and the Prometheus operator are under Apache-2.0;
each file names the source it was made from.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

HERE = Path(__file__).parent
KINDS: Mapping[str, str] = {
    "v1/ConfigMap": "io.k8s.api.core.v1.ConfigMap",
    "v1/Namespace": "io.k8s.api.core.v1.Namespace",
    "v1/Secret": "io.k8s.api.core.v1.Secret",
    "v1/Service": "io.k8s.api.core.v1.Service",
    "v1/ServiceAccount": "io.k8s.api.core.v1.ServiceAccount",
    "apps/v1/Deployment": "io.k8s.api.apps.v1.Deployment",
    "batch/v1/Job": "io.k8s.api.batch.v1.Job",
    "networking.k8s.io/v1/NetworkPolicy": "io.k8s.api.networking.v1.NetworkPolicy",
    "policy/v1/PodDisruptionBudget": "io.k8s.api.policy.v1.PodDisruptionBudget",
}
"""Kubernetes' own kinds that are used here, by their definition's name."""


def kind_of(manifest: Mapping[str, Any]) -> str:
    """Such as `apps/v1/Deployment`."""
    return f"{manifest.get('apiVersion')}/{manifest.get('kind')}"


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    kubernetes = json.loads((HERE / "kubernetes.json").read_text(encoding="utf-8"))
    found = {
        kind: {"$ref": f"#/definitions/{name}", "definitions": kubernetes["definitions"]}
        for kind, name in KINDS.items()
    }
    resources = json.loads((HERE / "resources.json").read_text(encoding="utf-8"))
    kinds: dict[str, dict[str, Any]] = resources["kinds"]
    return found | kinds


@cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(_schemas()[kind])


def faults(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What a manifest holds that its kind has not, or lacks; a line each."""
    kind = kind_of(manifest)
    if kind not in _schemas():
        yield f"{kind}: no such kind is used here"
        return
    for error in _validator(kind).iter_errors(manifest):
        yield f"{kind} {error.json_path}: {error.message}"
