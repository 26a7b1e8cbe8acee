"""What manifests name is there: files, Secrets with their keys, accounts, labels, ports, settings."""

import base64
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.kubernetes import secrets
from deploy.local.certificates import Authority
from shared.cluster_settings import ClusterSettings
from shared.contracts.topics import SERVICES, Topic
from shared.messaging.wiring import Resources
from shared.settings import ServiceSettings, load_settings
from tests.unit.deploy.kubernetes.reading import (
    KUSTOMIZATIONS,
    OUTSIDE,
    ROOT,
    Manifest,
    config_maps,
    container,
    environment,
    files,
    kustomization,
    of_kind,
    pod,
    selected,
    workloads,
)

RUN = "/run/kobling/"
OVERLAYS = ("", "overlays/small", "overlays/national")
each = pytest.mark.parametrize("workload", workloads(), ids=lambda one: one["metadata"]["name"])
deployments = pytest.mark.parametrize("service", SERVICES)


def made() -> dict[tuple[str, str], dict[str, str]]:
    """The content of every Secret, by namespace and name."""
    return {
        (one["metadata"]["namespace"], one["metadata"]["name"]): {
            key: base64.b64decode(value).decode() for key, value in one["data"].items()
        }
        for one in secrets.fresh(
            "mongodb://administrator:in%40vented@db:27017/?replicaSet=rs0&tls=true&tlsCAFile=/run/kobling/ca/ca.pem"
        )
    }


def contents(source: Manifest) -> dict[str, str]:
    """The files that a volume's source has, by the name under which they are mounted."""
    name = source.get("secretName") or source["name"]
    found = made()["kobling", name]
    return {one["path"]: found[one["key"]] for one in source["items"]} if "items" in source else found


def mounted(workload: Manifest, authority: str) -> dict[str, str]:
    """Every file below /run/kobling, by its path there."""
    found: dict[str, str] = {}
    volumes = {one["name"]: one for one in pod(workload)["volumes"]}
    mounts = container(workload)["volumeMounts"]
    assert {one["name"] for one in mounts} == volumes.keys()
    for mount in mounts:
        volume = volumes[mount["name"]]
        files_there: dict[str, str] = {}
        if "configMap" in volume:
            assert volume["configMap"]["name"] in OUTSIDE
            files_there = {"ca.pem": authority}
        elif "secret" in volume:
            files_there = contents(volume["secret"])
        elif "projected" in volume:
            for source in volume["projected"]["sources"]:
                files_there |= contents(source["secret"])
        else:
            assert "emptyDir" in volume
            continue
        assert mount["readOnly"]
        assert mount["mountPath"].startswith(RUN)
        found |= {
            f"{mount['mountPath'].removeprefix(RUN)}/{name}": text for name, text in files_there.items()
        }
    return found


@pytest.mark.parametrize("directory", KUSTOMIZATIONS)
def test_every_file_of_a_directory_is_listed_and_every_one_listed_is_there(directory: str) -> None:
    found = kustomization(directory)
    listed = [*found.get("resources", ()), *found.get("components", ())]
    listed += [name for one in found.get("configMapGenerator", ()) for name in one.get("envs", ())]
    assert len(set(listed)) == len(listed)
    here = {name for name in listed if not name.startswith("../")}
    beside = {file.name for file in (ROOT / directory).iterdir() if file.name != "kustomization.yaml"}
    assert here == beside
    for name in set(listed) - here:
        assert (ROOT / directory / name / "kustomization.yaml").is_file()


def test_no_directory_of_manifests_is_forgotten() -> None:
    here = {str(file.parent.relative_to(ROOT)) for file in ROOT.rglob("kustomization.yaml")}
    assert here == set(KUSTOMIZATIONS)
    assert {str(file.parent.relative_to(ROOT)) for file in files()} <= here


