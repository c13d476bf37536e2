"""A ConfigMap, applied server-side by a pod with few rights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stormcell.errors import ConflictError, DeliveryError, OutputError, SettingsError
from stormcell.wire import kubernetes
from stormcell.wire.kubernetes import MANAGER, ConfigMaps
from tests.certificates import Authority
from tests.unit.wire.cluster import Cluster, Json, pod

MAY = {("get", "codebook"), ("patch", "codebook")}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def cluster(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    with Cluster(pod(tmp_path / "account", authority), authority.issue("server"), set(MAY)) as made:
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        yield made


def maps(cluster: Cluster) -> ConfigMaps:
    around = kubernetes.around(cluster.account)
    assert around.namespace == "storms"
    return ConfigMaps(around.connect(sleep=lambda seconds: None), around.namespace)


def manifest(text: str, **metadata: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "codebook", **metadata},
        "data": {"codebook.json": text},
    }


def test_fields_of_ours_are_applied_and_those_of_others_stay(cluster: Cluster) -> None:
    cluster.holds(
        "codebook", {"metadata": {"name": "codebook", "labels": {"team": "sre"}}, "data": {"note": "theirs"}}
    )
    ours = maps(cluster)
    ours.apply(manifest("one"))
    assert cluster.data("codebook") == {"note": "theirs", "codebook.json": "one"}
    found = ours.find("codebook")
    assert found is not None
    assert found["metadata"]["labels"] == {"team": "sre"}
    # What is left out is gone where it was ours.
    packed = {**manifest(""), "binaryData": {"codebook.json.gz": "H4s="}, "data": {}}
    ours.apply(packed)
    assert cluster.data("codebook") == {"note": "theirs"}
    assert cluster.kept["codebook"].managers[("binaryData", "codebook.json.gz")] == MANAGER


def test_the_same_again_changes_nothing(cluster: Cluster) -> None:
    cluster.holds("codebook")
    first = maps(cluster).apply(manifest("one"))
    assert maps(cluster).apply(manifest("one")) == first


def test_what_another_wrote_into_our_field_is_taken_over(cluster: Cluster) -> None:
    cluster.holds("codebook", {"data": {"codebook.json": "by hand"}})
    maps(cluster).apply(manifest("one"))
    assert cluster.data("codebook") == {"codebook.json": "one"}


def test_of_two_writers_the_later_is_told(cluster: Cluster) -> None:
    cluster.holds("codebook")
    ours = maps(cluster)
    found = ours.find("codebook")
    assert found is not None
    cluster.meanwhile = {"data": {"codebook.json": "theirs"}}
    with pytest.raises(ConflictError, match="storms/codebook was changed meanwhile: the object has been modified"):
        ours.apply(manifest("ours", resourceVersion=found["metadata"]["resourceVersion"]))
    assert cluster.data("codebook") == {"codebook.json": "theirs"}


def test_one_that_is_not_there_is_made_by_who_may_create(cluster: Cluster) -> None:
    assert maps(cluster).find("codebook") is None
    with pytest.raises(DeliveryError, match=r"403 Forbidden for the ConfigMap storms/codebook: .*cannot create"):
        maps(cluster).apply(manifest("one"))
    cluster.may.add(("create", "codebook"))
    maps(cluster).apply(manifest("one"))
    assert cluster.data("codebook") == {"codebook.json": "one"}


def test_what_goes_wrong_is_told_with_what_to_do(cluster: Cluster, tmp_path: Path) -> None:
    cluster.holds("codebook")
    with pytest.raises(OutputError, match="must have at most 1048576 bytes"):
        maps(cluster).apply(manifest("x" * (1 << 20) + "x"))
    cluster.may.remove(("get", "codebook"))
    with pytest.raises(DeliveryError, match=r"cannot get.*needs the right to get it"):
        maps(cluster).find("codebook")
    (cluster.account / "token").write_text("renewed and not known yet")
    with pytest.raises(DeliveryError, match="401 Unauthorized"):
        maps(cluster).find("codebook")
    (cluster.account / "token").write_text("a\nb")
    with pytest.raises(DeliveryError, match="cannot be sent"):
        maps(cluster).find("codebook")
    with pytest.raises(SettingsError, match=r"there is no .*token: expected to run in a pod"):
        kubernetes.around(tmp_path / "none").connect()


def test_a_certificate_of_another_authority_is_not_taken(cluster: Cluster, tmp_path: Path) -> None:
    other = pod(tmp_path / "other", Authority(tmp_path))
    api = kubernetes.around(other).connect(sleep=lambda seconds: None)
    with pytest.raises(DeliveryError, match="cannot be reached"):
        ConfigMaps(api, "storms").find("codebook")
    assert cluster.asked == []


def test_a_server_that_is_not_well_is_asked_again(cluster: Cluster) -> None:
    cluster.holds("codebook")
    cluster.fails = [503, 429, 500]
    assert maps(cluster).find("codebook") is not None
    assert len(cluster.asked) == 4
    cluster.fails = [503] * 10
    with pytest.raises(DeliveryError, match="answered 503: etcd is not there"):
        maps(cluster).find("codebook")
    assert len(cluster.fails) == 4


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("", "", "https://kubernetes.default.svc"),
        ("10.0.0.1", "6443", "https://10.0.0.1:6443"),
        ("fd00::1", "443", "https://[fd00::1]:443"),
    ],
)
def test_the_cluster_is_where_the_environment_says(
    host: str, port: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    assert kubernetes.around().url == url
