"""What matters about the manifests beyond what the schemas of Kubernetes say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.files import DEPLOY, containers, document, manifests, pod

NAMES = [container["name"] for container in containers()]
SET = document("kubernetes/statefulset.yaml")
LABELS = SET["spec"]["selector"]["matchLabels"]


def container(name: str) -> dict[str, Any]:
    return next(found for found in containers() if found["name"] == name)


@pytest.mark.parametrize("name", NAMES)
def test_containers_are_locked_down(name: str) -> None:
    context = container(name)["securityContext"]
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    of_pod = pod()["securityContext"]
    assert of_pod["runAsNonRoot"] is True
    assert of_pod["runAsUser"] > 1000
    assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod()["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod().keys()


@pytest.mark.parametrize("name", NAMES)
def test_containers_have_limits_and_probes(name: str) -> None:
    found = container(name)
    assert found["resources"]["requests"].keys() >= {"cpu", "memory"}
    assert "memory" in found["resources"]["limits"]
    ports = {port["name"] for port in found["ports"]}
    for probe in ("readinessProbe", "livenessProbe"):
        assert found[probe]["httpGet"]["port"] in ports


@pytest.mark.parametrize("name", NAMES)
def test_images_have_versions(name: str) -> None:
    image, _, version = container(name)["image"].rpartition(":")
    assert image
    assert version != "latest"


def test_every_volume_is_there_and_used() -> None:
    there = {volume["name"] for volume in pod()["volumes"]}
    there |= {claim["metadata"]["name"] for claim in SET["spec"]["volumeClaimTemplates"]}
    assert there == {mount["name"] for found in containers() for mount in found["volumeMounts"]}


def test_only_volumes_are_written_to() -> None:
    writable = {
        mount["mountPath"] for mount in container("stormcell")["volumeMounts"] if not mount.get("readOnly")
    }
    assert writable == {"/data", "/cache", "/tmp"}


def test_the_pod_the_service_and_the_policy_mean_the_same() -> None:
    service, policy = document("kubernetes/service.yaml"), document("kubernetes/networkpolicy.yaml")
    assert service["spec"]["selector"] == policy["spec"]["podSelector"]["matchLabels"] == LABELS
    ports = {port["name"]: port["containerPort"] for found in containers() for port in found["ports"]}
    assert {port["targetPort"]: port["port"] for port in service["spec"]["ports"]}.items() <= ports.items()
    allowed = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
    assert allowed <= ports.keys()
    assert SET["spec"]["serviceName"] == service["metadata"]["name"]


def test_no_secret_is_written_down() -> None:
    assert "Secret" not in {manifest["kind"] for manifest in manifests()}
    for found in containers():
        for variable in found.get("env", []):
            assert ("TOKEN" in variable["name"]) == ("valueFrom" in variable)


def test_tokens_are_files_of_the_secret() -> None:
    [mount] = [mount for mount in container("stormcell")["volumeMounts"] if mount["name"] == "tokens"]
    tokens = document("kubernetes/stormcell.yaml")["receivers"]["tokens"]
    assert tokens
    assert {token["file"] for token in tokens} == {f"{mount['mountPath']}/{token['name']}" for token in tokens}
    [volume] = [volume for volume in pod()["volumes"] if volume["name"] == "tokens"]
    [variable] = [found for found in container("collector")["env"] if found["name"] == "STORMCELL_TOKEN"]
    reference = variable["valueFrom"]["secretKeyRef"]
    assert reference["name"] == volume["secret"]["secretName"]
    assert reference["key"] in {token["name"] for token in tokens}


def test_settings_named_in_the_command_are_mounted() -> None:
    files = document("kubernetes/kustomization.yaml")["configMapGenerator"][0]["files"]
    args = container("stormcell")["args"]
    [mount] = [mount for mount in container("stormcell")["volumeMounts"] if mount["name"] == "config"]
    assert args[args.index("--config") + 1] == f"{mount['mountPath']}/{files[0]}"
    assert (DEPLOY / "kubernetes" / files[0]).is_file()
