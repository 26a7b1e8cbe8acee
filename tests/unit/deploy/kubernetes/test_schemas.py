"""Every manifest, whole and part, against what its owner says that it may hold."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.kubernetes import secrets, strimzi
from deploy.kubernetes.schemas import faults
from shared.contracts.access import Principal
from tests.unit.deploy.kubernetes.reading import ROOT, documents, files, of_kind

PRINTED: dict[str, Callable[[], list[strimzi.Manifest]]] = {
    "municipality": lambda: strimzi.of_municipality("no-4601"),
    "operator": lambda: strimzi.of_operator("bergen-redcross-1", dead_letters=True),
    "consumer": lambda: [strimzi.user(Principal("consumer", "statistics"), "made")],
    "secrets": lambda: secrets.fresh("mongodb://administrator:invented@db:27017/?replicaSet=rs0"),
}


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_is_as_its_kinds_are(file: Path) -> None:
    found = documents(file)
    assert found
    assert [fault for one in found for fault in faults(one)] == []


@pytest.mark.parametrize("command", PRINTED)
def test_what_is_printed_is_as_its_kinds_are(command: str) -> None:
    assert [fault for one in PRINTED[command]() for fault in faults(one)] == []


def _set(path: str, value: Any) -> Callable[[Any], None]:
    def change(manifest: Any) -> None:
        *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
        for step in steps:
            manifest = manifest[step]
        manifest[last] = value

    return change


@pytest.mark.parametrize(
    ("kind", "change", "told"),
    [
        ("Deployment", _set("spec/template/spec/enableServiceLink", value=False), "enableServiceLink"),
        ("Deployment", _set("spec/template/spec/containers/0/livenessProbe/httpget", {}), "httpget"),
        ("Deployment", _set("spec/template/spec/containers/0/ports/0/containerPort", "8080"), "integer"),
        ("Deployment", _set("apiVersion", "apps/v1beta1"), "no such kind"),
        ("Job", _set("spec/template/spec/volumes/0/emptydir", {}), "emptydir"),
        ("NetworkPolicy", _set("spec/podselector", {}), "podselector"),
        ("PodDisruptionBudget", _set("spec/maxUnavailables", 1), "maxUnavailables"),
        ("ServiceAccount", _set("automountServiceAccountToken", "false"), "boolean"),
        ("KafkaTopic", _set("spec/partition", 12), "partition"),
        ("KafkaTopic", _set("spec/partitions", "12"), "integer"),
        ("KafkaUser", _set("spec/authorization/acls/0/operation", "Read"), "operation"),
        ("KafkaUser", _set("spec/authorization/acls/0/operations/0", "read"), "read"),
        ("KafkaUser", _set("spec/authorization/acls/0/resource/patternType", "prefixed"), "prefixed"),
        ("ScaledObject", _set("spec/triggers/0/metadatas", {}), "metadatas"),
        ("ScaledObject", _set("spec/fallback", {"replicas": 2}), "failureThreshold"),
        ("TriggerAuthentication", _set("spec/secretTargetRef/0/parameters", "ca"), "parameters"),
        ("PodMonitor", _set("spec/podMetricsEndpoints/0/paths", "/metrics"), "paths"),
    ],
)
def test_a_fault_is_seen(kind: str, change: Callable[[Any], None], told: str) -> None:
    changed = copy.deepcopy(of_kind(kind)[0])
    change(changed)
    assert any(told in fault for fault in faults(changed)), list(faults(changed))