@pytest.mark.parametrize("overlay", OVERLAYS)
@each
def test_a_workload_s_settings_hold_with_the_files_that_it_mounts(
    workload: Manifest, overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings' own classes read what the pod would have, below another directory."""
    authority = Authority.made(tmp_path / "authority").ca_file.read_text()
    for path, text in mounted(workload, authority).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace(RUN, f"{tmp_path}/"))
    name = workload["metadata"]["labels"]["app.kubernetes.io/component"]
    prefix = "KOBLING_" if name == "setup" else f"{name.upper()}_"
    kind: type[ClusterSettings] = (
        ClusterSettings if name == "setup" else import_module(f"services.{name}.settings").Settings
    )
    given = environment(workload, overlay)
    for variable, value in given.items():
        if variable == "SETUP":
            continue
        field = variable.removeprefix(prefix).lower()
        assert variable.startswith(prefix)
        assert field in kind.model_fields or field.removesuffix("_file") in kind.model_fields, variable
        monkeypatch.setenv(variable, value.replace(RUN, f"{tmp_path}/"))
    settings = load_settings(kind, prefix=prefix)
    assert settings.kafka_security_protocol == "SASL_SSL"
    assert settings.kafka_username == ("kobling-setup" if name == "setup" else f"service.{name}")
    passwords = made()["kafka", "kobling-passwords"]
    assert settings.kafka_username in passwords
    if isinstance(settings, ServiceSettings):
        assert f"{tmp_path}/ca/ca.pem" in settings.mongodb.get_secret_value()
        assert settings.http_port == container(workload)["ports"][0]["containerPort"]


def test_who_sets_up_is_given_every_password_by_its_account() -> None:
    (job,) = of_kind("Job")
    given = {path.removeprefix("given/") for path in mounted(job, "") if path.startswith("given/")}
    accounts = {f"service.{service}" for service in SERVICES}
    assert given == {f"{one}.{kind}" for one in accounts for kind in ("password", "mongodb")} | {
        "monitor.keda.password"
    }
    assert config_maps()["kobling-setup"]["SETUP"].endswith("--monitor keda")


def test_the_same_password_is_given_to_the_broker_and_to_who_logs_in() -> None:
    found = made()
    for service in (*SERVICES, "keda", "setup"):
        account = {"keda": "monitor.keda", "setup": "kobling-setup"}.get(service, f"service.{service}")
        own = found["kobling", f"kobling-{service}"]["kafka.password"]
        assert found["kafka", "kobling-passwords"][account] == own


@each
def test_a_pod_has_no_rights_and_no_secret_in_its_environment(workload: Manifest) -> None:
    assert workload["spec"]["template"]["metadata"]["labels"] == workload["metadata"]["labels"]
    spec, only = pod(workload), container(workload)
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
    assert only["resources"].keys() == {"requests", "limits"}
    assert "env" not in only
    assert {next(iter(source.keys() - {"prefix"})) for source in only["envFrom"]} == {"configMapRef"}
    accounts = {one["metadata"]["name"] for one in of_kind("ServiceAccount")}
    assert spec["serviceAccountName"] == workload["metadata"]["name"] in accounts
    assert all(one["automountServiceAccountToken"] is False for one in of_kind("ServiceAccount"))


@deployments
def test_a_service_is_asked_how_it_is(service: str) -> None:
    (deployment,) = (one for one in of_kind("Deployment") if one["metadata"]["name"] == f"kobling-{service}")
    only = container(deployment)
    ports = {one["name"] for one in only["ports"]}
    for probe, path in (
        ("startupProbe", "/health/live"),
        ("livenessProbe", "/health/live"),
        ("readinessProbe", "/health/ready"),
    ):
        assert only[probe]["httpGet"] == {"path": path, "port": "http"}
    assert ports == {"http"}
    # DRAIN, 5 s more, and as much again for a machine that is slow.
    drain = ServiceSettings.model_fields["drain"].default.total_seconds()
    assert pod(deployment)["terminationGracePeriodSeconds"] >= 2 * drain


def selectors() -> Iterator[tuple[str, Manifest]]:
    """Everything that looks for pods, by whom."""
    for one in of_kind("PodDisruptionBudget", "PodMonitor", "Deployment"):
        yield f"{one['kind']} {one['metadata']['name']}", one["spec"]["selector"]
    for one in of_kind("NetworkPolicy"):
        yield f"NetworkPolicy {one['metadata']['name']}", one["spec"]["podSelector"]
    for one in of_kind("Service"):
        yield f"Service {one['metadata']['name']}", {"matchLabels": one["spec"]["selector"]}
    for one in of_kind("Deployment"):
        for spread in pod(one)["topologySpreadConstraints"]:
            yield f"spread of {one['metadata']['name']}", spread["labelSelector"]


