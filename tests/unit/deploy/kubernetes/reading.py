"""Manifests as they stand in deploy/kubernetes, before kustomize joins them."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[4] / "deploy" / "kubernetes"
KUSTOMIZATIONS = ("base", "strimzi", "scaling", "monitoring", "overlays/small", "overlays/national")
OUTSIDE = {"kobling-ca"}
"""ConfigMaps that an administrator makes: certificates are each installation's own."""

Manifest = Mapping[str, Any]


def documents(file: Path) -> list[Manifest]:
    """All manifests of a file."""
    return list(yaml.safe_load_all(file.read_text(encoding="utf-8")))


@cache
def kustomization(directory: str) -> Manifest:
    """What a directory's kustomization.yaml says."""
    (found,) = documents(ROOT / directory / "kustomization.yaml")
    return found


def files() -> list[Path]:
    """Every file of manifests."""
    return sorted(file for file in ROOT.rglob("*.yaml") if file.name != "kustomization.yaml")


@cache
def manifests() -> tuple[Manifest, ...]:
    """All manifests of all files."""
    return tuple(one for file in files() for one in documents(file))


def of_kind(*kinds: str) -> list[Manifest]:
    """Those of some kinds."""
    return [one for one in manifests() if one["kind"] in kinds]


def workloads() -> list[Manifest]:
    """Those that have pods."""
    return of_kind("Deployment", "Job")


def pod(workload: Manifest) -> Manifest:
    """A workload's pod."""
    found: Manifest = workload["spec"]["template"]["spec"]
    return found


def container(workload: Manifest) -> Manifest:
    """A workload's only container."""
    found: Manifest
    (found,) = pod(workload)["containers"]
    return found


@cache
def config_maps(overlay: str = "") -> Mapping[str, Mapping[str, str]]:
    """What is generated, by name, as an overlay has it."""
    found: dict[str, dict[str, str]] = {}
    for directory in filter(None, ("base", overlay)):
        for one in kustomization(directory).get("configMapGenerator", ()):
            assert (one["name"] in found) == (one.get("behavior") == "merge")
            content = found.setdefault(one["name"], {})
            for name in one.get("envs", ()):
                content.update(_pairs((ROOT / directory / name).read_text(encoding="utf-8").splitlines()))
            content.update(_pairs(one.get("literals", ())))
    return found


def _pairs(lines: Iterator[str] | list[str] | tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, value = line.partition("=")
        yield name, value


def environment(workload: Manifest, overlay: str = "") -> dict[str, str]:
    """A workload's variables, as an overlay has them."""
    found: dict[str, str] = {}
    for source in container(workload)["envFrom"]:
        content = config_maps(overlay)[source["configMapRef"]["name"]]
        found |= {source.get("prefix", "") + name: value for name, value in content.items()}
    return found


def selected(labels: Manifest, selector: Manifest) -> bool:
    """Whether labels are what a selector asks for."""
    for one in selector.get("matchExpressions", ()):
        assert one["operator"] == "NotIn"
        if labels.get(one["key"]) in one["values"]:
            return False
    return bool(selector.get("matchLabels", {}).items() <= labels.items())
