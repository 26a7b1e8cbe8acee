"""What kustomize makes of the manifests."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache

import pytest
import yaml

from deploy.kubernetes.schemas import faults
from tests.unit.deploy.kubernetes.reading import OUTSIDE, ROOT, Manifest, container, pod

FETCHED = ROOT.parents[1] / ".run" / "kustomize" / "kustomize"
BUILT = ("base", "strimzi", "overlays/small", "overlays/national")


def _program() -> list[str]:
    kustomize = shutil.which("kustomize") or (str(FETCHED) if FETCHED.exists() else None)
    if kustomize is not None:
        return [kustomize, "build"]
    kubectl = shutil.which("kubectl")
    return [] if kubectl is None else [kubectl, "kustomize"]


pytestmark = pytest.mark.skipif(
    not _program(), reason="neither kustomize nor kubectl is there: `make kustomize` fetches it, with Go"
)


@cache
def built(directory: str) -> tuple[Manifest, ...]:
    done = subprocess.run(  # noqa: S603 (our own files)
        [*_program(), str(ROOT / directory)], capture_output=True, text=True, check=True, timeout=120
    )
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(directory: str, *kinds: str) -> list[Manifest]:
    return [one for one in built(directory) if one["kind"] in kinds]


def config_maps_of(workload: Manifest) -> Iterator[str]:
    for source in container(workload)["envFrom"]:
        yield source["configMapRef"]["name"]
    for volume in pod(workload)["volumes"]:
        if "configMap" in volume:
            yield volume["configMap"]["name"]


@pytest.mark.parametrize("directory", BUILT)
def test_everything_is_as_its_kind_is(directory: str) -> None:
    found = built(directory)
    assert len(found) > 10
    assert [fault for one in found for fault in faults(one)] == []
    names = [(one["kind"], one["metadata"]["name"]) for one in found]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("directory", BUILT)
def test_everything_is_in_its_namespace(directory: str) -> None:
    wanted = "kafka" if directory == "strimzi" else "kobling"
    namespaces = {one["metadata"].get("namespace") for one in built(directory) if one["kind"] != "Namespace"}
    assert namespaces == {wanted}


@pytest.mark.parametrize("directory", [name for name in BUILT if name != "strimzi"])
def test_a_changed_setting_rolls_out(directory: str) -> None:
    generated = {one["metadata"]["name"] for one in of_kind(directory, "ConfigMap")}
    read = {name for one in of_kind(directory, "Deployment", "Job") for name in config_maps_of(one)}
    assert read == generated | OUTSIDE
    assert all(name[-11] == "-" for name in generated), "a digest ends each name"


def test_a_small_installation_has_one_replica_and_images_of_its_registry() -> None:
    found = of_kind("overlays/small", "Deployment")
    assert {one["spec"]["replicas"] for one in found} == {1}
    assert all(container(one)["image"].startswith("images.example/kobling-") for one in found)
    (mail,) = (
        one["data"]
        for one in of_kind("overlays/small", "ConfigMap")
        if one["metadata"]["name"].startswith("kobling-notifications")
    )
    assert mail["NOTIFICATIONS_SMTP_HOST"] == "smtp.example"
    assert mail["NOTIFICATIONS_SMTP_PORT"] == "587"


def test_where_replicas_follow_the_lag_no_number_stands() -> None:
    found = of_kind("overlays/national", "Deployment")
    assert ["replicas" in one["spec"] for one in found] == [False] * 4
    targets = {one["spec"]["scaleTargetRef"]["name"] for one in of_kind("overlays/national", "ScaledObject")}
    assert targets == {one["metadata"]["name"] for one in found}
    assert len(of_kind("overlays/national", "PodMonitor")) == 1