@pytest.mark.parametrize(("who", "selector"), list(selectors()))
def test_a_selector_finds_pods(who: str, selector: Manifest) -> None:
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in workloads()]
    found = [one["app.kubernetes.io/name"] for one in labels if selected(one, selector)]
    name = who.rsplit(maxsplit=1)[-1]
    everybody = {"kobling-nothing", "kobling-names", "kobling-kafka", "kobling-mongodb", "kobling-metrics"}
    if name == "kobling":
        assert len(found) == len(SERVICES)
    elif name in everybody:
        assert len(found) == len(SERVICES) + 1
    else:
        assert found == [{"kobling-mail": "kobling-notifications"}.get(name, name)]


def test_patches_and_images_of_overlays_are_of_something() -> None:
    names = {one["metadata"]["name"] for one in of_kind("Deployment")}
    images = {container(one)["image"] for one in workloads()}
    for directory in KUSTOMIZATIONS:
        found = kustomization(directory)
        assert {one["name"] for one in found.get("images", ())} <= images
        assert {one["name"] for one in found.get("replicas", ())} <= names
        for patch in found.get("patches", ()):
            target = patch["target"]
            assert target["kind"] == "Deployment"
            assert target.get("name", "kobling-matching") in names
            for step in yaml.safe_load(patch["patch"]):
                at: Any = of_kind("Deployment")[0]
                for part in step["path"].strip("/").split("/"):
                    at = at[int(part)] if part.isdigit() else at[part]
    assert images == {one["name"] for one in kustomization("base")["images"]}


def subscriptions(service: str) -> dict[str, Topic]:
    """Each group of a service with the topic it reads, by the service's own wiring."""
    kind = import_module(f"services.{service}.settings").Settings
    settings = load_settings(kind)
    wiring = import_module(f"services.{service}.app").create_app(settings, Resources.of(service, settings))  # type: ignore[arg-type]
    return {f"{service}.{one.subscription.name}": one.subscription.topic for one in wiring.transactions}


@deployments
def test_replicas_follow_the_groups_that_there_are(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = made()["kobling", f"kobling-{service}"]
    for key, text in keys.items():
        if key.endswith(".key"):
            monkeypatch.setenv(f"{service}_{key.replace('.', '_')}".upper(), text)
    (scaled,) = (one for one in of_kind("ScaledObject") if one["metadata"]["name"] == f"kobling-{service}")
    spec = scaled["spec"]
    assert spec["scaleTargetRef"] == {"name": f"kobling-{service}", "envSourceContainerName": service}
    wanted = subscriptions(service)
    triggers = {one["metadata"]["consumerGroup"]: one["metadata"] for one in spec["triggers"]}
    assert triggers.keys() == wanted.keys()
    (deployment,) = (one for one in of_kind("Deployment") if container(one)["name"] == service)
    for group, metadata in triggers.items():
        topic = wanted[group]
        assert metadata.get("topic") == (None if topic.is_family else topic.name)
        assert metadata["bootstrapServersFromEnv"] in environment(deployment)
        assert metadata["offsetResetPolicy"] == "earliest"
        if not topic.is_family:
            assert topic.partitions % spec["maxReplicaCount"] == 0
    assert spec["minReplicaCount"] <= spec["maxReplicaCount"]


def test_who_scales_logs_in_with_what_there_is() -> None:
    (authentication,) = of_kind("TriggerAuthentication")
    found = made()
    for one in authentication["spec"]["secretTargetRef"]:
        assert one["key"] in found["kobling", one["name"]]
    assert {one["name"] for one in authentication["spec"]["configMapTargetRef"]} <= OUTSIDE
    for scaled in of_kind("ScaledObject"):
        for trigger in scaled["spec"]["triggers"]:
            assert trigger["authenticationRef"]["name"] == authentication["metadata"]["name"]


@pytest.mark.parametrize("uri", ["", "mongodb://db:27017/", "http://a:b@db/"])
def test_secrets_need_the_uri_of_somebody_who_logs_in(uri: str) -> None:
    with pytest.raises(ValueError, match="KOBLING_MONGODB"):
        secrets.fresh(uri)
